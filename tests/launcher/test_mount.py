"""Buckets at /gcs, in a file system view that only the trainer has."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.launcher.conftest import LINUX, Replica, alive, wait_until

WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]  # of root: a user namespace is left


def can_mount(prefix: list[str]) -> bool:
    """Whether the kernel lets us do what the launcher does, tried on its own."""
    unshare = ["unshare", "--mount"] if not prefix and os.getuid() == 0 else ["unshare", "--user", "--mount"]
    needed = {*prefix[:1], "unshare"}
    if not LINUX or any(shutil.which(tool) is None for tool in needed) or (prefix and os.getuid() != 0):
        return False
    return subprocess.run([*prefix, *unshare, "true"], capture_output=True, check=False).returncode == 0


def way(prefix: list[str], name: str) -> object:
    refused = pytest.mark.skipif(not can_mount(prefix), reason="the kernel does not allow it here")
    return pytest.param(prefix, marks=refused, id=name)


WAYS = [way([], "as we are"), way(WITHOUT_RIGHTS, "in a user namespace")]

LOOKS_AROUND = """
import json, os, pathlib
pathlib.Path('/gcs/bucket/written').write_text('by the trainer')
try:
    pathlib.Path('/stray').write_text('')
    stray = 'written'
except OSError as error:
    stray = type(error).__name__
print(json.dumps({"message": {
    'root': os.environ['GCS_ROOT'], 'read': pathlib.Path('/gcs/bucket/data').read_text(), 'entries': os.listdir('/'),
    'cwd': os.getcwd(), 'user': os.getuid(), 'stray': stray, 'files': os.listdir('.'),
    'proc': os.path.exists('/proc/self/status'), 'tmp': os.path.exists(os.environ['SEEN']),
}}))
"""


@pytest.fixture
def with_bucket(replica: Replica, tmp_path: Path) -> Replica:
    bucket = tmp_path / "buckets/bucket"
    bucket.mkdir(parents=True)
    (bucket / "data").write_text("from the bucket")
    replica.task |= {"bucket_root": str(bucket.parent), "job_dir": "gs://bucket/out", "env": {"SEEN": str(bucket)}}
    return replica


def root_and_mounts() -> tuple[list[str], str]:
    return sorted(path.name for path in Path("/").iterdir()), Path("/proc/self/mounts").read_text()


@pytest.mark.parametrize("prefix", WAYS)
def test_the_trainer_sees_its_buckets_at_gcs_and_nobody_else_does(with_bucket: Replica, prefix: list[str]) -> None:
    before = root_and_mounts()
    with_bucket.write_trainer(LOOKS_AROUND)
    with_bucket.prefix = prefix

    assert with_bucket.run() == 0, with_bucket.output()

    seen = json.loads(with_bucket.output()[0])
    assert (seen["root"], seen["read"], seen["stray"]) == ("/gcs", "from the bucket", "OSError")
    assert sorted(set(seen["entries"]) | {"gcs"}) == sorted(set(before[0]) | {"gcs"})
    assert (seen["cwd"], seen["user"], "trainer.py" in seen["files"]) == (with_bucket.task["cwd"], os.getuid(), True)
    assert (seen["proc"], seen["tmp"]) == (True, True)
    assert Path(with_bucket.task["bucket_root"], "bucket/written").read_text() == "by the trainer"
    assert root_and_mounts() == before


@pytest.mark.parametrize("prefix", WAYS)
def test_such_a_trainer_dies_with_its_launcher_too(with_bucket: Replica, prefix: list[str]) -> None:
    with_bucket.write_trainer("import os, time; print(os.environ['GCS_ROOT'], os.getpid()); time.sleep(60)")
    with_bucket.prefix = prefix
    with_bucket.start()
    wait_until(lambda: bool(with_bucket.output()))
    root, pid = with_bucket.output()[0].split()
    assert root == "/gcs"

    assert with_bucket.process
    os.kill(with_bucket.process.pid, signal.SIGKILL)
    with_bucket.wait()

    wait_until(lambda: not alive(int(pid)), 2)


def test_where_it_cannot_be_mounted_the_trainer_is_told_of_the_folder(with_bucket: Replica, tmp_path: Path) -> None:
    with_bucket.task["bucket_root"] = str(tmp_path / "gone")
    with_bucket.write_trainer("import os; print(os.environ['GCS_ROOT'], os.path.exists('/gcs/bucket'))")

    assert with_bucket.run() == 0

    assert with_bucket.output() == [f"{tmp_path}/gone False"]


def test_a_job_that_does_not_speak_of_buckets_is_not_moved(with_bucket: Replica) -> None:
    with_bucket.task |= {"job_dir": None, "env": {}}
    with_bucket.write_trainer("import os; print(os.environ['GCS_ROOT'])")

    assert with_bucket.run() == 0

    assert with_bucket.output() == [with_bucket.task["bucket_root"]]
