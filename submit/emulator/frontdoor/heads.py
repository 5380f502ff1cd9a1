"""The first lines of HTTP requests, before they are parsed. Pure."""

from __future__ import annotations

import re

LIMIT = 64 * 1024
"""What is longer is left to the parser, which refuses it."""

_END = re.compile(rb"\n\r?\n")
_IDENTITY = re.compile(rb"\r?\ntransfer-encoding:[ \t]*identity[ \t]*(?=\r?\n)", re.IGNORECASE)
_CONNECT = re.compile(rb"CONNECT \[?([A-Za-z0-9._:-]+?)\]?:(\d{1,5}) HTTP/1\.[01]\r?\n")


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """Head and what follows it; None if the head may still become one."""
    end = _END.search(data)
    if end:
        return data[: end.end()], data[end.end() :]
    if len(data) > LIMIT or data[:1] < b"!":  # too long, or no HTTP at all
        return data, b""
    return None


def tolerated(head: bytes) -> bytes:
    """Without `Transfer-Encoding: identity`, which TensorFlow sends beside a length, and HTTP/1.1 has no more."""
    return _IDENTITY.sub(b"", head)


def connect_target(head: bytes) -> tuple[str, int] | None:
    """Host and port that a proxy is asked to connect to."""
    match = _CONNECT.match(head)
    return (match[1].decode(), int(match[2])) if match else None
