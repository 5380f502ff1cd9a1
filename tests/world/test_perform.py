from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from submit.errors import ErrorKind, ServiceError
from submit.job import Target
from submit.steps import Call, Step, Upload
from submit.target import Surroundings
from submit.world import files
from submit.world.perform import World, require_posix


@pytest.fixture
def world(tmp_path: Path) -> World:
    around = Surroundings(environ={}, cwd=tmp_path, state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")
    target = Target(backend="local", state_dir=str(around.state_dir), bucket_root=str(tmp_path / "buckets"))
    return World(around, target)


def upload(path: Path, data: bytes) -> Upload:
    return Upload(data=data, to=str(path), digest=hashlib.sha256(data).hexdigest())


def test_an_upload_writes_the_bytes(world: World, tmp_path: Path) -> None:
    world.perform(upload(tmp_path / "a" / "b.tar.gz", b"code"))
    assert (tmp_path / "a" / "b.tar.gz").read_bytes() == b"code"


def test_threads_may_write_the_same_at_once(tmp_path: Path) -> None:
    """A job each, of the same package."""
    data = os.urandom(1 << 20)
    for number in range(20):
        path = tmp_path / str(number) / "b.tar.gz"
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda path: files.write(path, data), [path] * 4))
        assert path.read_bytes() == data
        assert list(path.parent.iterdir()) == [path]


def test_unchanged_code_is_not_uploaded_again(world: World, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    world.perform(upload(path, b"code"))
    first = path.stat()

    world.perform(upload(path, b"code"))

    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns)


def test_an_object_that_was_damaged_is_written_anew(world: World, tmp_path: Path) -> None:
    path = tmp_path / "b.tar.gz"
    path.write_bytes(b"co")
    world.perform(upload(path, b"code"))
    assert path.read_bytes() == b"code"


@pytest.mark.parametrize(
    "step",
    [Call(api="moon", method="land", request={}), Call(api="engine", method="x", request={})],
)
def test_a_step_that_no_door_takes_is_refused(world: World, step: Step) -> None:
    with pytest.raises(ServiceError) as caught:
        world.perform(step)
    assert caught.value.kind is ErrorKind.INTERNAL


def test_where_the_engine_cannot_run_it_says_so() -> None:
    require_posix("posix")
    with pytest.raises(ServiceError, match="the engine needs Linux or macOS"):
        require_posix("nt")
