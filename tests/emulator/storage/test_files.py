"""The same bucket is `gs://` for clients and a folder for trainers and people."""

from __future__ import annotations

import base64
import hashlib
import os

from tests.emulator.storage.serving import Service


def names(service: Service, bucket: str, query: str = "") -> list[str]:
    items = service.call("GET", f"/storage/v1/b/{bucket}/o?{query}").json.get("items", [])
    return [item["name"] for item in items]


def test_an_object_is_a_file_that_a_person_can_open(service: Service, bucket: str) -> None:
    service.put(bucket, "run%2F1%2Fmodel.txt", b"weights")
    assert (service.buckets / bucket / "run" / "1" / "model.txt").read_bytes() == b"weights"


def test_a_file_written_directly_is_listed_with_its_checksums(service: Service, bucket: str) -> None:
    folder = service.buckets / bucket / "out"
    folder.mkdir()
    (folder / "metrics.json").write_bytes(b"{}")
    [item] = service.call("GET", f"/storage/v1/b/{bucket}/o").json["items"]
    assert item["name"] == "out/metrics.json"
    assert item["size"] == "2"
    assert item["contentType"] == "application/json"
    assert item["md5Hash"] == base64.b64encode(hashlib.md5(b"{}").digest()).decode()


def test_a_file_written_directly_can_be_got_without_a_list(service: Service, bucket: str) -> None:
    (service.buckets / bucket / "x").write_bytes(b"direct")
    assert service.call("GET", f"/storage/v1/b/{bucket}/o/x?alt=media").body == b"direct"


def test_a_change_behind_the_api_is_a_new_generation(service: Service, bucket: str) -> None:
    old = service.put(bucket, "x", b"one").json["generation"]
    (service.buckets / bucket / "x").write_bytes(b"two!")
    new = service.call("GET", f"/storage/v1/b/{bucket}/o/x").json
    assert int(new["generation"]) > int(old)
    assert new["size"] == "4"
    assert service.call("GET", f"/storage/v1/b/{bucket}/o/x?ifGenerationMatch={old}").status == 412


def test_an_unchanged_file_keeps_its_generation(service: Service, bucket: str) -> None:
    (service.buckets / bucket / "x").write_bytes(b"same")
    first = service.call("GET", f"/storage/v1/b/{bucket}/o").json["items"][0]["generation"]
    assert service.call("GET", f"/storage/v1/b/{bucket}/o").json["items"][0]["generation"] == first


def test_a_deleted_file_is_no_object_any_more(service: Service, bucket: str) -> None:
    service.put(bucket, "x", b"1")
    service.put(bucket, "y", b"1")
    (service.buckets / bucket / "x").unlink()
    assert names(service, bucket) == ["y"]
    assert service.call("GET", f"/storage/v1/b/{bucket}/o/x").status == 404


def test_a_deleted_object_leaves_neither_file_nor_folder(service: Service, bucket: str) -> None:
    service.put(bucket, "a%2Fb%2Fc", b"1")
    assert service.call("DELETE", f"/storage/v1/b/{bucket}/o/a%2Fb%2Fc").status == 204
    assert list((service.buckets / bucket).iterdir()) == []


def test_a_folder_made_in_the_root_is_a_bucket(service: Service) -> None:
    (service.buckets / "made-by-hand").mkdir()
    listed = service.call("GET", "/storage/v1/b?project=demo&prefix=made-").json["items"]
    assert [item["name"] for item in listed] == ["made-by-hand"]


def test_a_bucket_with_a_file_cannot_be_deleted(service: Service, bucket: str) -> None:
    (service.buckets / bucket / "x").write_bytes(b"1")
    assert service.call("DELETE", f"/storage/v1/b/{bucket}").status == 409
    assert service.call("DELETE", f"/storage/v1/b/{bucket}/o/x").status == 204
    assert service.call("DELETE", f"/storage/v1/b/{bucket}").status == 204
    assert not (service.buckets / bucket).exists()


def test_a_name_of_a_file_and_of_a_folder_at_once_is_two_objects(service: Service, bucket: str) -> None:
    for name, content in (("f", b"file"), ("f%2Fx", b"child"), ("g%2Fx", b"child"), ("g", b"file")):
        assert service.put(bucket, name, content).status == 200
    assert names(service, bucket) == ["f", "f/x", "g", "g/x"]
    assert service.call("GET", f"/storage/v1/b/{bucket}/o/f%2Fx?alt=media").body == b"child"
    assert service.call("GET", f"/storage/v1/b/{bucket}/o/g?alt=media").body == b"file"


def test_files_whose_names_are_no_text_are_left_alone(service: Service, bucket: str) -> None:
    path = service.buckets / bucket / os.fsdecode(b"\xff\xfe")
    path.touch()
    assert names(service, bucket) == []
    assert service.call("DELETE", f"/storage/v1/b/{bucket}").status == 409
    assert path.exists()
