"""Application default credentials that are nobody's: a token for them is asked of the emulator.

https://cloud.google.com/docs/authentication/application-default-credentials
"""

from __future__ import annotations

import json
from pathlib import Path

from submit.emulator.frontdoor.authority import private

_NOBODY = {
    "type": "authorized_user",
    "client_id": "jobdir-emulator",
    "client_secret": "local",
    "refresh_token": "local",
}


def credentials(folder: Path) -> Path:
    path = folder / "credentials.json"
    if not path.exists():
        private(path, json.dumps(_NOBODY).encode())
    return path
