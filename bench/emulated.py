"""The emulator as the place of an arm's jobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from bench import processes, programs
from bench.setting import Setting, concurrency
from submit import testing
from submit.testing import Google
from submit.testing.running import environ

BUCKET = "gs://bench"
REGION = "us-central1"


@contextmanager
def emulated(setting: Setting, *, late: bool = False) -> Iterator[Setting]:
    """The setting with an emulator that runs, and an environment that leads to it. `late`: 5 % of the log's entries
    come up to 30 s late."""
    with emulator(setting, concurrency()) as (led, google):
        # gcloud writes to a pipe in blocks of 8 KB, which is not what a person sees.
        env = {**led.env, "PYTHONUNBUFFERED": "1"}
        env.pop("CLOUDSDK_ML_ENGINE_POLLING_INTERVAL", None)  # gcloud as it is by default
        here = dataclasses.replace(led, env=env)
        if late:
            submit(here, "emulator", "logs", f"--data-dir={google.data}", "--late=5%", "--late-by=30")
        yield here


@contextmanager
def emulator(setting: Setting, places: int) -> Iterator[tuple[Setting, Google]]:
    """One that runs so many jobs at once, and the setting with an environment that leads to it."""
    cache = {"SUBMIT_CACHE_DIR": setting.env["SUBMIT_CACHE_DIR"]}
    with environ(cache), testing.emulator(concurrency=places) as google:
        yield dataclasses.replace(setting, env={**google.env, **setting.env}), google


def submit(setting: Setting, *argv: str) -> str:
    """What our own command prints to stdout; its detached processes are not waited for."""
    return processes.run([*programs.submit(), *argv], env=setting.env, cwd=setting.project, reap=False).stdout
