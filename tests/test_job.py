from __future__ import annotations

import pytest

from submit.errors import UsageError
from submit.job import Handle, State


@pytest.mark.parametrize(
    "text",
    ["local://trainer_20261121_033337_ab12", "vertex://projects/p/locations/us-central1/customJobs/123"],
)
def test_a_handle_parses_back_from_its_own_text(text: str) -> None:
    assert str(Handle.parse(text, default_backend="other")) == text


def test_a_bare_name_belongs_to_the_default_backend() -> None:
    assert Handle.parse("first_job", default_backend="local") == Handle("local", "first_job")


@pytest.mark.parametrize("text", ["", "local://", "://x"])
def test_text_that_names_no_job_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="does not name a job"):
        Handle.parse(text, default_backend="local")


def test_an_element_names_its_array() -> None:
    assert Handle("slurm", "login/digits.7").array == Handle("slurm", "login/digits")
    assert Handle("slurm", "login.example/digits").array is None
    assert Handle("slurm", "digits").array is None


def test_three_states_are_final() -> None:
    assert {state for state in State if state.ended} == {State.SUCCEEDED, State.FAILED, State.CANCELLED}


def test_a_word_that_is_no_text_names_no_job() -> None:
    with pytest.raises(UsageError, match=r"`\\udc80` does not name a job"):
        Handle.parse("\udc80", default_backend="local")
