"""`gcloud logging`: entries are written, read and tailed."""

from __future__ import annotations

import subprocess
import threading

import httpx

from tests.emulator.gcloud.conftest import Gcloud
from tests.project import wait_until

LOG = "projects/local-project/logs/mine"


def test_entries_are_written_and_read(gcloud: Gcloud) -> None:
    gcloud("logging", "write", "notes", "plain", "--severity", "WARNING")
    gcloud("logging", "write", "notes", '{"step": 5}', "--payload-type", "json")
    read = gcloud.json(
        "logging", "read", "logName:notes AND (severity>=WARNING OR jsonPayload.step>4)", "--order", "asc"
    )
    assert [entry.get("textPayload") or entry["jsonPayload"] for entry in read] == ["plain", {"step": 5}]
    assert read[0]["severity"] == "WARNING"


def test_a_tail_shows_entries_as_they_come(gcloud: Gcloud) -> None:
    """It speaks gRPC with TLS only, to whom the endpoint's override names; without it, to the emulator's front door."""
    environ = {**gcloud.project.environ, "PYTHONUNBUFFERED": "1"}
    del environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING"]
    argv = ["gcloud", "beta", "logging", "tail", "logName:mine", "--format", "value(textPayload)"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(argv, env=environ, stdin=nothing, stdout=pipe, stderr=nothing, text=True) as tail:
        seen: list[str] = []
        assert tail.stdout is not None
        reader = threading.Thread(target=lambda stdout: seen.extend(iter(stdout.readline, "")), args=[tail.stdout])
        reader.start()
        try:
            wait_until(lambda: write(gcloud, "knock") and "knock\n" in seen, timeout=60)
            write(gcloud, "and more")
            wait_until(lambda: "and more\n" in seen, timeout=60)
        finally:
            tail.terminate()
            reader.join()


def write(gcloud: Gcloud, text: str) -> bool:
    entry = {"logName": LOG, "resource": {"type": "global"}, "textPayload": text}
    url = gcloud.project.environ["STORAGE_EMULATOR_HOST"]
    return httpx.post(f"{url}/v2/entries:write", json={"entries": [entry]}).status_code == 200
