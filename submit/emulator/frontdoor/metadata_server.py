"""What a virtual machine of Google's can ask about itself: project, place, service account and its token.

https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from submit.emulator.rpc.http import Receive, Scope, Send
from submit.emulator.services.projects import number_of

PREFIX = "/computeMetadata/"
_FLAVOR = (b"Metadata-Flavor", b"Google")
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class MetadataServer:
    def __init__(self, project: str, region: str) -> None:
        self._tree = _tree(project, region)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        status, answer = self._answer(scope)
        is_text = isinstance(answer, str)
        body = (answer if is_text else json.dumps(answer)).encode()
        kind = b"application/text" if is_text else b"application/json"
        headers = [_FLAVOR, (b"Content-Type", kind), (b"Content-Length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _answer(self, scope: Scope) -> tuple[int, Any]:
        """Status, and JSON or text."""
        path = str(scope["path"])
        if path != "/" and _FLAVOR not in [(name.title(), value) for name, value in scope["headers"]]:
            return 403, "Missing Metadata-Flavor:Google header."  # so that no web page can ask for a token
        found: Any = {"computeMetadata": {"v1": self._tree}}
        for part in filter(None, path.split("/")):
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is None:
            return 404, f"The emulator has no metadata {path}"
        recursive = parse_qs(scope["query_string"].decode("latin-1")).get("recursive") == ["true"]
        return 200, found if recursive or "access_token" in found else _as_text(found)


def _as_text(found: Any) -> str:
    """A folder lists what is in it."""
    if isinstance(found, Mapping):
        return "".join(f"{name}/\n" if isinstance(below, Mapping) else f"{name}\n" for name, below in found.items())
    return found if isinstance(found, str) else "\n".join(found)


def _tree(project: str, region: str) -> Mapping[str, Any]:
    number = number_of(project)
    account = {
        "aliases": ["default"],
        "email": f"{number}-compute@developer.gserviceaccount.com",
        "scopes": [_SCOPE],
        "token": {"access_token": "local", "expires_in": 3600, "token_type": "Bearer"},
    }
    return {
        "instance": {
            "id": number,
            "name": "emulator",
            "region": f"projects/{number}/regions/{region}",
            "service-accounts": {"default": account, account["email"]: account},
            "zone": f"projects/{number}/zones/{region}-a",
        },
        "project": {"numeric-project-id": number, "project-id": project},
        "universe": {"universe-domain": "googleapis.com", "universe_domain": "googleapis.com"},
    }
