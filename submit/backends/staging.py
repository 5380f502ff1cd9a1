"""Packages on their way to Google: the bucket that they are staged in, and their names there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from submit.backends.cloud_status import record, records
from submit.errors import ErrorKind, Problem, ServiceError, UsageError
from submit.status import Json, JsonObject, Target
from submit.steps import Call, Conversation, Upload

if TYPE_CHECKING:
    from submit.job import JobSpec


def project_of(target: Target) -> str:
    if target.project:
        return target.project
    raise UsageError(
        Problem(
            message="the project is not known",
            hint="Name it with `--project`, in GOOGLE_CLOUD_PROJECT, or by `gcloud config set project`.",
        )
    )


def staged(spec: JobSpec, target: Target) -> Conversation[tuple[JobSpec, tuple[str, ...]]]:
    """The job with its job dir, and the places of its packages, which are there afterwards.

    Packages have their digests in their names: unchanged code is not uploaded again.
    """
    folder = staging_folder(spec, target)
    filled = spec if spec.job_dir else replace(spec, job_dir=f"{folder}/output/{spec.name}")
    if spec.packages or not spec.job_dir:
        yield from _bucket(folder.removeprefix("gs://").partition("/")[0], target)
    uris = tuple(f"{folder}/jobdir/{package.digest}/{package.filename}" for package in spec.packages)
    for package, uri in zip(spec.packages, uris, strict=True):
        yield Upload(data=package.data, to=uri, digest=package.digest)
    return filled, uris


def out_of_reach(spec: JobSpec, service: str) -> Iterator[Problem]:
    """Folders of this machine, where the job would have to write."""
    for name, folder in (("job dir", spec.job_dir), ("base output dir", spec.base_output_dir)):
        if folder and not folder.startswith("gs://"):
            hint = "Name a folder in a bucket, like `gs://bucket/folder`."
            yield Problem(message=f"the {name} `{folder}` is on this machine, where {service} cannot write", hint=hint)


def staging_folder(spec: JobSpec, target: Target) -> str:
    """The one that was asked for, else the bucket of the job dir, else a bucket of ours for project and region."""
    if target.staging_bucket:
        return target.staging_bucket.rstrip("/")
    if spec.job_dir and spec.job_dir.startswith("gs://"):
        return "/".join(spec.job_dir.split("/")[:3])
    return f"gs://{_own(target)}"


def _own(target: Target) -> str:
    project = re.sub(r"[^a-z0-9-]+", "-", project_of(target))
    return f"{project}-jobdir-{target.region}"


def _bucket(name: str, target: Target) -> Conversation[None]:
    """Makes sure that it is there, in the region of the job, and ours if nobody has named it."""
    region = target.region or ""
    assumed: JsonObject = {"name": name, "location": region.upper(), "locationType": "region"}
    try:
        found = yield Call(api="storage", method="buckets.get", request={"bucket": name}, assumed=assumed)
    except ServiceError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        if (yield from _create(name, region, target)):
            return
    else:
        _refuse_other_region(name, region, found)
    if name == _own(target):
        yield from _refuse_foreign(name, target)


def _refuse_other_region(name: str, region: str, found: Json) -> None:
    there = record(found)
    location = str(there.get("location") or region).lower()
    if location != region and there.get("locationType", "region") == "region":
        raise UsageError(
            f"the bucket `{name}` is in {location}, the job would be in {region}",
            hint="Name a bucket of that region with `--staging-bucket`, or one that does not exist yet.",
        )


def _refuse_foreign(name: str, target: Target) -> Conversation[None]:
    """Names of buckets are everybody's: who guesses ours and has made it first would read, and change, what we run."""
    project = project_of(target)
    request: JsonObject = {"project": project, "prefix": name}
    hint = "Name a bucket of yours with `--staging-bucket`."
    try:
        reply = yield Call(api="storage", method="buckets.list", request=request, assumed={"items": [{"name": name}]})
    except ServiceError as error:
        if error.kind is not ErrorKind.DENIED:
            raise
        message = f"whether the bucket `{name}` is the project's own is not to be known: {error}"
        raise ServiceError(message, kind=error.kind, hint=hint) from error
    if name not in [bucket.get("name") for bucket in records(record(reply).get("items"))]:
        raise UsageError(f"the bucket `{name}` belongs to somebody else, not to the project `{project}`", hint=hint)


def _create(name: str, region: str, target: Target) -> Conversation[bool]:
    """Whether we have made it: another submission may have been faster, or somebody else."""
    private: JsonObject = {"uniformBucketLevelAccess": {"enabled": True}, "publicAccessPrevention": "enforced"}
    resource: JsonObject = {"name": name, "location": region.upper(), "iamConfiguration": private}
    request: JsonObject = {"project": project_of(target), "resource": resource}
    try:
        yield Call(api="storage", method="buckets.insert", request=request, changes=True)
    except ServiceError as error:
        if error.kind is not ErrorKind.EXISTS:
            raise
        return False
    return True
