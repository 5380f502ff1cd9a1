"""What is kept when the process dies, and what it needs while it lives."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.emulator.storage.serving import Service, serve


@contextmanager
def process(root: Path) -> Iterator[tuple[subprocess.Popen[str], Service]]:
    """The service alone in a process, killed at the end."""
    command = [sys.executable, "-m", "submit.emulator.storage", "0", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        try:
            # The port listens already: what is sent before the service is ready waits.
            yield child, Service(port=int(child.stdout.readline().rpartition(":")[2]), root=root)
        finally:
            child.send_signal(signal.SIGKILL)


def test_everything_that_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    with process(tmp_path) as (_, service):
        bucket = service.make_bucket("kept", versioning={"enabled": True}, location="europe-west4")
        old = service.put(bucket, "x", b"old").json["generation"]
        new = service.put(bucket, "x", b"new").json
        service.put(bucket, "a%2F%2Fb", b"no path")
        service.call("PATCH", f"/storage/v1/b/{bucket}/o/x", {"metadata": {"k": "v"}})
        begun = service.call("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=resumable&name=big", {})
        session = begun.headers["location"].removeprefix(service.url)
        service.call("PUT", session, b"12345", {"Content-Range": "bytes 0-4/10"})
    with serve(tmp_path) as service:
        found = service.call("GET", f"/storage/v1/b/{bucket}/o/x").json
        assert (found["generation"], found["metadata"], found["metageneration"]) == (new["generation"], {"k": "v"}, "2")
        assert service.call("GET", f"/storage/v1/b/{bucket}/o/x?alt=media&generation={old}").body == b"old"
        assert service.call("GET", f"/storage/v1/b/{bucket}/o/a%2F%2Fb?alt=media").body == b"no path"
        assert service.call("GET", f"/storage/v1/b/{bucket}").json["location"] == "EUROPE-WEST4"
        assert service.call("PUT", session, b"67890", {"Content-Range": "bytes 5-9/10"}).status == 200
        assert service.call("GET", f"/storage/v1/b/{bucket}/o/big?alt=media").body == b"1234567890"


def test_uploads_that_nobody_can_resume_are_swept_at_the_start(tmp_path: Path) -> None:
    with serve(tmp_path) as service:
        service.make_bucket("swept")
        service.put("swept", "a%2F%2Fb", b"kept")
    (tmp_path / "buckets" / ".storage" / "incoming" / "0123").write_bytes(b"half")
    (tmp_path / "buckets" / ".storage" / "aside" / "0123").write_bytes(b"orphan")
    with serve(tmp_path) as service:
        assert list((tmp_path / "buckets" / ".storage" / "incoming").iterdir()) == []
        assert len(list((tmp_path / "buckets" / ".storage" / "aside").iterdir())) == 1
        assert service.call("GET", "/storage/v1/b/swept/o/a%2F%2Fb?alt=media").body == b"kept"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to see the memory of a process")
@pytest.mark.parametrize("kind", ["media", "multipart", "resumable"])
def test_100_megabytes_do_not_sit_in_memory(tmp_path: Path, kind: str) -> None:
    with process(tmp_path) as (child, service):
        bucket = service.make_bucket("large")
        before = peak(child.pid)
        size = 100 * 1024 * 1024
        assert upload_zeros(service, bucket, kind, size) == 200
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        connection.request("GET", f"/storage/v1/b/{bucket}/o/x?alt=media")
        answer, received = connection.getresponse(), 0
        while chunk := answer.read(1024 * 1024):
            received += len(chunk)
        connection.close()
        assert received == size
        assert peak(child.pid) - before < 30 * 1024 * 1024


def peak(pid: int) -> int:
    """The most memory that the process ever had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def upload_zeros(service: Service, bucket: str, kind: str, size: int) -> int:
    target = f"/upload/storage/v1/b/{bucket}/o?uploadType={kind}&name=x"
    if kind == "resumable":
        location = service.call("POST", target, {}).headers["location"].removeprefix(service.url)
        return streamed(service, "PUT", location, {}, b"", size, b"")
    if kind == "media":
        return streamed(service, "POST", target, {}, b"", size, b"")
    head = b'--b\r\nContent-Type: application/json\r\n\r\n{"name": "x"}\r\n--b\r\n\r\n'
    return streamed(
        service, "POST", target, {"Content-Type": "multipart/related; boundary=b"}, head, size, b"\r\n--b--"
    )


def streamed(
    service: Service, method: str, target: str, headers: dict[str, str], head: bytes, size: int, tail: bytes
) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    connection.putrequest(method, target)
    for name, value in {**headers, "Content-Length": str(len(head) + size + len(tail))}.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(head)
    megabyte = bytes(1024 * 1024)
    for _ in range(size // len(megabyte)):
        connection.send(megabyte)
    connection.send(tail)
    status = connection.getresponse().status
    connection.close()
    return status


def test_more_files_than_a_page_holds_are_listed_page_by_page(tmp_path: Path) -> None:
    with serve(tmp_path) as service:
        folder = tmp_path / "buckets" / "many"
        service.make_bucket("many")
        for number in range(2500):
            os.close(os.open(folder / f"{number:05}", os.O_CREAT | os.O_WRONLY))
        seen, token = 0, ""
        while True:
            page = service.call("GET", f"/storage/v1/b/many/o?pageToken={token}").json
            seen += len(page["items"])
            token = page.get("nextPageToken", "")
            if not token:
                break
        assert seen == 2500
