"""Hostile names where objects are made of objects, and in the XML API: none leads out of the folder with the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.emulator.storage.serving import Answer, Service
from tests.emulator.storage.test_names_stay_inside import generated, outside

SECRET = b"untouched"


@pytest.fixture
def hostile(service: Service, bucket: str, tmp_path: Path) -> str:
    """A bucket with an object `source`, and with links: to a file and a folder outside, and to itself."""
    (tmp_path / "passwd").write_bytes(SECRET)
    folder = service.buckets / bucket
    service.put(bucket, "source", b"content")
    (folder / "link").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder)
    (folder / "file").symlink_to(tmp_path / "passwd")
    return bucket


def encoded(name: str) -> str:
    return quote(name, safe="")


def copied(service: Service, bucket: str, name: str) -> Answer:
    return service.call("POST", f"/storage/v1/b/{bucket}/o/source/copyTo/b/{bucket}/o/{encoded(name)}")


def rewritten(service: Service, bucket: str, name: str) -> Answer:
    return service.call("POST", f"/storage/v1/b/{bucket}/o/source/rewriteTo/b/{bucket}/o/{encoded(name)}")


def composed(service: Service, bucket: str, name: str) -> Answer:
    body = {"sourceObjects": [{"name": "source"}]}
    return service.call("POST", f"/storage/v1/b/{bucket}/o/{encoded(name)}/compose", body)


def moved(service: Service, bucket: str, name: str) -> Answer:
    service.put(bucket, "moved", b"content")
    return service.call("POST", f"/storage/v1/b/{bucket}/o/moved/moveTo/o/{encoded(name)}")


def put_by_xml(service: Service, bucket: str, name: str) -> Answer:
    return service.call("PUT", f"/{bucket}/{encoded(name)}", b"content")


def put_by_xml_as_it_is(service: Service, bucket: str, name: str) -> Answer:
    """Slashes and dots are not encoded, so that the path itself has them."""
    return service.call("PUT", f"/{bucket}/{quote(name, safe='/.')}", b"content")


@pytest.mark.parametrize("write", [copied, rewritten, composed, moved, put_by_xml, put_by_xml_as_it_is])
def test_what_is_written_stays_in_its_bucket(
    service: Service, hostile: str, tmp_path: Path, write: Callable[[Service, str, str], Answer]
) -> None:
    before = outside(service)
    kept = 0
    for name in [*generated(200), "link/passwd", "link/new", "loop/x", "file", "../x", "\ud7ff", "x" * 1025]:
        answer = write(service, hostile, name)
        assert answer.status in (200, 400, 404, 501), (name, answer)
        kept += answer.status == 200
    assert kept > 100
    assert outside(service) == before
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == {"passwd": SECRET}


@pytest.mark.parametrize("name", ["link/passwd", "file", "../../storage.sqlite", "/etc/passwd", "a/../../x", "\0"])
def test_nothing_outside_becomes_an_object(service: Service, hostile: str, name: str) -> None:
    source = f"/storage/v1/b/{hostile}/o/{encoded(name)}"
    for verb in (f"copyTo/b/{hostile}/o/got", f"rewriteTo/b/{hostile}/o/got", "moveTo/o/got"):
        assert service.call("POST", f"{source}/{verb}").status == 404, verb
    body = {"sourceObjects": [{"name": "source"}, {"name": name}]}
    assert service.call("POST", f"/storage/v1/b/{hostile}/o/got/compose", body).status == 404
    assert service.call("GET", f"/{hostile}/{encoded(name)}").status == 404
    assert not (service.buckets / hostile / "got").exists()


@pytest.mark.parametrize("bucket", ["..", "%2e%2e", ".storage", "%00", "a%2fb", "x" * 300, "%ff"])
def test_no_bucket_outside_is_written_by_xml(service: Service, bucket: str) -> None:
    before = outside(service)
    assert service.call("PUT", f"/{bucket}/x", b"content").status in (400, 404, 501)
    assert outside(service) == before
