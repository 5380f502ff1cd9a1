"""Who may speak to the emulator: programs, but no web page that a browser on this machine shows.

Whoever may create a job may run code. A page of any site can send requests to loopback; its browser then adds an
`Origin`. It can also give its own name the address of loopback (DNS rebinding); then `Host` is that name.
"""

from __future__ import annotations

import ipaddress

from submit.emulator.frontdoor.hosts import is_google
from submit.emulator.rpc.errors import RpcError
from submit.emulator.rpc.http import App, Receive, Scope, Send, header, host_name, send_json

_OURS = ("localhost", "metadata")


class Guard:
    """`any_host`: it was asked to listen on other addresses than loopback, whose names it cannot know."""

    def __init__(self, app: App, *, any_host: bool) -> None:
        self._app, self._any_host = app, any_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = self._refusal(scope)
        if not message:
            await self._app(scope, receive, send)
            return
        await send_json(send, {}, 403, RpcError("PERMISSION_DENIED", message).to_json())

    def _refusal(self, scope: Scope) -> str:
        origin = header(scope, b"origin")
        if origin is not None:
            return f"The emulator does not answer web pages, and this request comes from `{origin}`."
        name = host_name(scope)
        if self._any_host or is_known(name):
            return ""
        return f"The emulator does not answer for the host `{name}`."


def is_known(name: str) -> bool:
    """Whether a host's name means this machine, by an address or as localhost, or Google, who is answered here."""
    return name in _OURS or is_google(name) or _is_address(name)


def _is_address(name: str) -> bool:
    """A page whose own host is an address did not get here by a name that it controls."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
