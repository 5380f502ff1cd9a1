"""Who may control the emulator: programs on its own machine, by an address of that machine."""

from __future__ import annotations

from ipaddress import ip_address

from submit.emulator.rpc.errors import RpcError
from submit.emulator.rpc.http import App, Receive, Scope, Send, host_name, send_json


class LocalOnly:
    """Behind the emulator's own guard against web pages."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_local(scope):
            await self._app(scope, receive, send)
            return
        error = RpcError("PERMISSION_DENIED", "The control API answers programs on the emulator's own machine only.")
        await send_json(send, {}, error.http_status, error.to_json())


def _is_local(scope: Scope) -> bool:
    """A request under one of Google's names was meant for Google; none of it is ours to obey."""
    ours = scope["server"][0]
    client = (scope.get("client") or ("",))[0]
    return all(_is_loopback(address) or address == ours for address in (client, host_name(scope)))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
