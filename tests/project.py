"""A user's project in a folder of its own, and the command line as a user runs it there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent

TASK = """
    import argparse, os, pathlib, sys, time

    parser = argparse.ArgumentParser(prog="trainer")
    parser.add_argument("--job-dir")
    parser.add_argument("--arg", type=int, default=0)
"""


@dataclass
class Finished:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Project:
    """`environ` is the whole environment of the commands: nothing of the developer's own leaks in."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, cache: Path) -> Project:
        """An empty one, with an empty home and a state folder beside it."""
        for name in ("project", "home"):
            (folder / name).mkdir()
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "LC_"))}
        ours = {
            "HOME": str(folder / "home"),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(REPOSITORY),
            "SUBMIT_STATE_DIR": str(folder / "state"),
            "SUBMIT_CACHE_DIR": str(cache),
        }
        return cls(folder / "project", kept | ours)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def trainer(self, body: str, *, requirements: str = "") -> None:
        """A plain package `trainer` whose `task` parses `--job-dir` and `--arg`, then runs `body` with `options`."""
        self.write("trainer/__init__.py", "")
        main = textwrap.indent(textwrap.dedent(body), "    ")
        self.write(
            "trainer/task.py",
            f"{textwrap.dedent(TASK)}\n\ndef main():\n    options = parser.parse_args()\n{main}\n\n\n"
            'if __name__ == "__main__":\n    main()\n',
        )
        if requirements:
            self.write("requirements.txt", requirements)

    def submit(self, *argv: str, timeout: float = 60, env: Mapping[str, str] | None = None) -> Finished:
        done = subprocess.run(
            self.command(*argv),
            cwd=self.folder,
            env={**self.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def start(self, *argv: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*argv),
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def in_one_stream(self, *argv: str) -> str:
        """What a command writes if stdout and stderr are one, as on a terminal."""
        done = subprocess.run(
            self.command(*argv),
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout

    def start_emulator(self, *options: str) -> Finished:
        """One of its own; its environment leads clients there from now on."""
        started = self.submit("emulator", "start", *options)
        assert started.code == 0, started.err
        variables = self.submit("emulator", "env", "--format", "json").json
        self.environ |= {name: value for name, value in variables.items() if value is not None}
        return started

    @contextmanager
    def emulator(self, *options: str) -> Iterator[Finished]:
        """For as long as it is needed."""
        started = self.start_emulator(*options)
        try:
            yield started
        finally:
            self.submit("emulator", "stop")

    def command(self, *argv: str) -> list[str]:
        return [sys.executable, "-m", "submit.cli", *argv]

    def describe(self, job: str) -> Any:
        return self.submit("jobs", "describe", job, "--format", "json").json

    def messages(self, job: str, replica: str | None = None) -> list[str]:
        """What the job has logged so far."""
        lines = self.submit("jobs", "stream-logs", job, "--no-follow", "--format", "json").out.splitlines()
        entries = [json.loads(line) for line in lines]
        return [entry["message"] for entry in entries if replica in (None, entry["replica"])]


def wait_until(holds: Callable[[], object], *, timeout: float = 20) -> None:
    """Looks every 20 ms; fails if it does not hold in time."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not collected yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return Path("/proc").is_dir() is False and _answers(pid)
    return state not in "ZX"


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
