"""Google's own clients when the emulator fails on request: their retries are what users of the cloud rely on."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.aiplatform_v1 import JobServiceClient

from tests.emulator.control.conftest import PARENT, Running

CHUNK = 256 << 10
CONTENT = os.urandom(3 * CHUNK)


@pytest.fixture
def bucket(emulator: Running) -> Iterator[Any]:
    options = {"api_endpoint": emulator.endpoints.url}
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    client = storage.Client(project="demo", credentials=credentials, client_options=options)
    yield client.create_bucket(f"bucket-{uuid.uuid4().hex}")
    client.close()


@pytest.mark.parametrize("answer", ["503", "429", "reset", "reset-after", "reset-during"])
@pytest.mark.parametrize("after", [0, 2], ids=["at its begin", "in its middle"])
def test_a_resumable_upload_arrives_whole(emulator: Running, bucket: Any, answer: str, after: int) -> None:
    blob = bucket.blob("large", chunk_size=CHUNK)
    emulator.fault("storage.objects.insert", answer, after=after)
    blob.upload_from_file(io.BytesIO(CONTENT), if_generation_match=0)
    assert emulator.control("GET", "/faults")["faults"] == [], "it has struck"
    assert blob.download_as_bytes() == CONTENT


# The library leaves the connection that was cut to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("answer", ["503", "reset", "reset-during"])
def test_a_download_arrives_whole(emulator: Running, bucket: Any, answer: str) -> None:
    blob = bucket.blob("large")
    blob.upload_from_string(CONTENT)
    emulator.fault("storage.objects.get", answer)
    assert blob.download_as_bytes() == CONTENT
    assert emulator.control("GET", "/faults")["faults"] == []


def test_a_client_of_vertex_ai_tries_what_it_was_told_to(emulator: Running) -> None:
    options = {"api_endpoint": emulator.endpoints.url}
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    client: Any = JobServiceClient(transport="rest", credentials=credentials, client_options=options)
    emulator.fault("aiplatform.customJobs.list", "503", count=2)
    retry = Retry(lambda error: isinstance(error, exceptions.ServiceUnavailable), initial=0.01)
    assert list(client.list_custom_jobs(parent=PARENT, retry=retry)) == []
    emulator.fault("aiplatform.customJobs.list", "503")
    with pytest.raises(exceptions.ServiceUnavailable, match="currently unavailable"):
        client.list_custom_jobs(parent=PARENT)
