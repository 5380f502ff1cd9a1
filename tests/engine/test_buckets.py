from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from submit.engine.buckets import bucket_of, make_buckets, with_digests


def test_the_buckets_that_a_job_writes_to_are_made(tmp_path: Path) -> None:
    request = {"job_dir": "gs://team-a/run/1", "base_output_dir": "gs://team-b", "region": "gs://not-this"}
    make_buckets(request, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["team-a", "team-b"]


def test_a_job_dir_that_is_a_folder_makes_no_bucket(tmp_path: Path) -> None:
    make_buckets({"job_dir": "/out", "base_output_dir": None}, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", ["gs://", "gs://../x", "gs://./x", "gs://a/../../x", "gs:///x", "gs://UPPER/x"])
def test_what_names_no_bucket_is_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not name a folder in a bucket"):
        make_buckets({"job_dir": uri}, tmp_path / "root")
    assert list(tmp_path.iterdir()) == []


def test_the_bucket_is_the_first_part_of_a_uri() -> None:
    assert bucket_of("gs://my.bucket-1/a/b") == "my.bucket-1"


def test_a_package_without_a_digest_gets_that_of_the_file(tmp_path: Path) -> None:
    archive = tmp_path / "t.tar.gz"
    archive.write_bytes(b"code")
    known = {"path": "/elsewhere/k.tar.gz", "sha256": "known"}

    request = with_digests({"packages": [known, {"path": str(archive), "sha256": None}]})

    assert request["packages"] == [known, {"path": str(archive), "sha256": hashlib.sha256(b"code").hexdigest()}]


def test_a_package_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read: no such file or directory"):
        with_digests({"packages": [{"path": str(tmp_path / "none"), "sha256": None}]})
