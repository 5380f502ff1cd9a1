"""A flag is a parameter of `submit.train` and, if it is a key of the config, a change of it."""

from __future__ import annotations

from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import submit
from submit import config
from submit.cli.train import train
from submit.errors import UsageError
from submit.flags import Flags, request_of
from submit.job import Config
from submit.steps import Call, Upload
from tests.project import Project

OF_THE_COMMAND_LINE_ALONE = {"detach", "dry_run", "output", "debug", "no_preflight"}
"""`--async` is what `submit.train` always does, `--dry-run` is `submit.preview`, the rest is about printing."""


def loaded(flags: Flags) -> Config:
    found = config.empty(overrides=tuple(request_of(flags).keys), today=datetime.now(UTC).date())
    assert found.config is not None, found.problems
    return found.config


def test_every_flag_is_a_parameter_and_every_parameter_is_a_flag() -> None:
    options = {parameter.name for parameter in train.params}
    assert options - OF_THE_COMMAND_LINE_ALONE == set(Flags.__annotations__) - {"args", "preflight"}


def test_flags_are_keys_of_the_config_whatever_is_in_them() -> None:
    strange = 'a "b" \\ c:\t{d}, #é☃\n'
    job = loaded(
        {
            "labels": {"team": "vision"},
            "env": {"STRANGE": strange, "EMPTY": "", "NOTHING": "null"},
            "region": "europe-west4",
            "job_dir": "gs://bucket/out",
            "scale_tier": "basic-gpu",
            "runtime_version": "2.10",
            "python_version": "3.7",
        }
    )
    assert job.env == {"STRANGE": strange, "EMPTY": "", "NOTHING": "null"}
    assert (job.labels, job.region, job.job_dir) == ({"team": "vision"}, "europe-west4", "gs://bucket/out")
    assert (job.runtime_version, job.python_version) == ("2.10", "3.7")
    assert job.pools[0].machine.accelerator_count == 1


@pytest.mark.parametrize("flags", [Flags(labels={"a.b": "c"}), Flags(env={"a.b": "c"})])
def test_a_name_that_would_lead_elsewhere_is_refused(flags: Flags) -> None:
    with pytest.raises(UsageError, match=r"`a\.b` cannot be a name"):
        request_of(flags)


def test_a_preview_is_the_steps_of_the_job_and_leaves_nothing(project: Project) -> None:
    project.trainer("print(options.arg)")
    state = Path(project.environ["SUBMIT_STATE_DIR"])
    with chdir(project.folder):
        upload, create = submit.preview(args=["--arg=1"], job_name="first", labels={"a": "b"}, state_dir=state)
    assert isinstance(upload, Upload)
    assert isinstance(create, Call)
    assert (create.request["id"], create.request["labels"]) == ("first", {"a": "b"})
    assert not state.exists()


def test_a_job_is_submitted_followed_and_ended_from_python(project: Project) -> None:
    project.trainer('print("learned", options.arg)')
    state = project.environ["SUBMIT_STATE_DIR"]
    with chdir(project.folder):
        job = submit.train(args=["--arg=7"], job_name="python", state_dir=state)
    assert "learned 7" in [entry.message for entry in job.logs()]
    assert job.wait().state == "SUCCEEDED"
    assert [status.handle for status in submit.jobs.list_jobs(state="SUCCEEDED", state_dir=state)] == [job.handle]
    (step,) = submit.jobs.get("python", state_dir=state).delete(dry_run=True)
    assert isinstance(step, Call)
    assert (step.method, step.request, job.status().name) == ("jobs.delete", {"ids": ["python"]}, "python")
    assert list(job.delete()) == [step]
    assert submit.jobs.list_jobs(state_dir=state) == []


def test_a_parameter_that_does_not_exist_is_refused() -> None:
    unknown: Any = {"job_nmae": "x"}
    with pytest.raises(TypeError, match="`job_nmae`"):
        submit.train(**unknown)
