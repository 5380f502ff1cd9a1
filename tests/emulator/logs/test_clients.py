"""Google's own client library, over REST and gRPC."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import BadRequest, InvalidArgument
from google.auth.credentials import AnonymousCredentials
from google.cloud import logging_v2
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import TailLogEntriesRequest

from tests.emulator.logs.conftest import Emulator

JOB = 'resource.type="ml_job" AND resource.labels.job_id="42"'


@pytest.fixture
def rest(emulator: Emulator) -> Any:
    library: Any = logging_v2  # has no types
    credentials: Any = AnonymousCredentials
    options = ClientOptions(api_endpoint=emulator.url)
    return library.Client(project="demo", credentials=credentials(), _use_grpc=False, client_options=options)


@pytest.fixture
def rpc(emulator: Emulator) -> Iterator[Any]:
    with grpc.insecure_channel(emulator.target) as channel:
        yield LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))


def test_the_library_lists_over_rest(emulator: Emulator, rest: Any) -> None:
    emulator.run("vertex-42", "42")
    entries = list(rest.list_entries(filter_=JOB, page_size=3))
    assert [entry.payload["message"] for entry in entries if entry.resource.labels["task_name"] != "service"][-4:] == [
        "hello",
        "Module completed; cleaning up.",
        "Clean up finished.",
        "Task completed successfully.",
    ]
    assert entries[-1].payload == "Job completed successfully."


def test_the_library_lists_over_grpc(emulator: Emulator, rpc: Any) -> None:
    emulator.run("vertex-42", "42")
    request = {"resource_names": ["projects/demo"], "filter": JOB, "page_size": 3}
    entries = list(rpc.list_log_entries(request=request))
    assert entries[-1].text_payload == "Job completed successfully."
    assert [entry.insert_id for entry in entries] == sorted(entry.insert_id for entry in entries)


def test_the_library_raises_what_it_raises_against_the_cloud(rest: Any, rpc: Any) -> None:
    with pytest.raises(BadRequest, match="Unparseable filter: syntax error at line 1"):
        list(rest.list_entries(filter_="timestamp>2026 AND ("))
    with pytest.raises(InvalidArgument, match="Unparseable filter: Field not found: 'foo'"):
        list(rpc.list_log_entries(request={"resource_names": ["projects/demo"], "filter": "foo=1"}))


def test_the_library_reads_what_it_has_written(rest: Any) -> None:
    logger = rest.logger("mine")
    logger.log_text("hello", severity="ERROR")
    logger.log_struct({"loss": 0.5})
    payloads = [entry.payload for entry in logger.list_entries()]  # the first is the library's word on itself
    assert payloads[-2:] == ["hello", {"loss": 0.5}]


def test_an_entry_without_a_kind_of_resource_spoils_no_list(emulator: Emulator, rpc: Any) -> None:
    entry = {"logName": "projects/demo/logs/mine", "textPayload": "x"}
    assert emulator.post("write", entries=[{**entry, "resource": {}}]).status_code == 400
    assert emulator.post("write", entries=[{**entry, "resource": {"type": "global"}, "severity": 999}]).json() == {}
    (found,) = rpc.list_log_entries(resource_names=["projects/demo"])
    assert (found.text_payload, int(found.severity)) == ("x", 999)


def test_a_tail_without_a_window_does_not_wait(emulator: Emulator, rpc: Any) -> None:
    emulator.run("vertex-41", "41")
    request = TailLogEntriesRequest(
        resource_names=["projects/demo"], filter='jsonPayload.message=~"^at "', buffer_window=timedelta(0)
    )
    stop = threading.Event()
    source = "import time\nfor _ in range(10): print('at', time.time(), flush=True); time.sleep(0.1)"
    create = threading.Timer(0.5, emulator.run, ("vertex-42", "42", source), {"wait": False})
    create.start()
    answers = rpc.tail_log_entries(requests=_until(stop, request))  # waits for the first answer
    create.join()
    late = []
    for answer in answers:
        late += [time.time() - float(entry.json_payload["message"].removeprefix("at ")) for entry in answer.entries]
        if len(late) == 10:
            break
    stop.set()
    answers.cancel()
    assert sorted(late)[5] < 1.0  # half of the window that there is by default


def _until(stop: threading.Event, request: Any) -> Iterator[Any]:
    yield request
    stop.wait(30)
