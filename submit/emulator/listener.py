"""The socket that the emulator's REST APIs are answered on."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

BACKLOG = 2048
"""Who asks before the service is ready waits."""


def listen(host: str, port: int) -> socket.socket:
    """On an IP address; port 0 is any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where it sees that this is TCP; an answer would take 40 ms longer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener


def listen_again(host: str, port: int, last: Path) -> socket.socket:
    """On the port that the file `last` names, if it is free and any port will do: shells and trainers that found the
    emulator there find it again."""
    if port == 0:
        with contextlib.suppress(OSError, ValueError, OverflowError):
            return listen(host, int(last.read_text()))
    listener = listen(host, port)
    last.write_text(str(listener.getsockname()[1]))
    return listener
