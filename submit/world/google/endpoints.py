"""Where Google's APIs are: the cloud, or wherever the variables of the cloud SDK and of the storage emulators say.

https://cloud.google.com/sdk/gcloud/reference/topic/configurations (`api_endpoint_overrides`)
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from contextlib import closing
from ipaddress import ip_address
from urllib.parse import urlsplit

from submit.errors import ErrorKind, ServiceError

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


def grpc_target(api: str, environ: Mapping[str, str]) -> str:
    """Host and port of an API's gRPC. An emulator tells it where it answers REST; anywhere else it is the same host."""
    address = base(api, "", environ)
    parts = urlsplit(address)
    return f"{parts.hostname}:{grpc_port(address) if is_loopback(address) else parts.port or 443}"


def grpc_port(address: str) -> int:
    """Where the emulator that answers REST at this address answers gRPC; after each start it is another port."""
    try:
        with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=10.0)) as connection:
            connection.request("GET", "/emulator/v1/endpoints")
            return int(json.loads(connection.getresponse().read())["grpcPort"])
    except (OSError, http.client.HTTPException) as error:
        raise ServiceError(f"{address} cannot be reached", kind=ErrorKind.TRANSIENT) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError(f"{address} does not say where it answers gRPC", kind=ErrorKind.INTERNAL) from error
