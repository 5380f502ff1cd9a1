"""Puts the services together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from submit.emulator.capacity.keeper import Keeper
from submit.emulator.rpc import RestApp, grpc_handler
from submit.emulator.rpc.http import App
from submit.emulator.services import locations, projects
from submit.emulator.services.custom_jobs import CustomJobs
from submit.emulator.services.jobs import Jobs
from submit.emulator.services.json_app import JsonApp
from submit.emulator.services.ml_engine.jobs import MlJobs
from submit.emulator.services.operations import Operations
from submit.emulator.services.persistent_resources import PersistentResources
from submit.emulator.services.pipelines import Pipelines
from submit.emulator.services.places import LocationOf
from submit.emulator.services.records import Records
from submit.emulator.services.resources import Resources
from submit.emulator.services.tuning_jobs import TuningJobs
from submit.engine import Engine

_VERSIONS = ("v1", "v1beta1")


class Services:
    """`app` answers REST; `close` closes what the services remember, not the engine."""

    def __init__(
        self,
        methods: Mapping[str, Mapping[str, Callable[..., Any]]],
        app: App,
        records: Records,
        capacity: Keeper,
    ) -> None:
        self._methods, self.app, self._records, self.capacity = methods, app, records, capacity

    def grpc_handlers(self) -> list[Any]:
        return [grpc_handler(service, methods) for service, methods in self._methods.items()]

    def clear(self) -> None:
        """Forgets all but the engine's jobs."""
        self._records.clear()
        self.capacity.change({}, anew=True)

    def close(self) -> None:
        self.capacity.close()
        self._records.close()


def create(engine: Engine, data_dir: Path, buckets: Path, location_of: LocationOf = lambda _: None) -> Services:
    """`data_dir` keeps what the services remember beside the engine's jobs; `buckets` is the engine's bucket root."""
    records = Records(data_dir / "services.sqlite3")
    capacity = Keeper(engine, data_dir / "capacity.json")
    jobs = Jobs(engine, buckets, capacity)
    operations = Operations(records, jobs.numbers)
    resources = Resources(jobs, operations, records, location_of)
    methods: dict[str, Mapping[str, Callable[..., Any]]] = {"google.longrunning.Operations": operations.methods()}
    for version in _VERSIONS:
        package = f"google.cloud.aiplatform.{version}"
        job_kinds = CustomJobs(resources, version).methods() | TuningJobs(resources, version).methods()
        methods[f"{package}.JobService"] = job_kinds
        methods[f"{package}.PipelineService"] = Pipelines(resources, operations, records, version).methods()
        persistent = PersistentResources(records, operations, version)
        methods[f"{package}.PersistentResourceService"] = persistent.methods()
    methods[locations.SERVICE] = locations.methods()
    methods[projects.SERVICE] = projects.methods()
    routes = [*MlJobs(jobs, records).routes(), *projects.routes()]
    return Services(methods, JsonApp(routes, otherwise=RestApp(methods)), records, capacity)
