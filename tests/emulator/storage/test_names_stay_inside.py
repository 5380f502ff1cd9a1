"""No name of a bucket or an object leads out of the folder with the data."""

from __future__ import annotations

import os
import random
from pathlib import Path
from urllib.parse import quote

from submit.emulator.storage.folder import Folder
from tests.emulator.storage.serving import Service

PARTS = (
    "..", ".", "", "a", "etc", "passwd", "\0", "n" * 255, "n" * 256, "n" * 700, "日本語", "é", "e\u0301", "~", "$HOME",
    "%2e%2e", "%2F", "C:", "\\", "..\\..", "a b", "con", "*", "?", "-rf", ".storage", "storage.sqlite", "\u202e",
    "\x7f", "link", "loop", "tab\t", "..;", "....", "/", "//", "../../../..", "buckets", "acl", "o",
)  # fmt: skip


def generated(count: int) -> list[str]:
    """Names of one to six parts, the same ones in every run."""
    choose = random.Random(20)
    return ["/".join(choose.choices(PARTS, k=choose.randint(1, 6))) for _ in range(count)]


def outside(service: Service) -> list[str]:
    """Every file around the data, and those of the emulator itself that are no contents."""
    around = service.root.parent
    inside = {service.buckets, *service.buckets.rglob("*")}
    files = [path for path in around.rglob("*") if path not in inside and not path.name.startswith("storage.sqlite")]
    return sorted(str(path) for path in files)


def test_a_thousand_objects_of_hostile_names_stay_in_their_bucket(service: Service, tmp_path: Path) -> None:
    bucket = service.make_bucket("hostile-objects")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "passwd").write_text("untouched")
    (service.buckets / bucket / "link").symlink_to(secret)
    (service.buckets / bucket / "loop").symlink_to(service.buckets / bucket)
    before = outside(service)
    kept: dict[str, bytes] = {}
    for number, name in enumerate(generated(1000)):
        content = str(number).encode()
        answer = service.put(bucket, quote(name, safe=""), content)
        assert answer.status in (200, 400), (name, answer)
        if answer.status == 200:
            kept[name] = content
    assert outside(service) == before
    assert [path.name for path in secret.iterdir()] == ["passwd"]
    assert (secret / "passwd").read_text() == "untouched"
    assert {path.name for path in service.buckets.iterdir()} == {bucket, ".storage"}
    assert len(kept) > 600
    for name, content in kept.items():
        answer = service.call("GET", f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media")
        assert (answer.status, answer.body) == (200, content), name


def test_reading_hostile_names_finds_nothing(service: Service) -> None:
    bucket = service.make_bucket("hostile-reads")
    for name in ("../../storage.sqlite", "/etc/passwd", "../.storage/incoming", "a/../../x", "\0"):
        encoded = quote(name, safe="")
        assert service.call("GET", f"/storage/v1/b/{bucket}/o/{encoded}?alt=media").status == 404
        assert service.call("GET", f"/{bucket}/{encoded}").status == 404
        assert service.call("GET", f"/{bucket}/{name.replace(chr(0), '%00')}").status == 404


def test_names_of_buckets_that_are_paths_are_refused(service: Service) -> None:
    names = ("..", ".", ".storage", "../x", "/etc", "a/b", "UPPER", "é-bucket", "x", "a" * 300, "a\0b", "-ab", "ab\n")
    before = outside(service)
    for name in names:
        assert service.call("POST", "/storage/v1/b?project=demo", {"name": name}).status == 400, name
        assert service.call("GET", f"/storage/v1/b/{quote(name, safe='')}/o").status == 400, name
        assert service.put(quote(name, safe=""), "x", b"x").status == 400, name
    assert outside(service) == before


def test_links_in_a_bucket_are_neither_followed_nor_listed(service: Service, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("secret")
    folder = service.buckets / bucket
    (folder / "file").symlink_to(tmp_path / "passwd")
    (folder / "folder").symlink_to(tmp_path)
    assert "items" not in service.call("GET", f"/storage/v1/b/{bucket}/o").json
    assert "items" not in service.call("GET", f"/storage/v1/b/{bucket}/o?prefix=folder/").json
    for name in ("file", "folder%2Fpasswd"):
        assert service.call("GET", f"/storage/v1/b/{bucket}/o/{name}?alt=media").status == 404
        assert service.put(bucket, name, b"new").status == 200
        assert service.call("GET", f"/storage/v1/b/{bucket}/o/{name}?alt=media").body == b"new"
        assert service.call("DELETE", f"/storage/v1/b/{bucket}/o/{name}").status == 204
    assert (tmp_path / "passwd").read_text() == "secret"


def test_a_folder_that_becomes_a_link_takes_its_objects_away(service: Service, bucket: str, tmp_path: Path) -> None:
    service.put(bucket, "run%2Fmodel", b"mine")
    folder = service.buckets / bucket / "run"
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert service.call("GET", f"/storage/v1/b/{bucket}/o/run%2Fmodel?alt=media").status == 404


def test_a_bucket_that_is_a_link_is_none(service: Service, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("secret")
    (service.buckets / "linked-bucket").symlink_to(tmp_path)
    try:
        assert service.call("GET", "/storage/v1/b/linked-bucket").status == 404
        assert service.call("GET", "/linked-bucket/x").status == 404
    finally:
        (service.buckets / "linked-bucket").unlink()


def test_names_are_paths_where_they_can_be(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / "bucket").mkdir()
    assert folder.path_of("bucket", "a/b.txt") == Path(os.path.realpath(tmp_path)) / "bucket" / "a" / "b.txt"
    for name in ("a//b", "/a", "a/", "../a", "a/./b", "a\0", "n" * 256):
        assert folder.path_of("bucket", name) is None, name
