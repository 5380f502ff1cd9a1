"""Starts an emulator of its own, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from submit.emulator import environment, process
from submit.emulator.options import Options
from submit.testing.google import Google
from submit.world import surroundings


@contextlib.contextmanager
def emulator(*, concurrency: int | None = None) -> Iterator[Google]:
    """Google's APIs on a free port of loopback, with an empty folder; so many jobs run at once (None: one per core).

    Inside of the block this process and its children find it by their environment, and jobdir's own state is apart
    from the user's; environments of jobs are cached as ever. At the end jobs are cancelled and all is removed. Should
    this process be killed, the emulator ends by itself.
    """
    cache = surroundings.read().cache_dir
    data = Path(tempfile.mkdtemp(prefix="jobdir-testing-"))
    try:
        endpoints = process.start(data, Options(cache=str(cache), concurrency=concurrency, owner=os.getpid()))
        apart = {"SUBMIT_STATE_DIR": str(data / "state"), "SUBMIT_CACHE_DIR": str(cache)}
        mine = {name: value for name, value in os.environ.items() if name not in environment.PLACES}
        variables = environment.variables(endpoints.rest, data, mine)
        google = Google(endpoints=endpoints, data=data, env={**variables, **apart})
        with environ(google.env):
            yield google
    finally:
        process.stop(data)
        shutil.rmtree(data, ignore_errors=True)


@contextlib.contextmanager
def environ(variables: Mapping[str, str]) -> Iterator[None]:
    """Inside of the block the environment has these variables; then it is as it was."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
