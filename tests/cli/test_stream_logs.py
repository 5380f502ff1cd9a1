"""`submit jobs stream-logs` as a user runs it, with jobs that really run."""

from __future__ import annotations

import json
import re
import signal

import pytest

from tests.cli.test_output import on_a_terminal
from tests.project import Project, wait_until

TALKATIVE = r"""
import json
print("\x1b[31mred\x1b[0m \x07bell")
print(json.dumps({"message": "step", "loss": 0.5, "step": 10}))
for n in range(3): print(f"{n * 50}%\r", end="", file=sys.stderr, flush=True)
print("Epoch 1/1", file=sys.stderr)
print("WARNING: slow")
for n in range(20): print("line", n)
"""


@pytest.fixture
def talkative(project: Project) -> Project:
    project.trainer(TALKATIVE)
    done = project.submit("train", "--job-name", "talk")
    assert done.code == 0, done.err
    return project


def messages(out: str) -> list[str]:
    return [line.split("  ", 1)[1] for line in re.sub(r"^\S+ \S+ +\S+ *(?=  )", "", out, flags=re.M).splitlines()]


def test_the_text_for_people_is_tidy_and_that_for_programs_is_complete(talkative: Project) -> None:
    text = talkative.submit("jobs", "stream-logs", "talk").out
    assert "  red \\x07bell\n" in text
    assert "  step  loss=0.5 step=10\n" in text
    assert re.search(r" stderr   workerpool0-0  Epoch 1/1\n", text)
    assert re.search(r" WARNING  workerpool0-0  WARNING: slow\n", text)
    assert " ERROR " not in text
    assert "\x1b" not in text

    lines = talkative.submit("jobs", "stream-logs", "talk", "--format", "json").out.splitlines()
    entries = {entry["message"]: entry for entry in map(json.loads, lines)}
    assert entries["\x1b[31mred\x1b[0m \x07bell"]["replica"] == "workerpool0-0"
    assert (entries["step"]["fields"]["loss"], entries["Epoch 1/1"]["stream"]) == (0.5, "stderr")
    assert [n for n in range(20) if f"line {n}" not in entries] == []


def test_on_a_terminal_the_trainers_colours_stay(talkative: Project) -> None:
    shown = on_a_terminal(talkative, {"TERM": "xterm"}, "jobs", "stream-logs", "talk")
    assert "\x1b[31mred\x1b[0m \\x07bell" in shown
    assert "\x1b" not in on_a_terminal(talkative, {"NO_COLOR": "1"}, "jobs", "stream-logs", "talk").split("state")[0]


def test_entries_are_chosen(talkative: Project) -> None:
    def shown(*options: str) -> list[str]:
        return messages(talkative.submit("jobs", "stream-logs", "talk", *options).out)

    assert shown("--grep", "^line 1[89]$") == ["line 18", "line 19"]
    assert shown("--grep", "loss=0.5") == ["step  loss=0.5 step=10"]
    assert shown("--severity", "warning", "--grep", "slow") == ["WARNING: slow"]
    assert shown("--replica", "service")[-1] == "Job completed successfully."
    assert shown("--replica", "workerpool0", "--tail", "1") == ["Task completed successfully."]
    assert shown("--tail", "0") == []
    assert len(shown("--since", "1h")) == len(shown())
    assert len(shown("--since", "99999999999h")) == len(shown())
    assert shown("--since", "2100-01-01T00:00:00Z") == []
    assert len(shown("--no-follow")) == len(shown())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--grep", "("), "`(` is not a regular expression"),
        (("--since", "yesterday"), "`yesterday` is not a duration"),
        (("--warn-silent", "1y"), "`1y` is not a duration"),
        (("--severity", "loud"), "'loud' is not one of"),
        (("--no-follow", "--warn-silent", "1m"), "--warn-silent: with --no-follow nothing is waited for"),
    ],
)
def test_what_cannot_be_understood_is_said(project: Project, options: tuple[str, ...], words: str) -> None:
    done = project.submit("jobs", "stream-logs", "job", *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_several_jobs_are_shown_in_one_order_with_the_result_of_all(project: Project) -> None:
    for name, code in (("first", 0), ("second", 3)):
        project.trainer(f"for n in range(10): print('{name}', n)\nsys.exit({code})")
        project.submit("train", "--job-name", name)
    done = project.submit("jobs", "stream-logs", "first", "second", "--format", "json")
    entries = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 1
    assert {entry["job"] for entry in entries} == {"local://first", "local://second"}
    assert [entry["time"] for entry in entries] == sorted(entry["time"] for entry in entries)
    assert not any("late" in entry for entry in entries)

    text = project.submit("jobs", "stream-logs", "second", "first").out
    said = [line for line in text.splitlines() if re.search(r"  (first|second) \d$", line)]
    assert [" ".join(line.split()[2:]) for line in said] == [
        f"{name} workerpool0-0 {name} {n}" for name in ("first", "second") for n in range(10)
    ]


def test_a_silence_is_told_once(project: Project) -> None:
    project.trainer("print('begin', flush=True); time.sleep(4); print('end')")
    handle = project.submit("train", "--async").out.strip()
    wait_until(lambda: "begin" in project.messages(handle))
    done = project.submit("jobs", "stream-logs", handle, "--warn-silent", "0.5s")
    assert done.code == 0
    assert re.findall(r"silent +nothing was written for \d\.\d s\n", done.err)
    assert done.err.count("silent") == 1


def test_ctrl_c_leaves_all_jobs_running_and_says_how_to_come_back(project: Project) -> None:
    project.trainer("print('begin', flush=True); time.sleep(30)")
    handles = [project.submit("train", "--async", "--job-name", name).out.strip() for name in ("one", "two")]
    wait_until(lambda: "begin" in project.messages("one"))
    command = project.start("jobs", "stream-logs", *handles)
    assert command.stdout is not None
    while "begin" not in command.stdout.readline():
        pass
    command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=20)
    assert command.returncode == 130
    assert "submit jobs stream-logs local://one local://two" in err
    project.submit("jobs", "cancel", *handles)


def test_what_cannot_be_encoded_is_escaped(project: Project) -> None:
    project.trainer(r"print('snow ☃'); print('{\"message\": \"half \\ud83d\"}')")
    assert project.submit("train", "--job-name", "odd").code == 0
    done = project.submit("jobs", "stream-logs", "odd", env={"PYTHONIOENCODING": "ascii"})
    assert "  snow \\u2603\n" in done.out
    assert "  half \\ud83d" in project.submit("jobs", "stream-logs", "odd").out
