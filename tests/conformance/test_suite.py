"""The suite finds what is wrong with a backend: ours, with one thing broken at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from _pytest.outcomes import Failed

from submit.backends import Backend, Feature, Refused, local
from submit.job import Handle, LogPage, Status, Target
from submit.steps import Conversation
from submit.testing.conformance import Conformance
from submit.testing.site import Site


@dataclass(frozen=True, kw_only=True)
class Broken(Site):
    """`instead` are the functions that take the place of the backend's own."""

    instead: dict[str, Any] = field(default_factory=dict)

    @property
    def backend(self) -> Backend:
        names = ("capabilities", "options", "submit", "describe", "list_jobs", "logs", "cancel", "delete", "find")
        return cast(Backend, SimpleNamespace(**{name: getattr(local, name) for name in names} | self.instead))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Site:
    return Site.of("local", tmp_path_factory.mktemp("site"), environ=environ)


def broken(site: Site, **instead: Any) -> Broken:
    """The jobs are the same, so that each is run only once."""
    return Broken(around=site.around, target=site.target, job_dir=site.job_dir, _ended=site._ended, instead=instead)


def repeating(handle: Handle, target: Target, cursor: str, wait_s: float) -> Conversation[LogPage]:
    page = yield from local.logs(handle, target, cursor, wait_s)
    return replace(page, entries=(*page.entries, *page.entries[-1:]))


def losing(handle: Handle, target: Target, cursor: str, wait_s: float) -> Conversation[LogPage]:
    page = yield from local.logs(handle, target, cursor, wait_s)
    return replace(page, entries=tuple(entry for entry in page.entries if entry.message != "line 7"))


def one_by_one(handles: Sequence[Handle], target: Target) -> Conversation[Mapping[Handle, Status]]:
    found: dict[Handle, Status] = {}
    for handle in handles:
        found |= yield from local.describe([handle], target)
    return found


def without_cause(handles: Sequence[Handle], target: Target) -> Conversation[Mapping[Handle, Status]]:
    found = yield from local.describe(handles, target)
    return {handle: replace(status, cause=None) for handle, status in found.items()}


def found_by_place(submission_id: str, place: str, target: Target) -> Conversation[Handle | None]:
    yield from ()
    return Handle("local", place)


def idle(handle: Handle, target: Target) -> Conversation[None]:
    yield from ()


@pytest.mark.parametrize(
    ("test", "instead"),
    [
        ("test_every_line_of_the_trainer_is_logged_once_and_in_order", {"logs": repeating}),
        ("test_every_line_of_the_trainer_is_logged_once_and_in_order", {"logs": losing}),
        ("test_a_log_goes_on_from_any_cursor_without_gap_or_repeat", {"logs": repeating}),
        ("test_several_jobs_are_described_by_fewer_questions_than_one_each", {"describe": one_by_one}),
        ("test_an_exit_code_is_the_cause_and_the_traceback_is_kept", {"describe": without_cause}),
        ("test_a_job_that_has_ended_is_forgotten_when_it_is_deleted", {"delete": idle}),
        ("test_a_job_whose_answer_was_lost_is_found_by_its_submission", {"find": found_by_place}),
        ("test_trials_are_run_and_measured", {"capabilities": {Feature.TUNING: Refused("a reason that nobody hears")}}),
    ],
)
def test_what_is_broken_is_found(whole: Site, test: str, instead: dict[str, Any]) -> None:
    getattr(Conformance(), test)(whole)
    with pytest.raises((AssertionError, Failed)):
        getattr(Conformance(), test)(broken(whole, **instead))
