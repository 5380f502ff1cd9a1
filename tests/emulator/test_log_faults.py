"""A log that is followed while everything goes wrong: each line is printed once."""

from __future__ import annotations

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.emulator.cutting import Cutting
from tests.project import Project, wait_until

LINES = 160
TRAINER = f"""
    import pathlib
    while not pathlib.Path(os.environ["GCS_ROOT"], "staging", "go").exists():
        time.sleep(0.01)
    for number in range({LINES}):
        print("line", number, flush=True)
        time.sleep(0.05)
"""


class Emulated:
    """A project whose follower reaches the emulator only over connections that are cut every second."""

    def __init__(self, project: Project, stack: ExitStack) -> None:
        self.project = project
        self.data = Path(project.environ["SUBMIT_STATE_DIR"], "emulator")
        project.start_emulator()
        self.grpc = stack.enter_context(Cutting(lambda: self._port("grpc_port"), every_s=1.0))
        self.rest = stack.enter_context(Cutting(lambda: self._port("port"), self._where_grpc_is, every_s=1.0))
        names = [name for name in project.environ if name.startswith("CLOUDSDK_API_ENDPOINT_OVERRIDES_")]
        self.behind_the_proxy = dict.fromkeys(names, f"http://127.0.0.1:{self.rest.port}/")

    def restart(self) -> None:
        port = self._port("port")
        assert port
        self.project.submit("emulator", "stop")
        self.project.start_emulator("--port", str(port))

    def logs(self, *settings: str) -> None:
        assert self.project.submit("emulator", "logs", *settings).code == 0

    def fault(self, *words: str) -> None:
        added = self.project.submit("emulator", "fault", "add", *words)
        assert added.code == 0, added.err

    def _port(self, name: str) -> int | None:
        try:
            return int(json.loads((self.data / "emulator.json").read_text())[name])
        except (OSError, ValueError):
            return None  # it is being restarted

    def _where_grpc_is(self, request: bytes) -> bytes:
        if not request.startswith(b"GET /emulator/v1/endpoints"):
            return b""
        body = json.dumps({"grpcPort": self.grpc.port}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"Connection: close\r\n\r\n" + body


@pytest.fixture
def emulated(project: Project) -> Iterator[Emulated]:
    with ExitStack() as stack:
        yield Emulated(project, stack)
        project.submit("emulator", "stop")


class Reader:
    """The lines of a follower as they come."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self.lines.append(json.loads(line)["message"])

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.lines or self.child.poll() is not None, timeout=120)

    def wait(self) -> tuple[int, str]:
        """The exit code, and what stands on stderr."""
        with self.child as child:
            assert child.stderr is not None
            narration = child.stderr.read()
            self._thread.join()
        return child.returncode, narration


@pytest.mark.slow
def test_every_line_is_printed_once(emulated: Emulated) -> None:
    """Connections are cut every second, lists are refused (429), entries come late, tails are refused for a while, the
    emulator is stopped and started again."""
    project = emulated.project
    project.trainer(TRAINER)
    submitted = project.submit("train", "--backend", "vertex", "--staging-bucket", "gs://staging", "--async")
    assert submitted.code == 0, submitted.err
    emulated.logs("--late", "10%", "--late-by", "2")
    emulated.fault("logging.entries.list", "--answer", "429", "--probability", "0.3", "--seed", "7")

    follower = project.__class__(project.folder, {**project.environ, **emulated.behind_the_proxy})
    reader = Reader(follower.start("jobs", "stream-logs", submitted.out.strip(), "--format", "json"))
    reader.wait_for("Job is running.")
    (emulated.data / "buckets" / "staging" / "go").touch()
    reader.wait_for("line 30")
    emulated.restart()
    emulated.logs("--late", "10%", "--late-by", "2")
    reader.wait_for("line 70")
    emulated.logs("--refuse-tail")
    emulated.fault("logging.entries.tail", "--answer", "503", "--count", "2")
    reader.wait_for("line 110")
    emulated.logs("--allow-tail", "--list-quota", "60")

    code, narration = reader.wait()
    assert code == 0, narration
    printed = Counter(line for line in reader.lines if line.startswith("line "))
    assert printed == {f"line {number}": 1 for number in range(LINES)}
    assert reader.lines.count("Job completed successfully.") == 1
    assert emulated.rest.cuts + emulated.grpc.cuts >= 5
