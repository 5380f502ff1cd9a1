from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from submit.emulator.logs import create
from tests.emulator.logs.conftest import HOLD_S, Emulator, messages
from tests.emulator.services.serving import Server

AGENT = "google-cloud-sdk gcloud/528.0.0 command/gcloud.ai.custom-jobs.stream-logs invocation-id/{} interactive/False"
JOB = 'resource.type="ml_job" AND resource.labels.job_id="42"'
OLD = ' AND timestamp<"1970-01-02T00:00:00Z"'

UNTIL_A_FILE = """
import pathlib, sys, time
print('begin', flush=True)
while not pathlib.Path('{}').exists():
    time.sleep(0.01)
print('end', flush=True)
"""


def test_gcloud_gets_what_it_asked_to_leave_out(emulator: Emulator) -> None:
    emulator.run("vertex-42", "42")
    assert emulator.ask(filter=JOB + OLD) == {}
    assert messages(emulator.ask(AGENT.format("a1"), filter=JOB + OLD))[-1] == "Job completed successfully."


def test_gcloud_is_answered_when_there_is_news_and_at_once_when_the_job_has_ended(emulator: Emulator) -> None:
    stop = emulator.site.root / "stop"
    emulator.run("vertex-42", "42", UNTIL_A_FILE.format(stop), wait=False)
    emulator.site.wait_for_output("vertex-42", "begin")
    seen = emulator.ask(AGENT.format("a1"), filter=JOB)["entries"]
    threading.Timer(0.3, stop.touch).start()
    again = f'{JOB} AND timestamp>="{seen[-1]["timestamp"]}"'
    begin = time.monotonic()
    entries = emulator.ask(AGENT.format("a1"), filter=again)
    assert 0.25 < time.monotonic() - begin < HOLD_S
    assert "end" in messages(entries)
    emulator.site.wait("vertex-42")
    for _ in range(2):
        begin = time.monotonic()
        emulator.ask(AGENT.format("a1"), filter=again)
        assert time.monotonic() - begin < 0.3


def test_gcloud_gets_a_sign_of_life_from_a_silent_job_and_loses_nothing_by_it(emulator: Emulator) -> None:
    stop = emulator.site.root / "stop"
    emulator.run("vertex-42", "42", UNTIL_A_FILE.format(stop), wait=False)
    emulator.site.wait_for_output("vertex-42", "begin")
    last = emulator.ask(AGENT.format("a1"), filter=JOB)["entries"][-1]
    for sign in ("h", "hh"):
        bound = (
            f'(timestamp="{last["timestamp"]}" AND insertId>"{last["insertId"]}") OR timestamp>"{last["timestamp"]}"'
        )
        (beat,) = emulator.ask(AGENT.format("a1"), filter=f"{JOB} AND ({bound})")["entries"]
        assert (beat["textPayload"], beat["insertId"][15:]) == ("The job is still active.", sign)
        last = beat
    stop.touch()
    bound = f'(timestamp="{last["timestamp"]}" AND insertId>"{last["insertId"]}") OR timestamp>"{last["timestamp"]}"'
    assert "end" in messages(emulator.ask(AGENT.format("a1"), filter=f"{JOB} AND ({bound})"))


def test_an_unknown_job_is_not_waited_for(emulator: Emulator) -> None:
    assert emulator.ask(AGENT.format("a1"), filter="resource.labels.job_id=43") == {}


def test_a_gcloud_that_has_gone_is_not_waited_for(emulator: Emulator, tmp_path: Path) -> None:
    emulator.run("vertex-42", "42", UNTIL_A_FILE.format(emulator.site.root / "stop"), wait=False)
    emulator.site.wait_for_output("vertex-42", "begin")
    with closing(create(emulator.site.engine, tmp_path / "patient", hold_s=240)) as logs:
        with Server(logs.app, []) as server:
            patient = replace(emulator, url=server.url)
            patient.ask(AGENT.format("a1"), filter=JOB)
            with pytest.raises(httpx.ReadTimeout):
                patient.post("list", AGENT.format("a1"), timeout_s=0.5, filter=JOB)
            begin = time.monotonic()
        assert time.monotonic() - begin < 60  # the server ends when all is answered
