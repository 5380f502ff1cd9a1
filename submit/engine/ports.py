"""Free loopback ports that stay free for whoever they were promised to."""

from __future__ import annotations

import socket


def reserve_port() -> socket.socket:
    """A bound socket that does not listen.

    As long as it is open the kernel gives its port to nobody who asks for any free one, while a replica can still bind
    it and listen: servers set SO_REUSEADDR, and no one else listens.
    """
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


def port_of(holder: socket.socket) -> int:
    port: int = holder.getsockname()[1]
    return port
