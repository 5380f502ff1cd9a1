"""The emulator as the place of an arm's jobs; its only place is taken, so that none of them runs meanwhile."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes, programs
from bench.emulated import emulator
from bench.setting import Setting
from submit.testing import Bucket, Google

_WAITING = """
    import argparse, pathlib, time

    if __name__ == "__main__":
        parser = argparse.ArgumentParser()
        parser.add_argument("--job-dir")
        parser.add_argument("--lines-wanted", type=pathlib.Path)
        wanted = parser.parse_args().lines_wanted
        while not wanted.exists():
            time.sleep(0.1)
        for number in range(int(wanted.read_text())):
            print("line", number)
        print("these were all", flush=True)
        time.sleep(3600)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupied:
    """`setting` leads to the emulator; `running` is the handle of the job that takes its place."""

    setting: Setting
    google: Google
    bucket: Bucket
    running: str

    def write_lines(self, count: int) -> None:
        """Lets the running job write so many lines into its log."""
        unfinished = self.bucket.path / "wanted.part"
        unfinished.write_text(str(count), encoding="utf-8")
        unfinished.rename(_wanted(self.bucket))


@contextmanager
def occupied(setting: Setting) -> Iterator[Occupied]:
    with emulator(setting, 1) as (here, google):
        bucket = google.bucket()
        yield Occupied(setting=here, google=google, bucket=bucket, running=_occupy(here, google, bucket))


def train(bucket: Bucket, package: str) -> list[str]:
    place = ["--package-path", package, "--module-name", f"{package}.task", "--staging-bucket", str(bucket)]
    return [*programs.submit(), "train", "--backend", "vertex", "--async", *place]


def _wanted(bucket: Bucket) -> Path:
    return bucket.path / "wanted"


def _occupy(setting: Setting, google: Google, bucket: Bucket) -> str:
    package = setting.project / "waiting"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").touch()
    (package / "task.py").write_text(textwrap.dedent(_WAITING), encoding="utf-8")
    argv = [*train(bucket, "waiting"), "--", "--lines-wanted", str(_wanted(bucket))]
    handle = processes.run(argv, env=setting.env, cwd=setting.project, reap=False).stdout.strip()
    while google.job(handle).state != "RUNNING":
        time.sleep(0.05)
    return handle
