"""`trainingPipelines` of Vertex AI for custom training, as the SDK's `CustomPythonPackageTrainingJob` makes them.

A pipeline is the custom job that it has made, under another name.
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.trainingPipelines
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from submit.emulator.rpc.errors import bad_request, not_found, unimplemented
from submit.emulator.rpc.messages import message_class
from submit.emulator.rpc.transcoding import merge_dict, to_json
from submit.emulator.services import problems
from submit.emulator.services.custom_jobs import CustomJobs
from submit.emulator.services.jobs import ENDED, Location
from submit.emulator.services.operations import Operations
from submit.emulator.services.records import Record, Records
from submit.emulator.services.resources import Resource, Resources, as_message, engine_id, listed

_KIND = "trainingPipelines"
_CUSTOM_TASK = "/custom_task_1.0.0.yaml"


class Pipelines:
    """A record of a pipeline is `{"name", "body", "custom_job"}`."""

    def __init__(self, resources: Resources, operations: Operations, records: Records, version: str) -> None:
        self._resources, self._operations, self._records = resources, operations, records
        self._custom_jobs = CustomJobs(resources, version)
        self._resource = Resource(version, _KIND, "TrainingPipeline", states="PipelineState", fill=_fill_metadata)

    async def create(self, request: Any) -> Any:
        pipeline = request.training_pipeline
        problems.refuse([*problems.display_name(pipeline.display_name), *problems.labels(pipeline.labels)])
        _check_possible(pipeline)
        custom = await self._custom_jobs.create(self._custom_job_request(request))
        name = f"{request.parent}/{_KIND}/{self._resources.jobs.numbers.next()}"
        record = {"name": name, "body": to_json(pipeline), "custom_job": custom.name}
        self._records.put(_KIND, name, record)
        return await self._shown(record)

    async def get(self, request: Any) -> Any:
        return await self._shown(self._record(request.name))

    async def list(self, request: Any) -> Any:
        """Those whose custom job is still there."""
        jobs = {job["client"]["name"]: job for job in await self._resources.jobs.list("customJobs", request.parent)}
        records = [record for record in self._records.all(_KIND) if record["custom_job"] in jobs]
        found = [_as_pipeline(jobs[record["custom_job"]], record) for record in records]
        return await listed(self._resource, request, found, self._resources.jobs)

    async def cancel(self, request: Any) -> Any:
        job = await self._job(self._record(request.name))
        if job["state"] not in ENDED:
            await self._resources.jobs.cancel(job["id"])
        return message_class("google.protobuf.Empty")()

    async def delete(self, request: Any) -> Any:
        """With its custom job."""
        record = self._record(request.name)
        await self._resources.jobs.delete(await self._job(record))
        self._records.delete(_KIND, record["name"])
        metadata = self._resource.message("DeleteOperationMetadata")()
        empty = message_class("google.protobuf.Empty")()
        return self._operations.done(Location.parse(record["name"]), empty, metadata)

    def methods(self) -> dict[str, Callable[..., Any]]:
        return {
            "CreateTrainingPipeline": self.create,
            "GetTrainingPipeline": self.get,
            "ListTrainingPipelines": self.list,
            "CancelTrainingPipeline": self.cancel,
            "DeleteTrainingPipeline": self.delete,
        }

    def _custom_job_request(self, request: Any) -> Any:
        pipeline = request.training_pipeline
        made = self._resource.message("CreateCustomJobRequest")(parent=request.parent)
        made.custom_job.display_name = f"{pipeline.display_name}-custom-job"[:128]
        made.custom_job.labels.update(pipeline.labels)
        inputs = to_json(pipeline).get("trainingTaskInputs")
        merge_dict(made.custom_job.job_spec, inputs, "training_pipeline.training_task_inputs")
        return made

    def _record(self, name: str) -> Record:
        record = self._records.get(_KIND, name)
        if record is None:
            raise not_found(f'The TrainingPipeline "{name}" does not exist.')
        return record

    async def _job(self, record: Record) -> Record:
        custom = record["custom_job"]
        return _as_pipeline(await self._resources.jobs.get("customJobs", custom, engine_id(custom)), record)

    async def _shown(self, record: Record) -> Any:
        return as_message(self._resource, await self._job(record))


def _as_pipeline(job: Record, record: Record) -> Record:
    """The custom job under the pipeline's name."""
    return {**job, "client": {**job["client"], **record}}


def _check_possible(pipeline: Any) -> None:
    """What would need a service beside training is refused, not dropped."""
    if not pipeline.training_task_definition:
        raise bad_request("Required field is not set: training_task_definition.", ("training_task_definition", ""))
    if not pipeline.training_task_definition.endswith(_CUSTOM_TASK):
        raise unimplemented(f"The training task {pipeline.training_task_definition}")
    for field in ("input_data_config", "model_to_upload"):
        if pipeline.HasField(field):
            raise unimplemented(f"A training pipeline with `{field}`")


def _fill_metadata(message: Any, job: Record) -> None:
    message.training_task_metadata.struct_value.update({"backingCustomJob": job["client"]["custom_job"]})
