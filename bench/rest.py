"""One kept connection to the emulator, and calls of its REST APIs in plain JSON."""

from __future__ import annotations

import http.client
import json
from itertools import count
from typing import Any

from bench.processes import BrokenError
from submit.testing import Google


class Rest:
    """`running` is the number of the job with that handle; jobs that are created are like it."""

    def __init__(self, google: Google, handle: str) -> None:
        address, port = google.endpoints.address, google.endpoints.port
        self._connection = http.client.HTTPConnection(address, port, timeout=60)
        self._numbers = count()
        like = google.job(handle)
        self.project, self.parent = google.project, like.name.partition("/customJobs/")[0]
        self.running = like.name.rpartition("/")[2]
        self.vertex = {"displayName": "waits", "jobSpec": like.resource["jobSpec"]}

    def create(self) -> Any:
        return self.ask("POST", f"/v1/{self.parent}/customJobs", self.vertex)

    def list(self, query: str) -> Any:
        return self.ask("GET", f"/v1/{self.parent}/customJobs?{query}")

    def create_ml(self) -> Any:
        python = self.vertex["jobSpec"]["workerPoolSpecs"][0]["pythonPackageSpec"]
        program = {"packageUris": python["packageUris"], "pythonModule": python["pythonModule"]}
        place = {"region": "us-central1", "runtimeVersion": "2.11", "pythonVersion": "3.7"}
        job = {"jobId": f"waits_{next(self._numbers)}", "trainingInput": {**program, **place}}
        return self.ask("POST", f"/v1/projects/{self.project}/jobs", job)

    def entries(self, order: str, job: str = "") -> Any:
        """50 of them; of all jobs unless one is named."""
        chosen = f' resource.labels.job_id="{job}"' if job else ""
        asked = {"resourceNames": [f"projects/{self.project}"], "filter": f'resource.type="ml_job"{chosen}'}
        return self.ask("POST", "/v2/entries:list", {**asked, "orderBy": f"timestamp {order}", "pageSize": 50})

    def ask(self, method: str, path: str, body: object = None) -> Any:
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise BrokenError(f"{method} {path}: {answer}")
        return answer
