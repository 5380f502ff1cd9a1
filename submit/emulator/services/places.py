"""What has to be in one place: a job, the endpoint that was asked for it, and the bucket that it writes to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from submit.emulator.rpc.caller import caller
from submit.emulator.rpc.errors import RpcError, bad_request

LocationOf: TypeAlias = Callable[[str], str | None]
"""A bucket's location as it was created with (`US-CENTRAL1`, `US`), None for a bucket that is not known."""

_ENDPOINT = re.compile(r"([a-z]+-[a-z]+\d+)-aiplatform\.")


def refuse_other_endpoint(region: str) -> None:
    """A regional endpoint (`us-central1-aiplatform.googleapis.com`) serves its own region only."""
    match = _ENDPOINT.match(caller.get().headers.get("host", ""))
    if match and match[1] != region:
        words = "The provided location ID doesn't match the endpoint. The valid location ID is"
        raise bad_request(f"{words} `{match[1]}`.")


def refuse_other_region(uri: str | None, region: str, location_of: LocationOf) -> None:
    """Of the folder that a job writes to."""
    location = (location_of(uri.removeprefix("gs://").partition("/")[0]) if uri else None) or region
    if location.lower() != region:
        words = (
            f"The Cloud Storage bucket of `{uri}` is in location `{location.lower()}`. It must be in the same regional"
        )
        raise RpcError("FAILED_PRECONDITION", f"{words} location as the service location `{region}`.")
