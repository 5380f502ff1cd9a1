"""`customJobs` of Vertex AI, in v1 and v1beta1.

https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.customJobs
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from submit.emulator.services import identities, persistent_resources, problems, worker_pools
from submit.emulator.services.jobs import Location
from submit.emulator.services.records import Record
from submit.emulator.services.resources import JobKind, Resource, Resources


class CustomJobs(JobKind):
    """`version` is `v1` or `v1beta1`; both show the same jobs."""

    def __init__(self, resources: Resources, version: str) -> None:
        super().__init__(resources, Resource(version, "customJobs", "CustomJob"))

    async def create(self, request: Any) -> Any:
        job = request.custom_job
        problems.refuse(self._problems(request.parent, job))
        return await self._resources.create(self._resource, request.parent, job, self._engine_request(job))

    def _problems(self, parent: str, job: Any) -> Iterator[problems.Problem]:
        yield from problems.display_name(job.display_name)
        yield from problems.labels(job.labels)
        yield from identities.key(job.encryption_spec.kms_key_name, Location.parse(parent).region)
        yield from worker_pools.problems(job.job_spec, "job_spec", self._resources.jobs.buckets)
        kept, kind = job.job_spec.persistent_resource_id, persistent_resources.KIND
        if kept and not self._resources.records.get(kind, f"{parent}/{kind}/{kept}"):
            yield problems.Problem(
                "job_spec.persistent_resource_id", f'The PersistentResource "{kept}" does not exist.'
            )

    def _engine_request(self, job: Any) -> Record:
        return worker_pools.engine_request(job.job_spec, self._resources.jobs.buckets)
