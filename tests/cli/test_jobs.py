"""The verbs over jobs that exist, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.project import Project, wait_until

FAILS = """
    print("about to fail")
    raise ValueError("the loss is not a number")
"""


def test_one_job_is_an_object_and_several_are_a_list(project: Project) -> None:
    project.trainer("pass")
    for name in ("one", "two"):
        project.submit("train", "--job-name", name)
    for verb in ("describe", "wait", "cancel"):
        assert project.submit("jobs", verb, "local://one", "--format", "json").json["state"] == "SUCCEEDED"
        both = project.submit("jobs", verb, "one", "local://two", "one", "--format", "yaml").out
        assert [job["handle"] for job in yaml.safe_load(both)] == ["local://one", "local://two"]
    assert project.submit("jobs", "delete", "one", "--format", "json").json == {
        "handle": "local://one",
        "deleted": True,
    }


def test_what_fails_for_one_job_does_not_keep_the_others(project: Project) -> None:
    project.trainer("pass")
    project.submit("train", "--job-name", "there")
    done = project.submit("jobs", "delete", "missing", "there", "--format", "json")
    assert (done.code, done.json) == (3, {"handle": "local://there", "deleted": True})
    assert "error: there is no job `missing`" in done.err
    assert project.submit("jobs", "list", "--format", "json").json == []


def test_cancel_says_what_became_of_the_job(project: Project) -> None:
    project.trainer('print("started", flush=True); time.sleep(60)')
    project.submit("train", "--async", "--job-name", "long")
    wait_until(lambda: "started" in project.messages("long"))
    assert project.submit("jobs", "cancel", "long", "--dry-run").code == 0
    assert project.describe("long")["state"] == "RUNNING"
    assert project.submit("jobs", "cancel", "long").err in ("cancelling local://long\n", "cancelled local://long\n")
    assert project.submit("jobs", "wait", "long").code == 1
    assert project.submit("jobs", "cancel", "long").err == "cancelled local://long\n"


def test_a_state_is_looked_for_among_all_jobs_and_not_only_the_newest(project: Project) -> None:
    project.trainer("sys.exit(options.arg)")
    project.submit("train", "--job-name", "fails", "--", "--arg=3")
    for name in ("one", "two"):
        project.submit("train", "--job-name", name)
    found = project.submit("jobs", "list", "--limit", "1", "--state", "failed", "--format", "json").json
    assert [job["name"] for job in found] == ["fails"]
    cut = project.submit("jobs", "list", "--limit", "2")
    assert (len(cut.out.splitlines()), cut.err) == (3, "there are more: --limit 4\n")
    found = project.submit("jobs", "list", "--state", "running")
    assert found.err == "there are no jobs that are RUNNING at `local`; `--backend` looks elsewhere\n"


def test_all_jobs_are_waited_for_within_one_time(project: Project) -> None:
    project.trainer("time.sleep(60)")
    names = ("one", "two")
    for name in names:
        project.submit("train", "--async", "--job-name", name)
    refused = project.submit("jobs", "wait", *names, "--timeout", "soon")
    assert (refused.code, "`soon` is not a duration" in refused.err) == (2, True)
    waited = project.submit("jobs", "wait", *names, "--timeout", "0.2s", "--format", "json")
    assert waited.code == 3
    assert not {job["state"] for job in waited.json} & {"SUCCEEDED", "FAILED"}
    project.submit("jobs", "cancel", *names)
    project.submit("jobs", "wait", *names)


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_log_entries_are_data_from_train_and_from_stream_logs_alike(project: Project, output: str) -> None:
    project.trainer("print('one'); print('two: [')")
    trained = project.submit("train", "--job-name", "data", "--format", output)
    streamed = project.submit("jobs", "stream-logs", "data", "--format", output)
    assert trained.out == streamed.out
    entries = list(yaml.safe_load_all(trained.out)) if output == "yaml" else map(json.loads, trained.out.splitlines())
    assert [entry["message"] for entry in entries if entry["stream"] == "stdout"] == ["one", "two: ["]


def test_a_failure_ends_with_its_cause_and_the_way_to_more(project: Project) -> None:
    project.trainer(FAILS)
    err = project.submit("train", "--job-name", "bad").err
    assert "FAILED" in err
    assert ": exit code 1\n" in err
    assert err.splitlines()[-1] == "details   submit jobs describe local://bad"


def test_last_lines_of_a_traceback_are_shown_to_those_who_did_not_see_the_log(project: Project, tmp_path: Path) -> None:
    project.trainer(FAILS)
    error = "ValueError: the loss is not a number"
    apart = project.submit("train", "--job-name", "apart")
    assert error in apart.err
    assert apart.err.count('raise ValueError("the loss') == 1

    together = project.in_one_stream("train", "--job-name", "together")
    assert together.count(f"          {error}") == 0
    assert error in together


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("sys.exit(3)", ["exit code 3"]),
        ("import signal; os.kill(os.getpid(), signal.SIGKILL)", ["signal 9 (SIGKILL)"]),
    ],
)
def test_describe_and_list_name_the_cause(project: Project, body: str, words: list[str]) -> None:
    project.trainer(body)
    project.submit("train", "--job-name", "ended")
    for text in (project.submit("jobs", "describe", "ended").out, project.submit("jobs", "list").out):
        assert all(word in text for word in words)


def test_describe_shows_the_price_with_its_machines(project: Project) -> None:
    project.trainer("pass")
    project.submit("train", "--job-name", "gpu", "--scale-tier", "basic-gpu")
    shown = project.submit("jobs", "describe", "gpu").out
    assert "at least $0.73 an hour on Vertex AI for 1 × n1-standard-8 + 1 NVIDIA_TESLA_T4" in shown


VERBS = ["list", "describe", "stream-logs", "metrics", "wait", "cancel", "delete", "diff", "rerun", "recover"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples(project: Project, verb: str) -> None:
    done = project.submit("jobs", verb, "-h")
    assert done.code == 0
    assert f"Examples:\n    submit jobs {verb}" in done.out
    formats = {"stream-logs": "text|json|yaml", "metrics": "table|csv|json"}
    assert f"--format [{formats.get(verb, 'table|json|yaml')}]" in done.out


def test_verbs_are_listed_in_the_order_in_which_one_needs_them_with_whole_sentences(project: Project) -> None:
    lines = project.submit("jobs", "--help").out.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == VERBS
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)
