"""A user's folder, an emulator of its own, and the command line as a user runs it: all real processes.

What the emulator has is asked of it by plain HTTP: the judge shares no code with the client that is judged.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.setting import REPOSITORY
from tests.project import Finished

LABEL = "jobdir-submission"
TASK = """
import argparse, time
parser = argparse.ArgumentParser()
parser.add_argument("--job-dir")
parser.add_argument("--seconds", type=float, default=0.0)
print("line one", flush=True)
time.sleep(parser.parse_args().seconds)
"""
_LEFT_OUT = ("PYTHON", "SUBMIT_", "CLOUDSDK_", "GOOGLE_", "STORAGE_")


@dataclass
class Site:
    root: Path
    environ: dict[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def command(self, *argv: str) -> list[str]:
        return [sys.executable, "-m", "submit.cli", *argv]

    def start(self, argv: list[str], env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            argv,
            cwd=self.project,
            env={**self.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, argv: list[str], env: Mapping[str, str] | None = None, timeout: float = 300) -> Finished:
        with self.start(argv, env) as process:
            out, err = process.communicate(timeout=timeout)
        return Finished(process.returncode, out, err)

    def submit(self, *argv: str, env: Mapping[str, str] | None = None) -> Finished:
        return self.run(self.command(*argv), env)

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}{path}", data=data, method=verb, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read() or b"null")

    def fault(self, method: str, answer: str, **more: Any) -> None:
        self.ask("POST", "/emulator/v1/faults", {"method": method, "answer": answer, **more})

    def clear_faults(self) -> None:
        self.ask("DELETE", "/emulator/v1/faults")

    def jobs(self) -> dict[str, list[str]]:
        """All jobs of the emulator, by the submission that they carry."""
        found: dict[str, list[str]] = {}
        custom = "/v1/projects/local-project/locations/us-central1/customJobs"
        for path, key in ((custom, "customJobs"), ("/v1/projects/local-project/jobs", "jobs")):
            for job in self._all(path, key):
                name = job.get("name") or f"projects/local-project/jobs/{job['jobId']}"
                found.setdefault(job.get("labels", {}).get(LABEL, ""), []).append(name)
        return found

    def _all(self, path: str, key: str) -> Iterator[Any]:
        token = ""
        while True:
            page = self.ask("GET", f"{path}?pageSize=100&pageToken={token}")
            yield from page.get(key, [])
            token = page.get("nextPageToken", "")
            if not token:
                return

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Names and bytes of all that was staged."""
        for item in self._all("/storage/v1/b/staging/o", "items"):
            name = urllib.parse.quote(item["name"], safe="")
            with urllib.request.urlopen(f"{self.url}/storage/v1/b/staging/o/{name}?alt=media", timeout=60) as body:
                yield item["name"], body.read()


@contextlib.contextmanager
def site(*, concurrency: int = 1, folder: Path | None = None) -> Iterator[Site]:
    """With an emulator that runs `concurrency` jobs at once and is stopped afterwards."""
    with tempfile.TemporaryDirectory(prefix="reliability-", dir=folder, ignore_cleanup_errors=True) as root:
        here = Site(Path(root))
        here.environ = _environment(here)
        _write_project(here.project)
        started = here.submit("emulator", "start", "--concurrency", str(concurrency), "--format", "json")
        assert started.code == 0, started.err
        here.url = started.json["url"]
        exports = here.submit("emulator", "env").out.splitlines()
        pairs = [shlex.split(line)[1].partition("=") for line in exports if line.startswith("export ")]
        here.environ |= {name: value for name, _, value in pairs}
        try:
            yield here
        finally:
            _stop(here)


def _stop(here: Site) -> None:
    """The jobs as well: they would outlive the emulator."""
    with contextlib.suppress(OSError):
        here.clear_faults()
        for name in (name for names in here.jobs().values() for name in names):
            with contextlib.suppress(OSError):
                here.ask("POST", f"/v1/{name}:cancel", {})
    here.submit("emulator", "stop")


def _environment(here: Site) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    (here.root / "home").mkdir()
    return kept | {
        "HOME": str(here.root / "home"),
        "PYTHONPATH": str(REPOSITORY),
        "SUBMIT_STATE_DIR": str(here.state),
        "SUBMIT_CACHE_DIR": str(here.root / "cache"),
    }


def _write_project(project: Path) -> None:
    (project / "trainer").mkdir(parents=True)
    (project / "trainer/__init__.py").touch()
    (project / "trainer/task.py").write_text(TASK)
