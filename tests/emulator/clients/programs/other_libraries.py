"""`google-cloud-logging`, `google-cloud-storage`, `google-api-python-client` and `gcsfs`."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import gcsfs
import google.auth
from google.cloud import logging, storage
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.types import TailLogEntriesRequest
from googleapiclient.discovery import build

from tests.emulator.clients.programs.jobs import BUCKET, WHEEL

PROJECT = google.auth.default()[1]
JOB = f"job_{uuid.uuid4().hex[:8]}"
LINES = "import time\nfor n in range(3): print('line', n, flush=True); time.sleep(0.2)"


def ml_engine() -> dict[str, Any]:
    jobs = build("ml", "v1").projects().jobs()
    parent, name = f"projects/{PROJECT}", f"projects/{PROJECT}/jobs/{JOB}"
    training = {"packageUris": [WHEEL], "pythonModule": "trainer.task", "region": "us-central1", "args": [LINES]}
    jobs.create(parent=parent, body={"jobId": JOB, "trainingInput": training}).execute()
    while "endTime" not in (job := jobs.get(name=name).execute()):
        time.sleep(0.1)
    listed = [found["jobId"] for found in jobs.list(parent=parent).execute()["jobs"]]
    return {"state": job["state"], "listed": JOB in listed}


def tail(seen: list[str], ready: threading.Event) -> None:
    """Lines of the job while it runs."""
    stop = threading.Event()

    def requests() -> Iterator[TailLogEntriesRequest]:
        filter_ = f'resource.labels.job_id="{JOB}" AND jsonPayload.message=~"^line "'
        window = timedelta(0)
        yield TailLogEntriesRequest(resource_names=[f"projects/{PROJECT}"], filter=filter_, buffer_window=window)
        ready.set()
        stop.wait(60)

    answers: Any = LoggingServiceV2Client().tail_log_entries(requests=requests())
    for answer in answers:
        seen += [entry.json_payload["message"] for entry in answer.entries]
        if len(seen) == 3:
            break
    stop.set()
    answers.cancel()


def objects() -> dict[str, Any]:
    client: Any = storage.Client()
    bucket = client.bucket(BUCKET)
    content = bytes(range(256)) * 40_000
    bucket.blob("big").upload_from_string(content)
    bucket.blob("small").upload_from_string("hello")
    return {
        "same": bucket.blob("big").download_as_bytes() == content,
        "part": bucket.blob("small").download_as_bytes(start=1, end=3).decode(),
        "listed": sorted(blob.name for blob in client.list_blobs(BUCKET) if blob.name in ("big", "small")),
    }


def files() -> dict[str, Any]:
    system: Any = gcsfs.GCSFileSystem()
    with system.open(f"{BUCKET}/folder/big", "wb", block_size=5 << 20) as file:
        file.write(b"x" * (11 << 20))
    system.pipe(f"{BUCKET}/folder/small", b"hello")
    system.mv(f"{BUCKET}/folder/small", f"{BUCKET}/folder/moved")
    seen = {
        "size": system.info(f"{BUCKET}/folder/big")["size"],
        "read": system.cat(f"{BUCKET}/folder/moved").decode(),
        "listed": system.ls(f"{BUCKET}/folder"),
    }
    system.rm(f"{BUCKET}/folder", recursive=True)
    return {**seen, "after": system.exists(f"{BUCKET}/folder/big")}


def logs() -> dict[str, Any]:
    library: Any = logging
    client = library.Client()
    client.logger("mine").log_struct({"loss": 0.5}, severity="WARNING")
    written = [entry.payload for entry in client.list_entries(filter_="severity=WARNING AND jsonPayload.loss=0.5")]
    lines = client.list_entries(
        filter_=f'resource.labels.job_id="{JOB}" AND jsonPayload.message=~"^line "', page_size=2
    )
    return {"written": written, "lines": [entry.payload["message"] for entry in lines]}


tailed: list[str] = []
tailing = threading.Event()
thread = threading.Thread(target=tail, args=(tailed, tailing), daemon=True)
thread.start()
tailing.wait(60)
seen = {"ml": ml_engine(), "storage": objects(), "gcsfs": files(), "logging": logs(), "project": PROJECT}
thread.join(60)
print(json.dumps({**seen, "tailed": tailed}))
