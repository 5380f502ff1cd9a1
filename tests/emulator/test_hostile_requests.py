"""What a request says never leads out of the emulator's data, and never fills its memory."""

from __future__ import annotations

import gzip
import http.client
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bench.reliability.fuzzing.wire import Request, Wire
from submit.emulator import process
from submit.emulator.options import Options
from submit.emulator.process import Endpoints
from submit.emulator.rpc.http import BODY_BYTES
from submit.emulator.services.packages import package_path
from tests.emulator.storage.test_names_stay_inside import generated
from tests.engine.site import make_wheel

VERTEX = "/v1/projects/demo/locations/us-central1/customJobs"
ML_ENGINE = "/v1/projects/demo/jobs"
IMAGE = "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a bucket `stage` that links to a folder outside, where there is a package."""
    data = tmp_path_factory.mktemp("around") / "data"
    bucket, elsewhere = data / "buckets" / "stage", data.parent / "elsewhere"
    for folder in (bucket, elsewhere):
        folder.mkdir(parents=True)
    shutil.copy(make_wheel(elsewhere)["path"], bucket / "good-1-py3-none-any.whl")
    (bucket / "link").symlink_to(elsewhere)
    (bucket / "file").symlink_to(elsewhere / "trainer-1-py3-none-any.whl")
    return data


@pytest.fixture(scope="module")
def emulator(data: Path, cache: Path) -> Iterator[Endpoints]:
    yield process.start(data, Options(cache=str(cache)))
    process.stop(data)


def ask(
    emulator: Endpoints, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(emulator.address, emulator.port, timeout=30)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def vertex_job(package: str, **spec: Any) -> Any:
    python = {"executorImageUri": IMAGE, "packageUris": [package], "pythonModule": "trainer.task"}
    pool = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": 1, "pythonPackageSpec": python}
    return {"displayName": "hostile", "jobSpec": {"workerPoolSpecs": [pool], **spec}}


def ml_job(package: str, **training: Any) -> Any:
    place = {"region": "us-central1", "runtimeVersion": "2.11", "pythonVersion": "3.7"}
    program = {"packageUris": [package], "pythonModule": "trainer.task"}
    return {"jobId": "hostile", "trainingInput": {**place, **program, **training}}


@pytest.mark.parametrize(("path", "job"), [(VERTEX, vertex_job), (ML_ENGINE, ml_job)])
def test_no_package_is_taken_from_elsewhere(emulator: Endpoints, path: str, job: Any) -> None:
    names = ["link/trainer-1-py3-none-any.whl", "file", "\ud800", *generated(200)]
    uris = [f"gs://stage/{name}" for name in names]
    uris += ["gs://../elsewhere/trainer-1-py3-none-any.whl", "gs:///etc/passwd", "file:///etc/passwd", "/etc/passwd"]
    for uri in uris:
        status, answer = ask(emulator, "POST", path, json.dumps(job(uri)).encode())
        assert status == 400, (uri, answer)
        assert json.loads(answer)["error"]["status"] == "INVALID_ARGUMENT"


def test_no_package_of_a_thousand_names_lies_outside(data: Path) -> None:
    """Before anybody looks whether it is there."""
    root, good = (data / "buckets").resolve(), 0
    for name in generated(1000):
        for uri in (f"gs://stage/{name}", f"gs://{name}", name):
            try:
                found = package_path(uri, data / "buckets")
            except ValueError:
                continue
            good += 1
            assert found.resolve().is_relative_to(root), uri
    assert good > 100


@pytest.mark.parametrize("output", ["gs://../elsewhere", "gs://stage/../../elsewhere", "gs:///x", "/etc", "gs://a/b"])
def test_no_job_writes_elsewhere(emulator: Endpoints, data: Path, output: str) -> None:
    package = "gs://stage/good-1-py3-none-any.whl"
    before = sorted(data.parent.iterdir())
    spec = {"baseOutputDirectory": {"outputUriPrefix": output}}
    assert ask(emulator, "POST", VERTEX, json.dumps(vertex_job(package, **spec)).encode())[0] == 400
    assert ask(emulator, "POST", ML_ENGINE, json.dumps(ml_job(package, jobDir=output)).encode())[0] == 400
    assert sorted(data.parent.iterdir()) == before


def test_a_thousand_hostile_paths_are_answered(emulator: Endpoints) -> None:
    """Each with a status, and the emulator still answers afterwards."""
    for name in generated(1000):
        raw = quote(name, safe="/.")[:2000]
        status, answer = ask(emulator, "GET", f"/{raw}")
        assert status in (200, 400, 404, 501), (raw, answer)
    assert ask(emulator, "GET", VERTEX)[0] == 200


@pytest.mark.parametrize("path", [VERTEX, ML_ENGINE, "/v2/entries:list", "/storage/v1/b?project=demo"])
def test_bodies_are_bounded(emulator: Endpoints, path: str) -> None:
    bomb = gzip.compress(b" " * (BODY_BYTES + 1), compresslevel=1)
    status, answer = ask(emulator, "POST", path, bomb, {"Content-Encoding": "gzip"})
    assert status in (400, 413), answer
    status, answer = ask(emulator, "POST", path, b" " * (BODY_BYTES + 1))
    assert status in (400, 413), answer
    assert json.loads(answer)["error"]["code"] == status


@pytest.mark.parametrize("path", [VERTEX, ML_ENGINE, "/v2/entries:list"])
def test_bodies_that_are_no_requests_are_refused(emulator: Endpoints, path: str) -> None:
    for body in (b"{", b"[]", b"1", b"\xff", b"null", b"[" * 100_000, b'{"a":' * 100_000, b'"\\ud800"'):
        status, answer = ask(emulator, "POST", path, body)
        assert status == 400, (body[:20], answer)
        assert json.loads(answer)["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("half", [b"\\ud800", b"\xed\xa0\x80"])
def test_half_a_character_is_refused_and_spoils_no_list(emulator: Endpoints, half: bytes) -> None:
    body = json.dumps(ml_job("gs://stage/good-1-py3-none-any.whl", args=["HALF"])).encode().replace(b"HALF", half)
    assert ask(emulator, "POST", ML_ENGINE, body)[0] == 400
    assert ask(emulator, "GET", ML_ENGINE)[0] == 200


def test_a_move_within_a_bucket_that_is_none_is_refused(emulator: Endpoints) -> None:
    assert ask(emulator, "POST", "/storage/v1/b/file%3A%2F%2F%2Fetc/o/a/moveTo/o/b")[0] in (400, 404)


def test_bodies_that_turn_out_to_be_no_http_leave_no_traceback(emulator: Endpoints, data: Path) -> None:
    wire = Wire(emulator.address, emulator.port)
    chunked = (("Transfer-Encoding", "chunked"),)
    for path in ("/x", "/emulator/v1/x", ML_ENGINE, "/storage/v1/b", "/v2/entries:list"):
        for body in (b"zz\r\n\r\n", b"1\r\nabc"):
            wire.ask(Request(verb="POST", target=path, headers=chunked, body=body, broken=True))
    assert ask(emulator, "GET", VERTEX)[0] == 200
    assert "Traceback" not in (data / "emulator.log").read_text()
