"""Whom a job runs as, and which key encrypts it: names that Google's services take or refuse by their form.

https://cloud.google.com/iam/docs/service-account-overview, https://cloud.google.com/kms/docs/resource-hierarchy
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from submit.emulator.services.problems import Problem

_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9-]*@[a-z0-9.-]+\.gserviceaccount\.com|\d+", re.ASCII)
_KEY = re.compile(r"projects/[^/]+/locations/(?P<location>[^/]+)/keyRings/[\w-]{1,63}/cryptoKeys/[\w-]{1,63}", re.ASCII)


def service_account(name: str, path: str) -> Iterator[Problem]:
    """Nothing is fine: the job runs as the project's own."""
    if name and not _ACCOUNT.fullmatch(name):
        yield Problem(path, f"Invalid service account: {name}.")


def key(name: str, region: str, path: str = "encryption_spec.kms_key_name") -> Iterator[Problem]:
    """It has to be where the resource is. Nothing is fine: Google's own key encrypts."""
    match = _KEY.fullmatch(name)
    if name and not match:
        form = "projects/*/locations/*/keyRings/*/cryptoKeys/*"
        yield Problem(path, f"Invalid resource name: {name}. It must have the form `{form}`.")
    elif match and match["location"] != region:
        where = f"is in location `{match['location']}`. It must be in the location of the resource, `{region}`."
        yield Problem(path, f"The key `{name}` {where}")
