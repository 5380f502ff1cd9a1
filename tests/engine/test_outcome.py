from __future__ import annotations

import pytest

from submit.engine.outcome import Record, Verdict, crashed_launcher, describe_code, failure, judge


def record(exit_code: int | None, cause: str | None, message: str = "") -> Record:
    return Record("workerpool0-0", exit_code, cause, message, "Traceback …")


@pytest.mark.parametrize(
    ("exit_code", "cause", "told", "restarts", "verdict"),
    [
        (0, None, False, 0, "success"),
        (0, None, True, 0, "success"),
        (0, "terminated", True, 0, "terminated"),
        (143, "terminated", True, 0, "terminated"),
        (143, "terminated", False, 0, "restart"),
        (1, "exit code", False, 0, "failure"),
        (127, "exit code", False, 0, "failure"),
        (128, "exit code", False, 0, "restart"),
        (134, "exit code", False, 0, "restart"),
        (139, "signal", False, 2, "restart"),
        (139, "signal", False, 3, "failure"),
        (137, "out of memory", False, 0, "failure"),
        (None, "environment", False, 0, "failure"),
    ],
)
def test_verdicts(exit_code: int | None, cause: str | None, told: bool, restarts: int, verdict: Verdict) -> None:
    assert judge(record(exit_code, cause), told=told, restarts=restarts, limit=3) == verdict


def test_a_failure_keeps_the_replicas_exit_code_and_traceback() -> None:
    ending = failure(record(3, "exit code"), restarts=0)
    assert (ending.state, ending.cause, ending.exit_code, ending.traceback) == ("FAILED", "exit code", 3, "Traceback …")


def test_out_of_memory_is_told_in_the_launchers_words() -> None:
    sentence = "The replica workerpool0-0 ran out of memory and exited with a non-zero status of 137."
    ending = failure(record(137, "out of memory", sentence), restarts=0)
    assert (ending.cause, ending.message) == ("out of memory", sentence)


def test_a_launcher_that_had_to_be_killed_was_terminated() -> None:
    assert crashed_launcher("workerpool0-0", -9, told=True, ran=True).cause == "terminated"
    crashed = crashed_launcher("workerpool0-0", -9, told=False, ran=True)
    assert (crashed.cause, crashed.exit_code) == ("signal", 137)


def test_a_launcher_that_ended_before_its_trainer_ran_has_no_exit_code() -> None:
    ended = crashed_launcher("workerpool0-0", 0, told=False, ran=False)
    assert (ended.exit_code, ended.cause) == (None, "environment")
    killed = crashed_launcher("workerpool0-0", -9, told=False, ran=False)
    assert judge(killed, told=False, restarts=0, limit=3) == "restart"
    assert failure(killed, 3).message == (
        "The replica workerpool0-0 could not be prepared: its launcher ended without an exit record (SIGKILL)."
    )


@pytest.mark.parametrize(("code", "text"), [(3, "exit code 3"), (139, "SIGSEGV"), (255, "exit code 255")])
def test_codes_in_words(code: int, text: str) -> None:
    assert describe_code(code) == text
