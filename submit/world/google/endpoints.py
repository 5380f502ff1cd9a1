"""Where Google's APIs are: the cloud, or wherever the variables of the cloud SDK and of the storage emulators say.

https://cloud.google.com/sdk/gcloud/reference/topic/configurations (`api_endpoint_overrides`)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

_OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
_HOSTS = {
    "ml": "https://ml.googleapis.com",
    "logging": "https://logging.googleapis.com",
    "storage": "https://storage.googleapis.com",
}


def base(api: str, path: str, environ: Mapping[str, str]) -> str:
    """The address that the path of a request of this API follows, without a slash at its end."""
    override = environ.get(f"{_OVERRIDE}{api.upper()}") or (
        environ.get("STORAGE_EMULATOR_HOST", "") if api == "storage" else ""
    )
    if override:
        address = override if "://" in override else f"http://{override}"
        return address.rstrip("/").removesuffix("/storage/v1")  # gcloud wants this path with the address of storage
    region = re.search(r"/locations/([^/]+)", path)
    if api == "aiplatform":
        return f"https://{region[1]}-aiplatform.googleapis.com" if region else "https://aiplatform.googleapis.com"
    return _HOSTS[api]


def is_loopback(address: str) -> bool:
    """Whether requests to it stay on this machine, so that they need no credentials."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
