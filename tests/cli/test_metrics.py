"""`submit jobs metrics` of jobs that really ran."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.project import Project

LOSSES = """
import json
for step in range(5):
    print(f"step={step} loss={1 / (step + 1)}")
    print(json.dumps({"message": "eval", "step": step, "accuracy": step / 4}))
"""


@pytest.fixture
def trained(project: Project) -> Project:
    project.trainer(LOSSES)
    assert project.submit("train", "--job-name", "trained").code == 0
    return project


def test_the_numbers_of_a_job_as_table_csv_json_and_plot(trained: Project) -> None:
    lines = trained.submit("jobs", "metrics", "trained").out.splitlines()
    assert [line.split() for line in lines] == [
        ["METRIC", "REPLICA", "COUNT", "FIRST", "LAST", "MIN", "MAX", "LAST", "STEP"],
        ["loss", "workerpool0-0", "5", "1", "0.2", "0.2", "1", "4"],
        ["accuracy", "workerpool0-0", "5", "0", "1", "0", "1", "4"],
    ]

    rows = list(csv.DictReader(io.StringIO(trained.submit("jobs", "metrics", "trained", "--format", "csv").out)))
    assert [(row["step"], row["metric"], row["value"]) for row in rows[:3]] == [
        ("0", "loss", "1"),
        ("0", "accuracy", "0"),
        ("1", "loss", "0.5"),
    ]
    assert len(rows) == 10

    text = trained.submit("jobs", "metrics", "trained", "--format", "json", "--metric", "accuracy").out
    found = [json.loads(line) for line in text.splitlines()]
    assert [(item["step"], item["metrics"]) for item in found] == [(n, {"accuracy": n / 4}) for n in range(5)]

    drawn = trained.submit("jobs", "metrics", "trained", "--plot", "--metric", "loss").out.splitlines()
    assert drawn[0] == "loss  workerpool0-0"
    assert drawn[1].startswith("  1 │")
    assert drawn[10].startswith("0.2 │")


def test_a_job_without_numbers_says_so(project: Project) -> None:
    project.trainer("print('hello')")
    project.submit("train", "--job-name", "mute")
    done = project.submit("jobs", "metrics", "mute")
    assert (done.code, done.out, done.err) == (0, "", "there are no numbers in the log\n")


def test_a_metric_that_is_not_there_is_told(trained: Project) -> None:
    for output in ("table", "csv", "json"):
        done = trained.submit("jobs", "metrics", "trained", "--metric", "los", "--format", output)
        assert (done.code, done.err) == (0, "there is no metric `los`; did you mean `loss`?\n")
        assert "loss" not in done.out


def test_data_for_programs_is_not_drawn(trained: Project) -> None:
    done = trained.submit("jobs", "metrics", "trained", "--plot", "--format", "csv")
    assert (done.code, done.out) == (2, "")
    assert "--plot: `--format csv` is not drawn" in done.err


HOSTILE = r"""
import json
print("step=nan loss=3 id=1_ part=1__2")
print(json.dumps({"step": 5, "\x1b]0;title\x07": 1, "\ud800": 2, "two\nlines": 3}))
"""


def test_whatever_a_trainer_calls_its_numbers_is_shown_and_stays_data(project: Project) -> None:
    project.trainer(HOSTILE)
    project.submit("train", "--job-name", "hostile")
    for options in ((), ("--plot",)):
        done = project.submit("jobs", "metrics", "hostile", *options)
        assert (done.code, done.err) == (0, "")
        assert "\x1b" not in done.out
        assert r"\ud800" in done.out

    rows = list(csv.reader(io.StringIO(project.submit("jobs", "metrics", "hostile", "--format", "csv").out)))
    shown = [row[3:] for row in rows if row[4] in ("loss", "two\nlines")]
    assert shown == [["nan", "loss", "3"], ["5", "two\nlines", "3"]]

    def refuse(word: str) -> None:
        raise AssertionError(word)

    lines = project.submit("jobs", "metrics", "hostile", "--format", "json").out.splitlines()
    assert [json.loads(line, parse_constant=refuse)["step"] for line in lines] == ["nan", 5]
