"""The log of a job at Vertex AI, followed while everything goes wrong that can: each line is shown exactly once."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.project import Project, wait_until

VERTEX = ("--backend", "vertex", "--staging-bucket", "gs://staging", "--no-preflight")
LINES = 100


class Emulated:
    """A project whose commands speak to an emulator of their own."""

    def __init__(self, project: Project) -> None:
        self.project = project
        project.start_emulator()
        self.netloc = urlsplit(project.environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING"]).netloc

    def restart(self) -> None:
        self.project.submit("emulator", "stop")
        self.project.start_emulator("--port", self.netloc.rpartition(":")[2])

    def control(self, verb: str, path: str, **body: Any) -> None:
        connection = http.client.HTTPConnection(self.netloc, timeout=20)
        connection.request(verb, f"/emulator/v1{path}", json.dumps(body), {"content-type": "application/json"})
        response = connection.getresponse()
        assert response.status == 200, response.read()
        connection.close()


@pytest.fixture
def emulated(project: Project) -> Iterator[Emulated]:
    emulated = Emulated(project)
    yield emulated
    project.submit("emulator", "stop")


@pytest.mark.slow
def test_cuts_quotas_refusals_late_entries_and_a_restart_lose_and_repeat_no_line(emulated: Emulated) -> None:
    project = emulated.project
    project.trainer(f"for n in range({LINES}): print('line', n, flush=True); time.sleep(0.1)\nsys.exit(3)")
    handle = project.submit("train", *VERTEX, "--async").out.strip()
    emulated.control("PATCH", "/logs", tail_session_s=0.5, late_share=0.2, late_by_s=2.0)
    command = project.start("jobs", "stream-logs", handle, "--format", "json")
    assert command.stdout is not None
    shown: list[Any] = []

    def read_to(line: int) -> None:
        """Or beyond it, if it is late."""
        assert command.stdout is not None
        while not (shown and any(f"line {n}" == shown[-1]["message"] for n in range(line, LINES))):
            shown.append(json.loads(command.stdout.readline()))

    read_to(20)
    emulated.control("POST", "/faults", method="logging.entries.list", answer="429", count=2)
    emulated.control("PATCH", "/logs", tail_refused=True, tail_session_s=3600)
    read_to(35)
    emulated.control("POST", "/faults", method="logging.entries.list", answer="reset-after", count=2)
    emulated.control("POST", "/faults", method="aiplatform.customJobs.get", answer="503", count=2)
    emulated.restart()
    shown += map(json.loads, command.stdout)
    with command:
        assert command.stderr is not None
        err = command.stderr.read()

    lines = [entry["message"] for entry in shown if entry["message"].startswith("line ")]
    assert sorted(lines, key=lambda line: int(line.split()[1])) == [f"line {n}" for n in range(LINES)]
    assert shown[-1]["message"] == "Job failed."
    assert command.returncode == 1
    assert "Traceback" not in err


def test_a_stream_that_was_left_goes_on_where_it_was(emulated: Emulated) -> None:
    """From the place that was kept, in a process that knows nothing else."""
    from submit.client import Client
    from submit.job import LogEntry
    from submit.logs.stream import Stream
    from submit.target import TargetFlags
    from submit.testing.running import environ

    project = emulated.project
    project.trainer("for n in range(30): print('line', n, flush=True); time.sleep(0.05)")
    handle_text = project.submit("train", *VERTEX, "--async").out.strip()
    wait_until(lambda: "line 3" in project.messages(handle_text))
    places, shown = {handle_text: ""}, list[LogEntry]()
    with environ(project.environ):
        while True:
            client = Client(target=TargetFlags(backend="vertex"))
            stream = Stream(places)
            for count, entries in enumerate(client.log_batches(stream, [client.handle(handle_text)], follow=True)):
                shown += entries
                if count == 2:
                    break
            places = {handle_text: stream.place(handle_text)}
            client.close()
            if stream.ended:
                break
    lines = [entry.message for entry in shown if entry.message.startswith("line ")]
    assert sorted(lines, key=lambda line: int(line.split()[1])) == [f"line {n}" for n in range(30)]
