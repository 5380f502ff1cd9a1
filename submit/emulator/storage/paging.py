"""Page tokens and page sizes: a token says after which name the next page goes on."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from submit.emulator.storage.errors import invalid

PAGE = 1000
"""https://cloud.google.com/storage/docs/json_api/v1/objects/list: at most so many entries in a page."""


def page_size(query: Mapping[str, str]) -> int:
    """Raises StorageError 400."""
    text = query.get("maxResults") or str(PAGE)
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise invalid(f"Invalid value for maxResults: {text[:40]!r}")
    return min(int(text), PAGE)


def token(name: str, generation: int | None) -> str:
    return base64.urlsafe_b64encode(json.dumps([name, generation]).encode()).decode()


def position(text: str) -> tuple[str, int | None]:
    """What `token` was made of. Raises StorageError 400."""
    try:
        value = json.loads(base64.urlsafe_b64decode(text))
    except (ValueError, RecursionError) as error:
        raise invalid("Invalid page token.") from error
    match value:
        case [str(name), (int() | None) as generation]:
            return name, generation
    raise invalid("Invalid page token.")
