"""`submit train` as a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from submit.assemble import JobFlags
from submit.client import Client
from submit.jobs import Job
from submit.submission import Request
from submit.target import TargetFlags


def train(
    *,
    config: str | Path | None = None,
    args: Sequence[str] = (),
    overrides: Sequence[str] = (),
    package_path: str | Path | None = None,
    packages: Sequence[str | Path] = (),
    module_name: str | None = None,
    job_name: str | None = None,
    job_dir: str | None = None,
    staging_bucket: str | None = None,
    region: str | None = None,
    project: str | None = None,
    labels: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    backend: str | None = None,
    preflight: bool = True,
    allow_secrets: bool = False,
    state_dir: Path | None = None,
) -> Job:
    """Submits a job and returns at once; `Job.wait` and `Job.logs` follow it.

    The parameters are the flags of `submit train`, `overrides` those of `--set` (`"trainingInput.workerCount=4"`).
    Raises `submit.errors.UsageError` with every problem if nothing can be sent, `ServiceError` if a service says no.
    """
    target = TargetFlags(backend=backend, project=project, region=region, staging_bucket=staging_bucket)
    request = Request(
        config=Path(config) if config else None,
        overrides=overrides,
        package_path=Path(package_path) if package_path else None,
        packages=[Path(package) for package in packages],
        job=JobFlags(
            args=tuple(args),
            module=module_name,
            name=job_name,
            job_dir=job_dir,
            labels=labels or {},
            env=env or {},
        ),
        target=target,
        allow_secrets=allow_secrets,
        preflight=preflight,
    )
    client = Client(target=target, state_dir=state_dir)
    return Job(client.submit(client.prepare(request)), client)
