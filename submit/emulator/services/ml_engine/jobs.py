"""`projects.jobs` of ML Engine v1.

https://cloud.google.com/ai-platform/training/docs/reference/rest/v1/projects.jobs
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from submit.emulator.rpc.errors import RpcError, bad_request, unimplemented
from submit.emulator.services.jobs import ENDED, Jobs
from submit.emulator.services.json_app import Question, Routes
from submit.emulator.services.listing import matching, page
from submit.emulator.services.ml_engine import checks
from submit.emulator.services.ml_engine.answers import as_job
from submit.emulator.services.ml_engine.replicas import engine_request
from submit.emulator.services.ml_engine.schema import read_job
from submit.emulator.services.projects import number_of
from submit.emulator.services.records import Record, Records

_KIND = "ml.jobs"
_LABELS = "ml.labels"


class MlJobs:
    def __init__(self, jobs: Jobs, records: Records) -> None:
        self._jobs, self._records = jobs, records

    async def create(self, question: Question) -> Record:
        body = read_job(question.body or {})
        if "predictionInput" in body:
            raise unimplemented("Batch prediction")
        checks.refuse(body, self._jobs.buckets)
        project, job_id = question.path["project"], body["jobId"]
        request = {
            "display_name": job_id,
            "labels": body.get("labels", {}),
            "project": project,
            **engine_request(body["trainingInput"], self._jobs.buckets),
        }
        try:
            job = await self._jobs.create(_KIND, _name(project, job_id), _engine_id(job_id), request, body)
        except RpcError as error:
            if error.code != "ALREADY_EXISTS":
                raise
            words = "A job with this id already exists."
            raise RpcError("ALREADY_EXISTS", f"Field: job.job_id Error: {words}") from error
        return self._answer(job, [])

    async def get(self, question: Question) -> Record:
        job = await self._find(question)
        return self._answer(job, await self._queue([job]))

    async def list(self, question: Question) -> Record:
        project, query = question.path["project"], question.query
        found = await self._jobs.list(_KIND, f"projects/{project}")
        labels = self._records.by_name(_LABELS) if query.get("filter") else {}
        named = matching([_as_json(job, labels.get(job["id"])) for job in found], query.get("filter", ""))
        size, token = query.get("pageSize", "0"), query.get("pageToken", "")
        if not size.isdecimal():
            raise bad_request(f"Invalid value at 'page_size' (TYPE_INT32), \"{size}\"")
        shown, following = page(named, int(size), token, f"{project} {query.get('filter', '')}")
        by_id = {job["client"]["job_id"]: job for job in found}
        jobs = await self._jobs.whole(by_id[job["name"]] for job in shown)
        queue = await self._queue(jobs)
        answer: Record = {"jobs": [self._answer(job, queue) for job in jobs]} if jobs else {}
        return answer | ({"nextPageToken": following} if following else {})

    async def cancel(self, question: Question) -> Record:
        """Of a job that has ended it changes nothing."""
        job = await self._find(question)
        if job["state"] not in ENDED:
            await self._jobs.cancel(job["id"])
        return {}

    async def patch(self, question: Question) -> Record:
        """Only labels can be changed."""
        job = await self._find(question)
        if question.query.get("updateMask") != "labels":
            raise bad_request(
                "Field: update_mask Error: Only `labels` can be updated.", ("update_mask", "not `labels`")
            )
        labels = read_job(question.body or {}).get("labels", {})
        checks.refuse_labels(labels)
        await asyncio.to_thread(self._records.put, _LABELS, job["id"], labels)
        return self._answer(job, await self._queue([job]))

    async def _find(self, question: Question) -> Record:
        job_id = question.path["job"]
        try:
            return await self._jobs.get(_KIND, _name(question.path["project"], job_id), _engine_id(job_id))
        except RpcError as error:
            if error.code != "NOT_FOUND":
                raise
            raise RpcError("NOT_FOUND", "Field: name Error: The specified job was not found.") from error

    async def _queue(self, jobs: Iterable[Record]) -> Sequence[str]:
        """It is asked for only if one of the jobs is in it."""
        return await self._jobs.queue() if any(job["state"] == "QUEUED" for job in jobs) else []

    def _answer(self, job: Record, queue: Sequence[str]) -> Record:
        position = queue.index(job["id"]) + 1 if job["id"] in queue else 0
        return as_job(job, self._records.get(_LABELS, job["id"]), position)

    def routes(self) -> Routes:
        return [
            ("POST", "/v1/projects/{project}/jobs", self.create),
            ("GET", "/v1/projects/{project}/jobs", self.list),
            ("POST", "/v1/projects/{project}/jobs/{job}:cancel", self.cancel),
            ("GET", "/v1/projects/{project}/jobs/{job}", self.get),
            ("PATCH", "/v1/projects/{project}/jobs/{job}", self.patch),
            ("GET", "/v1/projects/{project}/operations", _no_operations),
            ("GET", "/v1/projects/{project}/operations/{operation}", _no_operation),
            ("GET", "/v1/projects/{project}:getConfig", _config),
        ]


async def _no_operations(_: Question) -> Record:
    """Training needs none: they were for model versions."""
    return {}


async def _no_operation(question: Question) -> Record:
    raise RpcError("NOT_FOUND", f"Field: name Error: The operation `{question.path['operation']}` was not found.")


async def _config(question: Question) -> Record:
    number = number_of(question.path["project"])
    return {
        "serviceAccount": f"service-{number}@cloud-ml.google.com.iam.gserviceaccount.com",
        "serviceAccountProject": number,
    }


def _as_json(job: Record, labels: Record | None) -> Record:
    """What lists are filtered by, without what only a closer look at the job shows; `labels` are its later ones."""
    body = job["client"]["body"]
    times = {"createTime": job["create_time"], "startTime": job["start_time"], "endTime": job["end_time"]}
    labels = body.get("labels", {}) if labels is None else labels
    return {**body, "name": body["jobId"], "state": job["state"], "labels": labels, **times}


def _name(project: str, job_id: str) -> str:
    return f"projects/{project}/jobs/{job_id}"


def _engine_id(job_id: str) -> str:
    return f"ml-{job_id}"
