"""Every way in which a job can end badly, with the same state and cause on Vertex AI's API and on ML Engine's."""

from __future__ import annotations

import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import JobServiceClient
from google.rpc import code_pb2
from googleapiclient.discovery import build

from submit.backends.cloud_status import cause_of
from submit.job import Cause, State
from tests.emulator.services.conftest import PACKAGE, PARENT, Emulator, custom_job, over_rest
from tests.project import wait_until

WAIT = "import time; print('up', flush=True); time.sleep(60)"
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass
class Pair:
    """The same job on both APIs: the names that the engine has for it, and what each API says of it."""

    emulator: Emulator
    vertex: Any
    ml: Any
    name: str = ""

    def create(
        self, source: str = "", *, module: str = "trainer.task", package: str = PACKAGE, timeout: int = 0
    ) -> None:
        body = custom_job(source)
        python = body["job_spec"]["worker_pool_specs"][0]["python_package_spec"]
        python.update(python_module=module, package_uris=[package])
        training: dict[str, Any] = {
            "region": "us-east1",
            "packageUris": [package],
            "pythonModule": module,
            "args": [source],
        }
        if timeout:
            body["job_spec"]["scheduling"] = {"timeout": {"seconds": timeout}}
            training["scheduling"] = {"maxRunningTime": f"{timeout}s"}
        self.name = self.vertex.create_custom_job(parent=PARENT, custom_job=body).name
        training |= {"runtimeVersion": "1.9", "pythonVersion": "3.5"}
        self.ml.create(parent="projects/demo", body={"jobId": "pair", "trainingInput": training}).execute()

    @property
    def engine_ids(self) -> tuple[str, str]:
        return f"vertex-{self.name.rsplit('/', 1)[1]}", "ml-pair"

    def wait_until_they_run(self, times: int = 1) -> None:
        """Until each of the trainers has said so often that it is up."""
        wait_until(lambda: all(self._said(job) == times for job in self.engine_ids), timeout=40)

    def _said(self, job: str) -> int:
        return str(self.emulator.engine.read_log(job, 0)["data"]).count('"up"')

    def states(self) -> tuple[str, str]:
        state = self.vertex.get_custom_job(name=self.name).state.name
        return state.removeprefix("JOB_STATE_"), self.ml_job()["state"]

    def ml_job(self) -> Any:
        return self.ml.get(name="projects/demo/jobs/pair").execute()

    def end(self) -> tuple[tuple[str, str], Any, str]:
        """Both states, Vertex AI's error and ML Engine's error message."""
        wait_until(lambda: all(state in ENDED for state in self.states()), timeout=60)
        return self.states(), self.vertex.get_custom_job(name=self.name).error, self.ml_job().get("errorMessage", "")


@pytest.fixture
def pair(emulator: Emulator) -> Iterator[Pair]:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    with build("ml", "v1", credentials=credentials, client_options={"api_endpoint": emulator.url}) as client:
        yield Pair(emulator, over_rest(JobServiceClient, emulator), client.projects().jobs())


def check_failed(pair: Pair, code: int, cause: Cause, words: str) -> None:
    """`words` are for Vertex AI; ML Engine has another name for the replica."""
    states, error, message = pair.end()
    assert states == ("FAILED", "FAILED")
    assert (error.code, cause_of(State.FAILED, error.message), cause_of(State.FAILED, message)) == (code, cause, cause)
    assert error.message.startswith(words)
    assert message.startswith(words.replace("workerpool0-0", "master 0"))


def test_an_exit_code(pair: Pair) -> None:
    pair.create("raise SystemExit(3)")
    words = "The replica workerpool0-0 exited with a non-zero status of 3. Termination reason: Error."
    check_failed(pair, code_pb2.INVALID_ARGUMENT, Cause.EXIT_CODE, words)


def test_a_module_that_is_missing(pair: Pair) -> None:
    pair.create(module="trainer.tusk")
    words = "The replica workerpool0-0 exited with a non-zero status of 1. Termination reason: Error."
    check_failed(pair, code_pb2.INVALID_ARGUMENT, Cause.EXIT_CODE, words)
    assert "No module named trainer.tusk" in pair.ml_job()["errorMessage"]


def test_a_requirement_that_cannot_be_had(pair: Pair) -> None:
    plain = pair.emulator.buckets / "stage" / "trainer-1-py3-none-any.whl"
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(plain.with_name("trainer-2-py3-none-any.whl"), "w") as broken,
    ):
        for name in source.namelist():
            text = source.read(name).decode()
            if name.endswith("METADATA"):
                text = text.replace(
                    "Version: 1\n", "Version: 2\nRequires-Dist: none @ file:///nowhere/none-1-py3-none-any.whl\n"
                )
            if not name.endswith("RECORD"):
                broken.writestr(name.replace("trainer-1.", "trainer-2."), text)
        broken.writestr("trainer-2.dist-info/RECORD", "")
    pair.create(package="gs://stage/trainer-2-py3-none-any.whl")
    words = "The replica workerpool0-0 could not be prepared: "
    check_failed(pair, code_pb2.INVALID_ARGUMENT, Cause.ENVIRONMENT, words)


def test_a_time_out(pair: Pair) -> None:
    pair.create(WAIT, timeout=1)
    words = "The job did not finish within its time-out of 1 s and was terminated."
    check_failed(pair, code_pb2.DEADLINE_EXCEEDED, Cause.TIMEOUT, words)


def test_preemptions(pair: Pair) -> None:
    pair.create(WAIT)
    for times in range(1, 8):
        pair.wait_until_they_run(times)
        for job in pair.engine_ids:
            pair.emulator.engine.preempt(job)
    words = "The machines of the job were preempted, after it had been restarted 6 times because of that."
    check_failed(pair, code_pb2.ABORTED, Cause.PREEMPTED, words)


def test_a_stock_out(pair: Pair) -> None:
    pair.emulator.capacity.change({"stockOuts": {"*": {"n1-standard-4": "fail"}}})
    pair.create(WAIT)
    check_failed(pair, code_pb2.RESOURCE_EXHAUSTED, Cause.STOCK_OUT, "Resources are insufficient in region: us-")


def test_the_engine_itself(pair: Pair) -> None:
    pair.create(WAIT)
    pair.wait_until_they_run()
    for job in pair.engine_ids:
        lock = pair.emulator.data.parent / "engine" / "jobs" / job / "lock"
        os.kill(int(lock.read_text()), signal.SIGKILL)
    states, error, message = pair.end()
    assert (states, error.code) == (("FAILED", "FAILED"), code_pb2.INTERNAL)
    words = "Internal error occurred for the current attempt"
    assert (error.message.startswith(words), message.startswith(words)) == (True, True)


@pytest.mark.parametrize("prepare", [Pair.wait_until_they_run, lambda _: None], ids=["running", "just created"])
def test_a_cancel(pair: Pair, prepare: Callable[[Pair], None]) -> None:
    pair.create(WAIT)
    prepare(pair)
    cancel_both(pair)
    states, error, message = pair.end()
    assert (states, error.code, error.message, message) == (
        ("CANCELLED", "CANCELLED"),
        code_pb2.CANCELLED,
        "CANCELED",
        "",
    )


def test_a_cancel_while_queued(pair: Pair) -> None:
    pair.emulator.capacity.change({"quotas": {"*": {"cpus": 4}}})
    pair.vertex.create_custom_job(parent=PARENT, custom_job=custom_job(WAIT))
    pair.vertex.create_custom_job(parent="projects/demo/locations/us-east1", custom_job=custom_job(WAIT))
    pair.create(WAIT)
    assert pair.states() == ("QUEUED", "QUEUED")
    cancel_both(pair)
    assert pair.states() == ("CANCELLED", "CANCELLED")
    assert "startTime" not in pair.ml_job()


def cancel_both(pair: Pair) -> None:
    pair.vertex.cancel_custom_job(name=pair.name)
    pair.ml.cancel(name="projects/demo/jobs/pair", body={}).execute()
