from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials

from submit.emulator.capacity.keeper import Keeper
from submit.emulator.services.serve import create
from submit.engine import Engine
from tests.emulator.services.serving import Server
from tests.engine.site import make_wheel

PARENT = "projects/demo/locations/us-central1"
PACKAGE = "gs://stage/trainer-1-py3-none-any.whl"
IMAGE = "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest"


@dataclass
class Emulator:
    """`package` is a wheel in a bucket whose `trainer.task` runs its first argument as source text."""

    url: str
    target: str
    engine: Engine
    buckets: Path
    data: Path
    capacity: Keeper
    package: str = PACKAGE


@pytest.fixture
def emulator(tmp_path: Path, cache: Path) -> Iterator[Emulator]:
    buckets = tmp_path / "buckets"
    (buckets / "stage").mkdir(parents=True)
    shutil.copy(make_wheel(tmp_path)["path"], buckets / "stage")
    engine = Engine(tmp_path / "engine", cache=cache, bucket_root=buckets, concurrency=2)
    services = create(engine, tmp_path / "services", buckets)
    with Server(services.app, services.grpc_handlers()) as server:
        yield Emulator(server.url, server.target, engine, buckets, tmp_path / "services", services.capacity)
    for job in engine.list():
        engine.cancel(str(job["id"]))
    services.close()
    engine.close()


def over_rest(client: Any, emulator: Emulator) -> Any:
    """A client class of Google's, which speaks REST to the emulator."""
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return client(transport="rest", credentials=credentials, client_options={"api_endpoint": emulator.url})


def custom_job(source: str, *, name: str = "first", **more: Any) -> dict[str, Any]:
    """Of one machine that runs that source text."""
    python = {"executor_image_uri": IMAGE, "package_uris": [PACKAGE], "python_module": "trainer.task", "args": [source]}
    pool = {"machine_spec": {"machine_type": "n1-standard-4"}, "replica_count": 1, "python_package_spec": python}
    return {"display_name": name, "job_spec": {"worker_pool_specs": [pool]}, **more}
