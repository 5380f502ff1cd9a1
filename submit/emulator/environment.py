"""The variables with which clients find the emulator: programs in a user's shell, and trainers that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from submit.emulator.frontdoor import variables as frontdoor
from submit.emulator.frontdoor.authority import certificates
from submit.emulator.frontdoor.credentials import credentials
from submit.emulator.frontdoor.roots import bundle
from submit.emulator.outside import inside, outside

PROJECT = "local-project"
REGION = "us-central1"
PLACES = ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT", "CLOUDSDK_COMPUTE_REGION", "CLOUDSDK_AI_REGION")
"""Variables for which the user's own value is kept."""


def variables(rest: str, data: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """All of them, for the emulator whose REST APIs are at `rest` (`127.0.0.1:8085`); the files that they name are
    made. Raises ServiceError without the library for certificates.

    Project and region are the user's, if there are any.
    """
    before, folder = outside(environ), door(data)
    trusted = bundle(folder, certificates(folder).authority, before)
    https = frontdoor.variables(rest, trusted, credentials(folder), before)
    return inside(environ, {**_endpoints(f"http://{rest}", data), **_places(environ), **https})


def door(data: Path) -> Path:
    """Its folder."""
    return data / "door"


def project_of(environ: Mapping[str, str]) -> str:
    return environ.get("GOOGLE_CLOUD_PROJECT") or environ.get("CLOUDSDK_CORE_PROJECT") or PROJECT


def region_of(environ: Mapping[str, str]) -> str:
    return environ.get("CLOUDSDK_COMPUTE_REGION") or REGION


def _endpoints(url: str, data: Path) -> dict[str, str]:
    """https://cloud.google.com/sdk/gcloud/reference/topic/configurations"""
    ours = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"{url}/" for api in ("AIPLATFORM", "LOGGING", "ML")}
    return {
        **ours,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{url}/storage/v1/",
        # Any text will do; commands such as `gcloud logging tail` refuse to start without credentials.
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(data / "token"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "STORAGE_EMULATOR_HOST": url,
        # Without it gcsfs opens a gRPC channel with TLS to the same port, and hangs.
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
    }


def _places(environ: Mapping[str, str]) -> dict[str, str]:
    project, region = project_of(environ), region_of(environ)
    defaults = {
        "CLOUDSDK_CORE_PROJECT": project,
        "CLOUDSDK_COMPUTE_REGION": region,
        "CLOUDSDK_AI_REGION": region,
        "CLOUDSDK_ML_ENGINE_POLLING_INTERVAL": "1",
        "GOOGLE_CLOUD_PROJECT": project,
    }
    return {name: environ.get(name) or value for name, value in defaults.items()}
