"""Faults as a gRPC client sees them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud.aiplatform_v1 import JobServiceClient
from google.cloud.aiplatform_v1.services.job_service.transports.grpc import JobServiceGrpcTransport
from google.rpc import error_details_pb2, status_pb2

from submit.emulator.rpc import message_class
from tests.emulator.control.conftest import PARENT, Running
from tests.emulator.services.conftest import custom_job


@pytest.fixture
def channel(emulator: Running) -> Iterator[Any]:
    with grpc.insecure_channel(emulator.target) as channel:
        yield channel


@pytest.fixture
def client(channel: Any) -> Any:
    return JobServiceClient(transport=JobServiceGrpcTransport(channel=channel))


def names(emulator: Running) -> list[str]:
    return [job["displayName"] for job in emulator.ask("GET", f"/v1/{PARENT}/customJobs")[1].get("customJobs", [])]


def container_job(name: str) -> dict[str, Any]:
    """One that needs no package; nothing here runs it."""
    body = custom_job("", name=name)
    (pool,) = body["job_spec"]["worker_pool_specs"]
    del pool["python_package_spec"]
    pool["container_spec"] = {"image_uri": "img"}
    return body


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("429", exceptions.ResourceExhausted),
        ("500", exceptions.InternalServerError),
        ("503", exceptions.ServiceUnavailable),
        ("504", exceptions.DeadlineExceeded),
        ("reset", exceptions.ServiceUnavailable),
        ("html", exceptions.Unknown),
    ],
)
def test_each_answer_raises_its_class_and_nothing_is_done(
    emulator: Running, client: Any, answer: str, error: type[Exception]
) -> None:
    emulator.fault("aiplatform.customJobs.create", answer)
    with pytest.raises(error):
        client.create_custom_job(parent=PARENT, custom_job=container_job(f"never {answer}"), retry=None)
    assert f"never {answer}" not in names(emulator)


def test_a_response_is_lost_after_all_was_done(emulator: Running, client: Any) -> None:
    emulator.fault("JobService.CreateCustomJob", "reset-after")
    with pytest.raises(exceptions.ServiceUnavailable):
        client.create_custom_job(parent=PARENT, custom_job=container_job("made"), retry=None)
    assert names(emulator).count("made") == 1


def test_a_call_that_hangs_ends_with_the_clients_deadline(emulator: Running, client: Any) -> None:
    emulator.fault("JobService.ListCustomJobs", "hang")
    with pytest.raises(exceptions.DeadlineExceeded):
        client.list_custom_jobs(parent=PARENT, retry=None, timeout=0.5)
    client.list_custom_jobs(parent=PARENT, retry=None, timeout=10)


def test_a_client_is_told_when_to_come_back(emulator: Running, client: Any) -> None:
    emulator.fault("JobService.ListCustomJobs", "429", retryAfter=2.5)
    with pytest.raises(exceptions.ResourceExhausted) as caught:
        client.list_custom_jobs(parent=PARENT, retry=None)
    (metadata,) = (value for key, value in caught.value.errors[0].trailing_metadata() if key.endswith("details-bin"))
    info = error_details_pb2.RetryInfo()
    assert status_pb2.Status.FromString(metadata).details[0].Unpack(info)
    assert info.retry_delay.ToTimedelta().total_seconds() == 2.5


def write_until(stop: threading.Event, emulator: Running) -> None:
    """A tail shows what is written after it has begun, which nobody is told."""
    entry = {"logName": "projects/demo/logs/x", "resource": {"type": "global"}, "textPayload": "hello"}
    while not stop.wait(0.1):
        assert emulator.ask("POST", "/v2/entries:write", {"entries": [entry]})[0] == 200


def test_a_stream_is_cut_after_its_first_message(emulator: Running, channel: Any) -> None:
    emulator.fault("logging.entries.tail", "reset-during")
    request = message_class("google.logging.v2.TailLogEntriesRequest")(
        resource_names=["projects/demo"], filter='logName="projects/demo/logs/x"'
    )
    stream = channel.stream_stream(
        "/google.logging.v2.LoggingServiceV2/TailLogEntries",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=message_class("google.logging.v2.TailLogEntriesResponse").FromString,
    )(iter([request]), timeout=20)
    stop = threading.Event()
    writer = threading.Thread(target=write_until, args=(stop, emulator))
    writer.start()
    first = next(stream)
    stop.set()
    writer.join()
    assert first.entries[0].text_payload == "hello"
    with pytest.raises(grpc.RpcError) as caught:
        next(stream)
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
