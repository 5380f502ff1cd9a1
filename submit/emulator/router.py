"""One port for all of Google's REST APIs: the host or, on a port of loopback, the path says whose request it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from submit.emulator.frontdoor import hosts
from submit.emulator.rpc.http import App, Receive, Scope, Send, host_name, send_json
from submit.emulator.storage.names import is_bucket_name

_STORAGE = ("/storage/", "/upload/storage/", "/resumable/upload/storage/", "/download/storage/", "/batch")
_SERVICES = ("/v1/", "/v1beta1/", "/ui/", "/v3/", "/token", "/oauth2/", "/o/oauth2/")
_LOGS = ("/v2/",)
_CONTROL = ("/emulator/v1",)
_METADATA = ("/computeMetadata/",)


class Router:
    """`storage`, `services`, `logs`, `metadata` and `control` are the applications; `buckets` is the folder of all
    buckets.

    A request that belongs to none of them is answered 501, with its name: nothing is ever answered with an empty
    success.
    """

    def __init__(self, apps: Mapping[str, App], buckets: Path) -> None:
        self._buckets = buckets
        prefixes = {"storage": _STORAGE, "services": _SERVICES, "logs": _LOGS, "metadata": _METADATA}
        prefixes["control"] = _CONTROL
        self._apps = {prefix: app for name, app in apps.items() for prefix in prefixes[name]}
        self._named = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        name = host_name(scope)
        app = self._owner(name, path)
        if app is not None:
            await app(scope, receive, send)
            return
        message = f"The emulator does not implement {scope['method']} {name if hosts.is_google(name) else ''}{path}"
        await send_json(send, {}, 501, {"error": {"code": 501, "message": message, "status": "UNIMPLEMENTED"}})

    def _owner(self, host: str, path: str) -> App | None:
        api = hosts.api(host)
        if api != "any" and not path.startswith(_CONTROL):  # which itself refuses whoever takes us for Google
            return self._named.get(api)
        if path == "/":  # by which a virtual machine looks whether it is one of Google's
            return self._named["metadata"]
        for prefix, app in self._apps.items():
            if path.startswith(prefix):
                return app
        return self._named["storage"] if self._names_bucket(path) else None

    def _names_bucket(self, path: str) -> bool:
        """Cloud Storage's XML API has the bucket first."""
        name = path.removeprefix("/").partition("/")[0].partition("?")[0]
        return is_bucket_name(name) and (self._buckets / name).is_dir()
