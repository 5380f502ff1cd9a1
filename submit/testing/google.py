"""The emulator as a test sees it: its buckets and its jobs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from submit.emulator.control.client import send
from submit.emulator.process import Endpoints
from submit.engine.states import ENDED

PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
_KINDS = ("customJobs", "hyperparameterTuningJobs")
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`str()` gives `gs://name`; `path` is the folder with its objects as files."""

    name: str
    path: Path

    def __str__(self) -> str:
        return f"gs://{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job of Vertex AI or ML Engine. `name` is the resource's, `state` without `JOB_STATE_`, `error` empty unless it
    failed, `resource` what the service answers."""

    name: str
    display_name: str
    state: str
    error: str
    resource: Mapping[str, Any]

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Google:
    """A running emulator; `env` are the variables that lead clients to it, in the project `project`."""

    endpoints: Endpoints
    data: Path
    env: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.endpoints.url

    @property
    def project(self) -> str:
        return self.env["GOOGLE_CLOUD_PROJECT"]

    def in_project(self, project: str) -> Google:
        """The same emulator, seen from another project."""
        return replace(self, env={**self.env, **dict.fromkeys(PROJECT_VARIABLES, project)})

    def bucket(self, name: str = "", *, location: str = "us-central1") -> Bucket:
        """Makes the bucket unless it is there; without a name, a new one."""
        name = name or f"bucket-{secrets.token_hex(6)}"
        status, answer = self._ask(
            "POST", f"/storage/v1/b?project={self.project}", {"name": name, "location": location}
        )
        if status not in (200, 409):
            raise ValueError(answer["error"]["message"])
        return Bucket(name=name, path=self.data / "buckets" / name)

    def jobs(self) -> list[Job]:
        """Those of the project, the newest first."""
        found = [self._read(job) for kind in _KINDS for job in self._all(f"locations/-/{kind}", kind)]
        found += [self._read(job) for job in self._all("jobs", "jobs")]
        return sorted(found, key=lambda job: str(job.resource["createTime"]), reverse=True)

    def job(self, job: object) -> Job:
        """As it is now. `job` is a resource name, a handle, or what has one: a `submit.Job`, a job of Google's SDK.

        Raises KeyError if there is none of that name.
        """
        name = _name(job)
        status, answer = self._ask("GET", f"/v1/{name}")
        if status != 200:
            raise KeyError(f"{name}: {answer['error']['message']}")
        return self._read(answer)

    def wait(self, job: object, *, timeout_s: float = 120.0) -> Job:
        """The job when it has ended, however it did. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while not (found := self.job(job)).has_ended:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{found.name} is {found.state} after {timeout_s:g} s")
            time.sleep(_PAUSE_S)
        return found

    def cancel_jobs(self, *, timeout_s: float = 60.0) -> None:
        """Ends all jobs of the project that have not ended."""
        running = [job for job in self.jobs() if not job.has_ended]
        for job in running:
            self._ask("POST", f"/v1/{job.name}:cancel", {})
        for job in running:
            self.wait(job, timeout_s=timeout_s)

    def fault(self, method: str, answer: str | int, **how: float) -> None:
        """Lets the next calls of a method fail, as `submit emulator fault add` does; `how` has its numbers under the
        names of the control API: `count`, `after`, `retryAfter`, `probability`, `seed`. Raises ValueError."""
        self._control("POST", "/faults", {"method": method, "answer": str(answer), **how})

    def clear_faults(self) -> None:
        self._control("DELETE", "/faults")

    def capacity(self, **changes: Any) -> None:
        """Changes what the cloud has to give: `quotas`, `stockOuts`, `preemptAfter`, `realistic`,
        `retiredAccelerators`, as in the control API. Raises ValueError."""
        self._control("PATCH", "/capacity", changes)

    def preempt(self, job: object) -> None:
        """Takes a running job's machines away; it begins again. Raises ValueError for one that does not run."""
        self._control("POST", f"/jobs/{_name(job).rpartition('/')[2]}:preempt")

    def reset(self) -> None:
        """Forgets all jobs, logs, buckets, faults and limits, of all projects; jobs that run are cancelled first."""
        status, answer = self._ask("POST", "/emulator/v1:reset", {})
        if status != 200:
            raise TimeoutError(answer["error"]["message"])

    def _control(self, method: str, path: str, body: object = None) -> None:
        status, answer = self._ask(method, f"/emulator/v1{path}", body)
        if status != 200:
            raise ValueError(answer["error"]["message"])

    def _all(self, path: str, key: str) -> Iterator[dict[str, Any]]:
        token = ""
        while True:
            _, answer = self._ask("GET", f"/v1/projects/{self.project}/{path}?pageSize=1000&pageToken={token}")
            yield from answer.get(key, ())
            token = answer.get("nextPageToken", "")
            if not token:
                return

    def _read(self, job: Mapping[str, Any]) -> Job:
        """Vertex AI's have a `name`, ML Engine's a `jobId`."""
        return Job(
            name=job.get("name") or f"projects/{self.project}/jobs/{job['jobId']}",
            display_name=job.get("displayName") or job["jobId"],
            state=job["state"].removeprefix("JOB_STATE_"),
            error=job.get("errorMessage") or job.get("error", {}).get("message", ""),
            resource=job,
        )

    def _ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        return send(self.endpoints, method, path, body)


def _name(job: object) -> str:
    """`projects/p/locations/r/customJobs/1` of anything that has it."""
    for attribute in ("resource_name", "handle", "name"):
        if value := getattr(job, attribute, None):
            job = value
            break
    return str(job).rpartition("://")[2]
