"""google-cloud-storage, as it is, is the judge."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage import transfer_manager

from tests.emulator.storage.serving import Service

PART = 256 * 1024
ANONYMOUS: Any = AnonymousCredentials


@pytest.fixture
def client(service: Service) -> Iterator[Any]:
    options = {"api_endpoint": service.url}
    with_endpoint = storage.Client(project="demo", credentials=ANONYMOUS(), client_options=options)
    yield with_endpoint
    with_endpoint.close()


@pytest.fixture
def box(client: Any, bucket: str) -> Any:
    return client.bucket(bucket)


def test_buckets_are_made_once_listed_by_prefix_and_deleted(client: Any) -> None:
    made = client.create_bucket("client-made", location="europe-west4")
    assert (made.location, made.location_type, made.storage_class) == ("EUROPE-WEST4", "region", "STANDARD")
    with pytest.raises(Conflict):
        client.create_bucket("client-made", retry=None)
    assert [found.name for found in client.list_buckets(prefix="client-")] == ["client-made"]
    made.labels = {"team": "vision"}
    made.patch()
    assert client.get_bucket("client-made").labels == {"team": "vision"}
    made.delete()
    assert client.lookup_bucket("client-made") is None


def test_policies_are_kept(box: Any) -> None:
    policy = box.get_iam_policy()
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {"allUsers"}})
    box.set_iam_policy(policy)
    assert list(box.get_iam_policy()) == ["roles/storage.objectViewer"]
    assert box.test_iam_permissions(["storage.objects.get"]) == ["storage.objects.get"]


@pytest.mark.parametrize("size", [0, 1, PART, 2 * PART, 2 * PART + 17])
@pytest.mark.parametrize("chunk_size", [None, PART], ids=["one request", "resumable"])
def test_what_goes_up_comes_down(box: Any, size: int, chunk_size: int | None) -> None:
    content = os.urandom(size)
    box.blob("x", chunk_size=chunk_size).upload_from_file(io.BytesIO(content), content_type="application/x-thing")
    found = box.get_blob("x")
    assert (found.size, found.content_type) == (size, "application/x-thing")
    assert found.download_as_bytes() == content


def test_a_stream_of_unknown_length_goes_up(box: Any) -> None:
    content = os.urandom(2 * PART)
    with box.blob("x").open("wb", chunk_size=PART) as file:
        file.write(content)
    assert box.blob("x").download_as_bytes() == content


def test_ranges_come_down(box: Any) -> None:
    box.blob("x").upload_from_string(bytes(range(100)))
    assert box.blob("x").download_as_bytes(start=10, end=19) == bytes(range(10, 20))
    assert box.blob("x").download_as_bytes(start=-7) == bytes(range(93, 100))


def test_names_of_all_kinds_are_kept(box: Any) -> None:
    names = [
        "a b/ü%2F?#&+.txt",
        "x//y",
        "sp/../w",
        "n" * 900,
        "日本/語",
        "a%20b",
        "/lead",
        "folder/",
        "nn/acl",
        "tab\tq",
    ]
    for name in names:
        box.blob(name).upload_from_string(name)
        assert box.get_blob(name).download_as_text() == name
    assert [found.name for found in box.list_blobs()] == sorted(names, key=str.encode)


def test_only_one_of_many_that_create_the_same_object_wins(box: Any) -> None:
    def create(number: int) -> bool:
        try:
            box.blob("race").upload_from_string(str(number), if_generation_match=0, retry=None)
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(16))) == 1


def test_preconditions_hold_for_every_change(box: Any) -> None:
    blob = box.blob("x")
    blob.upload_from_string(b"1")
    wrong = {"if_generation_match": 5, "retry": None}
    box.blob("y").upload_from_string(b"2")
    changes: list[Callable[[], object]] = [
        lambda: blob.delete(**wrong),
        lambda: blob.patch(**wrong),
        lambda: blob.update(**wrong),
        lambda: blob.compose([box.blob("y")], **wrong),
        lambda: box.copy_blob(box.blob("y"), box, "x", **wrong),
        lambda: box.copy_blob(box.blob("y"), box, "z", if_source_generation_match=5, retry=None),
        lambda: blob.upload_from_string(b"3", **wrong),
    ]
    for change in changes:
        with pytest.raises(PreconditionFailed):
            change()
    assert blob.download_as_bytes() == b"1"
    assert not box.blob("z").exists()


def test_metadata_changes_count_and_null_removes(box: Any) -> None:
    blob = box.blob("x")
    blob.upload_from_string(b"1")
    blob.metadata = {"a": "1", "b": "2"}
    blob.patch()
    blob.metadata = {"a": None, "c": "3"}
    blob.patch()
    found = box.get_blob("x")
    assert (found.metadata, found.metageneration) == ({"b": "2", "c": "3"}, 3)


def test_copies_keep_metadata_moves_keep_content_composites_have_parts(box: Any) -> None:
    source = box.blob("source")
    source.metadata = {"k": "v"}
    source.upload_from_string(b"abc", content_type="text/x")
    copy = box.copy_blob(source, box, "to/a b")
    assert (copy.metadata, copy.content_type, copy.md5_hash) == ({"k": "v"}, "text/x", source.md5_hash)
    box.move_blob(copy, "moved")
    assert not copy.exists()
    assert box.get_blob("moved").metadata == {"k": "v"}
    with pytest.raises(BadRequest):
        box.move_blob(box.blob("moved"), "moved", retry=None)
    joined = box.blob("joined")
    joined.compose([source, box.blob("moved")])
    found = box.get_blob("joined")
    assert (found.component_count, found.md5_hash, found.download_as_bytes()) == (2, None, b"abcabc")


def test_a_batch_deletes_what_is_there_and_names_what_is_not(client: Any, box: Any) -> None:
    for number in range(3):
        box.blob(f"b/{number}").upload_from_string("x")
    with client.batch():
        for number in range(3):
            box.blob(f"b/{number}").delete()
    assert list(box.list_blobs()) == []
    with pytest.raises(NotFound), client.batch():
        box.blob("none").delete()


def test_large_files_go_up_in_parts(box: Any, tmp_path: Path) -> None:
    content = os.urandom(11 * 1024 * 1024)
    (tmp_path / "large").write_bytes(content)
    transfer_manager.upload_chunks_concurrently(
        str(tmp_path / "large"), box.blob("large"), chunk_size=5 * 1024 * 1024, worker_type="thread"
    )
    found = box.get_blob("large")
    assert (found.component_count, found.md5_hash, found.download_as_bytes()) == (3, None, content)
