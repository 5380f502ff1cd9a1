"""Waiting for jobs, with a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from submit.job import Handle, State, Status
from submit.watch import until_ended

A, B = Handle("local", "a"), Handle("local", "b")


class Jobs:
    """Jobs that end at a time; `asked` are the questions that were put."""

    def __init__(self, **ends: float) -> None:
        self.now = 0.0
        self.ends = ends
        self.asked: list[list[str]] = []

    def look(self, handles: Sequence[Handle]) -> Mapping[Handle, Status]:
        self.asked.append([handle.path for handle in handles])
        return {handle: Status(handle=handle, name=handle.path, state=self.state(handle)) for handle in handles}

    def state(self, handle: Handle) -> State:
        return State.SUCCEEDED if self.now >= self.ends[handle.path] else State.RUNNING

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, deadline: float | None = None) -> tuple[list[State], list[str]]:
        seen: list[str] = []
        found = until_ended(
            [A, B],
            self.look,
            self.pause,
            lambda: self.now,
            deadline,
            lambda status: seen.append(f"{status.name} {status.state}"),
        )
        return [found[A].state, found[B].state], seen


def test_each_new_state_is_told_once_and_what_has_ended_is_not_asked_again() -> None:
    jobs = Jobs(a=0.0, b=0.1)
    assert jobs.wait() == ([State.SUCCEEDED, State.SUCCEEDED], ["a SUCCEEDED", "b RUNNING", "b SUCCEEDED"])
    assert jobs.asked[0] == ["a", "b"]
    assert {tuple(names) for names in jobs.asked[1:]} == {("b",)}


def test_all_jobs_have_the_same_time() -> None:
    jobs = Jobs(a=100.0, b=100.0)
    assert jobs.wait(deadline=3.0)[0] == [State.RUNNING, State.RUNNING]
    assert jobs.now == 3.0


def test_the_pauses_grow_to_two_seconds() -> None:
    jobs = Jobs(a=60.0, b=0.0)
    jobs.wait()
    assert 60.0 <= jobs.now < 62.0
    assert len(jobs.asked) < 50
