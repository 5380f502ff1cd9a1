"""Large uploads, by Google's own client, into the storage service of the emulator."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from submit.errors import ErrorKind, ServiceError
from submit.steps import Upload
from submit.world.google import Google
from submit.world.google.large import LARGE_BYTES
from tests.emulator.storage.serving import Service, serve

DATA = os.urandom(1 << 20) * 17


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serve(tmp_path_factory.mktemp("storage")) as running:
        running.make_bucket("stage")
        yield running


def upload(service: Service, name: str) -> list[str]:
    """What was told of its progress."""
    said: list[str] = []
    with closing(Google({"STORAGE_EMULATOR_HOST": service.url}, progress=said.append)) as google:
        digest = hashlib.sha256(DATA).hexdigest()
        google.upload(Upload(data=DATA, to=f"gs://{name}", digest=digest))
    return said


def test_a_large_archive_goes_in_chunks_and_says_how_far_it_is(service: Service) -> None:
    assert len(DATA) > 2 * LARGE_BYTES
    assert upload(service, "stage/big.tar.gz") == [
        "uploaded 8.0 MiB of 17.0 MiB",
        "uploaded 16.0 MiB of 17.0 MiB",
        "uploaded 17.0 MiB of 17.0 MiB",
    ]
    assert (service.buckets / "stage" / "big.tar.gz").read_bytes() == DATA
    assert upload(service, "stage/big.tar.gz") == []


def test_a_large_archive_for_a_bucket_that_is_not_there_is_refused_in_words(service: Service) -> None:
    with pytest.raises(ServiceError, match=r"Cloud Storage, `gs://nowhere/big\.tar\.gz`: ") as caught:
        upload(service, "nowhere/big.tar.gz")
    assert caught.value.kind is ErrorKind.NOT_FOUND
