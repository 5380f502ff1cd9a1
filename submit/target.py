"""Where a job goes: one pure function decides between flag, environment, config, project file and default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from submit.errors import UsageError
from submit.status import Json, Target

if TYPE_CHECKING:
    from submit.job import Config

DEFAULT_BACKEND = "local"  # a first try never costs money
DEFAULT_REGION = "us-central1"


class Surroundings(NamedTuple):
    """What a command finds around it, read once: environment, working folder and the folders for state and cache.

    `gcloud` are the settings of the cloud SDK's active configuration, by `section/property`.
    """

    environ: Mapping[str, str]
    cwd: Path
    state_dir: Path
    cache_dir: Path
    gcloud: Mapping[str, str] = MappingProxyType({})


_CLUSTER = r"SUBMIT_[A-Z]+_(HOST|FOLDER)"
_ENDPOINTS = ("CLOUDSDK_API_ENDPOINT_OVERRIDES_", "STORAGE_EMULATOR_HOST")


def endpoints(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables which say that services are elsewhere than usual, e.g. in an emulator."""
    return {name: value for name, value in environ.items() if name.startswith(_ENDPOINTS)}


def elsewhere(around: Surroundings, variables: Mapping[str, str]) -> Surroundings:
    """The same, but with services where those variables say."""
    kept = {name: value for name, value in around.environ.items() if not name.startswith(_ENDPOINTS)}
    return around._replace(environ={**kept, **variables})


class TargetFlags(NamedTuple):
    """What the command line says about the target; None where it says nothing."""

    backend: str | None = None
    project: str | None = None
    region: str | None = None
    staging_bucket: str | None = None


def resolve(
    flags: TargetFlags, surroundings: Surroundings, config: Config | None, defaults: Mapping[str, Json]
) -> Target:
    """A flag wins over the environment, that over the config, that over `[tool.submit]`, that over the settings of the
    cloud SDK, those over our default.

    The environment of the cloud SDK says what is usual, not what this job needs: its region comes after the config's.
    """
    environ, gcloud = surroundings.environ, surroundings.gcloud

    def project_default(key: str) -> str | None:
        value = defaults.get(key)
        return value if isinstance(value, str) else None

    return Target(
        backend=flags.backend
        or environ.get("SUBMIT_BACKEND")
        or (config.backend if config else None)
        or project_default("backend")
        or DEFAULT_BACKEND,
        project=flags.project
        or environ.get("GOOGLE_CLOUD_PROJECT")
        or environ.get("CLOUDSDK_CORE_PROJECT")
        or project_default("project")
        or gcloud.get("core/project")
        or gcloud.get("auth/quota_project"),
        region=flags.region
        or (config.region if config else None)
        or environ.get("CLOUDSDK_AI_REGION")
        or environ.get("CLOUDSDK_COMPUTE_REGION")
        or project_default("region")
        or gcloud.get("ai/region")
        or gcloud.get("compute/region")
        or DEFAULT_REGION,
        staging_bucket=_bucket(flags.staging_bucket) or project_default("staging-bucket"),
        state_dir=str(surroundings.state_dir),
        endpoints=_clusters(environ, defaults),
        bucket_root=environ.get("SUBMIT_BUCKET_ROOT") or str(surroundings.state_dir / "buckets"),
    )


def _clusters(environ: Mapping[str, str], defaults: Mapping[str, Json]) -> dict[str, str]:
    """Where clusters are reached, by the names of the variables that say so."""
    said = {
        f"SUBMIT_{backend.upper()}_{key.upper()}": value
        for backend, table in defaults.items()
        if isinstance(table, dict)
        for key, value in table.items()
        if isinstance(value, str)
    }
    given = {**said, **environ}
    return {name: value for name, value in given.items() if value and re.fullmatch(_CLUSTER, name)}


def said(backend: str, key: str, target: Target, options: object) -> str:
    """What the config says, else the variable; empty if neither does. Of backends without hosts as well."""
    given = options if isinstance(options, dict) else {}
    return str(given.get(key) or target.endpoints.get(f"SUBMIT_{backend.upper()}_{key.upper()}") or "")


def _bucket(flag: str | None) -> str | None:
    if flag is None or re.fullmatch(r"gs://[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9](/.*)?", flag):
        return flag
    raise UsageError(f"--staging-bucket: `{flag}` is not a bucket like `gs://bucket/folder`")
