"""The fixtures of `submit.testing`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from submit.testing import running
from submit.testing.google import Google


@pytest.fixture(scope="session")
def emulator() -> Iterator[Google]:
    """Google's APIs on loopback, from the first test that asks for it to the end of the run."""
    with running.emulator() as google:
        yield google


@pytest.fixture
def emulator_project(emulator: Google) -> Iterator[Google]:
    """The emulator in a project of the test's own, so without jobs; those that the test leaves are cancelled."""
    google = emulator.in_project(f"test-{secrets.token_hex(4)}")
    with running.environ(google.env):
        yield google
        google.cancel_jobs()


@pytest.fixture
def emulator_reset(emulator: Google) -> Google:
    """The emulator as if nobody had used it: without jobs, logs, buckets, faults and limits."""
    emulator.reset()
    return emulator
