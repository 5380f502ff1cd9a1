"""The question about jobs' folders, asked with a real shell and find."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from submit.backends.batch import looking
from submit.backends.batch.looking import Folder
from submit.backends.batch.place import Site
from submit.steps import Command


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(host="", folder=str(tmp_path))


def job(site: Site, key: str, files: Mapping[str, str] = {}) -> None:
    folder = Path(site.folder, "jobs", key)
    said = json.dumps({"key": key, "backend": "slurm", "name": key})
    for name, text in {"job.json": said, "task.sh": "exit 3", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def answer(command: Command) -> Mapping[str, Folder]:
    done = subprocess.run(command.argv, input=command.stdin, capture_output=True, text=True, check=True)
    assert not done.stderr
    return looking.folders(done.stdout)


def test_records_cancellation_and_the_schedulers_log_are_found(site: Site) -> None:
    first, second = {"replica": "workerpool0-0", "restart": 0}, {"replica": "workerpool0-0", "restart": 1}
    records = {"records/a.0.json": json.dumps(first), "records/a.1.json": json.dumps(second)}
    job(site, "rich", {**records, "cancelled": "cancelled\n", "cluster.log": "slurmstepd: error\n"})
    job(site, "poor")
    found = answer(looking.look(site, ["rich", "poor", "gone"]))
    assert set(found) == {"rich", "poor"}
    rich, poor = found["rich"], found["poor"]
    assert (rich.job["name"], rich.records, rich.cancelled, rich.log) == (
        "rich",
        [second],
        True,
        "slurmstepd: error",
    )
    assert (poor.job["name"], poor.records, poor.cancelled, poor.log) == ("poor", [], False, "")
    assert 0 <= rich.age_s < 3600


def test_only_the_first_line_of_a_job_is_read(site: Site) -> None:
    job(site, "digits", {"job.json": '{"name": "digits",\n"pools": [{"env": {"TOKEN": "hunter2"}}]}\n'})
    command = looking.look(site, ["digits"])
    done = subprocess.run(command.argv, input=command.stdin, capture_output=True, text=True, check=True)
    assert "hunter2" not in done.stdout
    assert looking.folders(done.stdout)["digits"].job == {"name": "digits"}


def test_a_name_may_have_whatever_ends_a_line_elsewhere(site: Site) -> None:
    names = [f"a{end}b" for end in ("\u2028", "\x85", "\n", "\r", "\f", "\x1c")]
    for number, name in enumerate(names):
        job(site, f"job-{number}", {"job.json": json.dumps({"name": name}, ensure_ascii=False)})
    found = answer(looking.look(site, [f"job-{number}" for number in range(len(names))]))
    assert [found[f"job-{number}"].job["name"] for number in range(len(names))] == names


def told(folder: Folder) -> list[Folder]:
    """Its elements, whenever they were looked at."""
    return [replace(element, age_s=0.0) for element in folder.elements]


def test_of_one_element_alone_no_others_records_are_read(site: Site) -> None:
    records = {f"records/{n}.workerpool0-0.0.json": json.dumps({"replica": "a", "restart": 0}) for n in (1, 7, 17, 71)}
    logs = {f"cluster.{n}.log": f"of {n}\n" for n in (1, 7, 17, 71)}
    job(site, "array", {**records, **logs, "job.json": '{"elements": 99}', "cancelled.7": "", "cancelled.17": ""})
    seventh = answer(looking.look(site, ["array.7"]))["array"]
    whole, both = (answer(looking.look(site, keys))["array"] for keys in (["array"], ["array.7", "array.17"]))
    assert told(whole) == told(both)
    assert told(seventh)[6] == told(whole)[6]
    assert (len(whole.elements[6].records), whole.elements[6].log, whole.elements[6].cancelled) == (1, "of 7", True)
    assert [n for n, each in enumerate(whole.elements, 1) if each.records and each.log] == [1, 7, 17, 71]
    assert [n for n, each in enumerate(seventh.elements, 1) if each.records or each.log] == [7]


def test_what_is_being_written_or_is_the_tasks_own_is_left_out(site: Site) -> None:
    drafts = {"records/a.0.json.node.7": '{"restart": 9}', "records/b.0.json": '{"restart": '}
    own = {
        "tasks/a.0.record.json": '{"restart": 9}',
        "work/x/job.json": "{}",
        "work/cancelled": "",
        "logs/a.jsonl": "{}",
    }
    job(site, "busy", {**drafts, **own})
    found = answer(looking.look(site, ["busy"]))["busy"]
    assert (found.job, found.records, found.cancelled) == (
        {"key": "busy", "backend": "slurm", "name": "busy"},
        [],
        False,
    )


def test_a_log_may_say_anything(site: Site) -> None:
    says = "file 1.0 other/cancelled\nother/job.json:{}\n"
    job(site, "one", {"cluster.log": f"{says}no end of line"})
    job(site, "other", {"cluster.log": f"{'x' * 5000}{says}", "cancelled": ""})
    job(site, "none", {"cluster.log": ""})
    found = answer(looking.look(site, ["one", "other", "none"]))
    assert [found[key].cancelled for key in ("one", "other", "none")] == [False, True, False]
    assert found["one"].log == f"{says}no end of line"
    assert found["other"].log == f"{'x' * (1000 - len(says))}{says}".strip()
    assert found["none"].log == ""


def test_many_jobs_take_more_than_one_start_of_a_program(site: Site) -> None:
    """What several of them print does not mix."""
    keys = [f"{'long' * 40}-{number:05}" for number in range(1200)]
    for key in keys:
        job(site, key, {"cluster.log": f"of {key}", "records/a.0.json": json.dumps({"restart": 0, "of": key})})
    found = answer(looking.look(site, keys))
    assert set(found) == set(keys)
    assert all(found[key].log == f"of {key}" and found[key].records[0]["of"] == key for key in keys)


def test_the_newest_of_one_backend_are_found_without_their_keys(site: Site) -> None:
    """Another has the same folder, and labels say what they like."""
    theirs = {"key": "theirs", "backend": "gridengine", "labels": {"key": "a", "backend": "slurm"}}
    job(site, "theirs", {"job.json": json.dumps(theirs)})
    for number, key in enumerate(("old", "older", "new")):
        job(site, key)
        os.utime(Path(site.folder, "jobs", key, "job.json"), (1000 - 10 * number,) * 2)
    os.utime(Path(site.folder, "jobs/new/job.json"), (2000, 2000))
    assert list(answer(looking.newest(site, 2, "slurm"))) == ["new", "old"]
    assert answer(looking.newest(Site(host="", folder=f"{site.folder}/nowhere"), 2, "slurm")) == {}
