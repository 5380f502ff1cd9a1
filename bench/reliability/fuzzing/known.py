"""What a run of requests knows of the emulator: good bodies to begin with, and names that it gave."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench.reliability.fuzzing import values

PROJECT = "fuzzed"
BUCKET = "fuzz-bucket"
IMAGE = "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest"


@dataclass
class Known:
    """`package` is a `gs://` address of one that can run; `names` are of what was created, `sessions` of uploads."""

    package: str
    names: list[str] = field(default_factory=lambda: [f"projects/{PROJECT}/locations/us-central1/customJobs/1"])
    sessions: list[str] = field(default_factory=lambda: ["0" * 32])
    tokens: list[str] = field(default_factory=lambda: [""])

    def learn(self, body: bytes, session: str) -> None:
        if session:
            self.sessions.append(session)
        with contextlib.suppress(ValueError, RecursionError):
            answer = json.loads(body)
            if isinstance(answer, dict):
                self._learn(answer)

    def _learn(self, answer: dict[str, Any]) -> None:
        for key, found in (("name", self.names), ("nextPageToken", self.tokens)):
            if isinstance(word := answer.get(key), str) and word not in found:
                found.append(word)
        if isinstance(word := answer.get("jobId"), str):
            self.names.append(f"projects/{PROJECT}/jobs/{word}")

    def name(self, choose: Random) -> str:
        """One of the later ones: earlier ones may be gone."""
        return choose.choice(self.names[-20:])

    def custom_job(self) -> dict[str, Any]:
        return {"displayName": "fuzz", "labels": {"a": "b"}, "jobSpec": self.job_spec()}

    def job_spec(self) -> dict[str, Any]:
        python = {"executorImageUri": IMAGE, "packageUris": [self.package], "pythonModule": "trainer.task"}
        pool = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": 1, "pythonPackageSpec": python}
        return {"workerPoolSpecs": [pool], "scheduling": {"timeout": "60s"}}

    def tuning_job(self) -> dict[str, Any]:
        study = {
            "metrics": [{"metricId": "loss", "goal": "MINIMIZE"}],
            "parameters": [{"parameterId": "rate", "doubleValueSpec": {"minValue": 0.1, "maxValue": 1}}],
        }
        counts = {"maxTrialCount": 2, "parallelTrialCount": 1}
        return {"displayName": "fuzz", "studySpec": study, **counts, "trialJobSpec": self.job_spec()}

    def ml_job(self, choose: Random) -> dict[str, Any]:
        place = {"region": "us-central1", "runtimeVersion": "2.11", "pythonVersion": "3.7"}
        program = {"packageUris": [self.package], "pythonModule": "trainer.task", "args": ["--seconds", "0"]}
        return {"jobId": f"fuzz_{choose.randrange(10**9)}", "trainingInput": {**place, **program}}


def word(choose: Random, *good: str) -> str:
    """One of the good ones, now and then anything."""
    return choose.choice(good) if choose.random() < 0.75 else values.text(choose)
