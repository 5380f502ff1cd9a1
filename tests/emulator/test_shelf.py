from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from submit.emulator.shelf import Shelf
from submit.engine import Engine
from submit.errors import ServiceError


@pytest.fixture
def engine(tmp_path: Path, cache: Path) -> Iterator[Engine]:
    """One whose only place is taken by a job that waits, so that the others stay queued."""
    made = Engine(tmp_path / "engine", cache=cache, bucket_root=tmp_path / "buckets", concurrency=1)
    yield made
    for job in made.list():
        made.cancel(str(job["id"]))
    made.close()


def create(engine: Engine, name: str, submission: str = "1") -> None:
    container: Any = {"image": "none", "command": []}
    pool: Any = {"role": "chief", "replicas": 1, "module": None, "container": container, "args": []}
    client: Any = {"kind": "jobs", "name": f"projects/p/jobs/{name}", "body": {"displayName": f"{name} {submission}"}}
    engine.create({"id": name, "submission_id": submission, "pools": [pool], "client": client})


def end(engine: Engine, name: str) -> None:
    engine.cancel(name)
    while engine.get([name])[0]["state"] not in ("CANCELLED", "FAILED"):
        pass


def shown(shelf: Shelf) -> list[Any]:
    return [job["client"]["body"]["displayName"] for job in shelf.all()]


def test_all_jobs_newest_first_with_what_their_clients_said(engine: Engine) -> None:
    shelf = Shelf(engine)
    assert shelf.all() == []
    create(engine, "a")
    assert shown(shelf) == ["a 1"]
    create(engine, "b")
    assert shown(shelf) == ["b 1", "a 1"]
    assert shown(Shelf(engine)) == ["b 1", "a 1"]


def test_where_they_stand_is_read_each_time(engine: Engine) -> None:
    shelf = Shelf(engine)
    create(engine, "a")
    shelf.all()
    end(engine, "a")
    (job,) = shelf.all()
    (whole,) = engine.get(["a"])
    assert {key: job[key] for key in ("state", "end_time", "log")} == {
        key: whole[key] for key in ("state", "end_time", "log")
    }


def test_a_name_that_is_used_again_is_another_job(engine: Engine) -> None:
    shelf = Shelf(engine)
    create(engine, "a")
    shelf.all()
    end(engine, "a")
    engine.delete("a")
    create(engine, "a", "2")
    assert shown(shelf) == ["a 2"]


def test_a_store_that_was_rebuilt_is_read_anew(engine: Engine, tmp_path: Path) -> None:
    """Its jobs have other numbers."""
    shelf = Shelf(engine)
    for name in "abc":
        create(engine, name)
    end(engine, "a")
    engine.delete("a")
    assert shown(shelf) == ["c 1", "b 1"]
    for path in (tmp_path / "engine").glob("jobs.sqlite3*"):
        path.write_bytes(b"damaged" * 1000)
    with pytest.raises(ServiceError, match="damaged"):
        Engine(tmp_path / "engine", cache=tmp_path, bucket_root=tmp_path, concurrency=1)
    assert shown(shelf) == ["c 1", "b 1"]
