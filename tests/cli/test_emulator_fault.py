"""`submit emulator fault` with an emulator that runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.project import Project


@pytest.fixture
def emulated(project: Project) -> Iterator[Project]:
    with project.emulator():
        yield project


def test_faults_are_added_listed_and_cleared(emulated: Project) -> None:
    add = ("emulator", "fault", "add")
    first = emulated.submit(*add, "storage.objects.*", "--answer", "503", "--retry-after", "1", "--count", "3")
    assert first.out == "1  storage.objects.*  503  (hits 0, left 3, retryAfter 1.0)\n"
    assert first.err == ""
    emulated.submit(*add, "*.list", "--answer", "429", "--probability", "0.2", "--seed", "7")
    listed = emulated.submit("emulator", "fault", "list", "--format", "json").json
    assert [(fault["method"], fault["answer"]) for fault in listed] == [("storage.objects.*", "503"), ("*.list", "429")]
    assert emulated.submit("emulator", "fault", "clear", "1").code == 0
    gone = emulated.submit("emulator", "fault", "clear", "1")
    assert (gone.code, "there is no fault `1`" in gone.err) == (3, True)
    assert emulated.submit("emulator", "fault", "clear").code == 0
    assert emulated.submit("emulator", "fault", "list").out == ""


def test_a_method_that_there_is_not_is_warned_of_with_the_one_that_is_meant(emulated: Project) -> None:
    add = ("emulator", "fault", "add")
    done = emulated.submit(*add, "aiplatform.customJob.create", "--answer", "503")
    assert done.code == 0
    assert done.out.startswith("1  aiplatform.customJob.create  503")
    assert done.err.startswith("warning: no method of the emulator is named `aiplatform.customJob.create`\n")
    assert "hint: Did you mean `aiplatform.customJobs.create`?" in done.err


def test_without_an_emulator_it_says_how_to_start_one(project: Project) -> None:
    done = project.submit("emulator", "fault", "list")
    assert done.code == 3
    assert "no emulator is running" in done.err
    assert "submit emulator start" in done.err


def test_a_wrong_answer_is_refused_with_those_that_there_are(project: Project) -> None:
    done = project.submit("emulator", "fault", "add", "x", "--answer", "rest")
    assert done.code == 2
    assert "'reset-after'" in done.err
