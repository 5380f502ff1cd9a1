"""Which of Google's names are answered here, and by which of the emulator's applications. Pure."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Api: TypeAlias = Literal["storage", "services", "logs", "any", "none"]
"""`any`: the path decides, as it does for a port of loopback; `none`: a service that is not emulated."""

_GOOGLE = re.compile(r"(.+\.)?googleapis\.com|accounts\.google\.com|metadata\.google\.internal", re.IGNORECASE)
_BUCKET_OR_REGION = re.compile(r"(.+\.(?=storage\.)|[a-z0-9-]+-(?=aiplatform\.))")
_APIS: dict[str, Api] = {
    "storage.googleapis.com": "storage",
    "logging.googleapis.com": "logs",
    "aiplatform.googleapis.com": "services",
    "ml.googleapis.com": "services",
    "cloudresourcemanager.googleapis.com": "services",
    "serviceusage.googleapis.com": "services",
    "iamcredentials.googleapis.com": "services",
    "oauth2.googleapis.com": "services",
    "www.googleapis.com": "any",  # where older clients ask for tokens and objects
    "metadata.google.internal": "any",
}


def is_google(host: str) -> bool:
    return _GOOGLE.fullmatch(host) is not None


def api(name: str) -> Api:
    """Whose a request to this host is; `bucket.storage.…` and `us-central1-aiplatform.…` are known, too."""
    if not is_google(name):
        return "any"
    return _APIS.get(_BUCKET_OR_REGION.sub("", name, count=1), "none")
