"""The variables with which clients find the emulator. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from submit.emulator.process import Endpoints

PROJECT = "local-project"
REGION = "us-central1"


def variables(endpoints: Endpoints, data: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """For gcloud and for Google's libraries; project and region only where the user has none.

    https://cloud.google.com/sdk/gcloud/reference/topic/configurations
    """
    url = endpoints.url
    ours = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"{url}/" for api in ("AIPLATFORM", "LOGGING", "ML")}
    defaults = {
        "CLOUDSDK_CORE_PROJECT": PROJECT,
        "CLOUDSDK_COMPUTE_REGION": REGION,
        "CLOUDSDK_AI_REGION": REGION,
        "CLOUDSDK_ML_ENGINE_POLLING_INTERVAL": "1",
        "GOOGLE_CLOUD_PROJECT": PROJECT,
    }
    return {
        **ours,
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{url}/storage/v1/",
        # Any text will do; commands such as `gcloud logging tail` refuse to start without credentials.
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(data / "token"),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "STORAGE_EMULATOR_HOST": url,
        # Without it gcsfs opens a gRPC channel with TLS to the same port, and hangs.
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
        **{name: environ.get(name) or value for name, value in defaults.items()},
    }
