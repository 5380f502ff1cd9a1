"""Connections to hosts that are not emulated: directly, or through the proxy that the user has."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from submit.emulator.frontdoor.no_proxy import covers, exempt
from submit.emulator.frontdoor.relay import Waiting

_TIMEOUT_S = 30.0


class Connection(NamedTuple):
    transport: asyncio.Transport
    waiting: Waiting


class Upstream:
    """`environ` is the user's own, without the front door."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    async def connect(self, host: str, port: int) -> Connection:
        """Raises OSError (and its TimeoutError) with words for people."""
        async with asyncio.timeout(_TIMEOUT_S):
            proxy = proxy_for(host, self._environ)
            return await (_open(host, port) if proxy is None else _through(proxy, host, port))


def proxy_for(host: str, environ: Mapping[str, str]) -> SplitResult | None:
    """What `https_proxy` and `no_proxy` say, in small letters or capitals. Raises OSError if it is none for HTTP."""
    address = environ.get("https_proxy") or environ.get("HTTPS_PROXY")
    if not address or any(covers(name, host.lower()) for name in exempt(environ)):
        return None
    proxy = urlsplit(address if "://" in address else f"http://{address}")
    if proxy.scheme not in ("http", "https"):
        raise OSError(f"`https_proxy` names a proxy of the kind `{proxy.scheme}`, and only HTTP is spoken here")
    return proxy


async def _open(host: str, port: int, *, tls: bool = False) -> Connection:
    made = await asyncio.get_running_loop().create_connection(Waiting, host, port, ssl=tls or None)
    return Connection(*made)


async def _through(proxy: SplitResult, host: str, port: int) -> Connection:
    """Through a proxy which is asked to connect."""
    default = 443 if proxy.scheme == "https" else 80
    connection = await _open(proxy.hostname or "", proxy.port or default, tls=proxy.scheme == "https")
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    connection.transport.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{_identity(proxy)}\r\n".encode())
    status = (await connection.waiting.read_until(b"\r\n\r\n")).partition(b"\r\n")[0].split(maxsplit=1)[-1]
    if not status.startswith(b"200"):
        connection.transport.close()
        raise ConnectionRefusedError(f"the proxy {proxy.hostname} answered: {status.decode('latin-1')}")
    return connection


def _identity(proxy: SplitResult) -> str:
    if proxy.username is None:
        return ""
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return f"Proxy-Authorization: Basic {b64encode(pair.encode()).decode()}\r\n"
