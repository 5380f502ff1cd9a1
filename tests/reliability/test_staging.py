"""What is staged is whole, or is not used: real uploads into a real bucket."""

from __future__ import annotations

import hashlib
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from bench.reliability.site import Site

TRAIN = ("train", "--backend", "vertex", "--staging-bucket", "gs://staging", "--async")


def package(here: Site) -> tuple[str, bytes]:
    """The object of the site's only package, and its bytes."""
    (found,) = {name: data for name, data in here.objects() if "/trainer-" in name}.items()
    return found


def is_whole(name: str, data: bytes) -> bool:
    return hashlib.sha256(data).hexdigest() == name.split("/")[-2]


def overwrite(here: Site, name: str, data: bytes) -> None:
    path = f"/upload/storage/v1/b/staging/o?uploadType=media&name={urllib.parse.quote(name, safe='')}"
    headers = {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(here.url + path, data=data, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("damage", [b"", b"other code", None], ids=["emptied", "changed", "half"])
def test_an_object_that_is_not_as_it_was_is_never_used(here: Site, damage: bytes | None) -> None:
    assert here.submit(*TRAIN).code == 0
    name, data = package(here)
    assert is_whole(name, data)
    overwrite(here, name, data[: len(data) // 2] if damage is None else damage)

    assert here.submit(*TRAIN).code == 0

    assert is_whole(*package(here))


def test_two_submitters_of_the_same_package_are_both_right(here: Site) -> None:
    (here.project / "trainer/new.py").write_text("new = True\n")
    try:
        workers = [here.start(here.command(*TRAIN)) for _ in range(4)]
        ends = [worker.communicate(timeout=120) for worker in workers]
    finally:
        (here.project / "trainer/new.py").unlink()
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0], ends
    assert all(is_whole(name, data) for name, data in here.objects() if "/trainer-" in name)


def test_an_archive_that_was_changed_after_the_submission_is_refused_on_the_machine_that_runs_it(
    here: Site, tmp_path: Path
) -> None:
    env = {"SUBMIT_STATE_DIR": str(tmp_path / "state"), "SUBMIT_LOCAL_CONCURRENCY": "1"}
    first = here.submit("train", "--async", "--", "--seconds", "100000", env=env).out.strip()
    (here.project / "trainer/new.py").write_text("new = False\n")
    try:
        second = here.submit("train", "--async", env=env).out.strip()
    finally:
        (here.project / "trainer/new.py").unlink()
    for archive in (tmp_path / "state/staging").rglob("trainer-*"):
        archive.write_bytes(archive.read_bytes() + b"more")
    assert here.submit("jobs", "cancel", first, env=env).code == 0
    assert here.submit("jobs", "wait", second, env=env).code == 1
    job = here.submit("jobs", "describe", second, "--format", "json", env=env).json
    assert job["cause"] == "environment"
    assert "is not the one that was submitted: its sha256 is" in job["message"]
