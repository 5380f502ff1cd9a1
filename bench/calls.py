"""What a call to the emulator takes, over kept connections, empty and with 1,000 jobs and 100,000 log entries."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict

from bench import processes, programs
from bench.occupied import Occupied, occupied
from bench.report import Limit, Report, milliseconds, times
from bench.rest import Rest
from bench.setting import Setting
from submit.emulator.rpc import message_class

JOBS, LINES = 1_000, 100_000
PAGE = 50
"""Of entries and of jobs: what is asked for at once."""
TIMES = 50
PACKAGE = "google.cloud.aiplatform.v1"
QUICK = ("create, REST", "get, REST", "create, gRPC", "get, gRPC")

Calls = Mapping[str, Callable[[], object]]


def run(setting: Setting) -> Report:
    start_s = median(_start(setting) for _ in range(setting.runs))
    with occupied(setting) as empty, occupied(setting) as full:
        _write(empty, PAGE)
        _write(full, LINES)
        _fill(full)
        taken = _in_turns(_calls(empty), _calls(full))
    return Report(
        title=f"emulator-calls: p50 of {TIMES} calls; loaded: {JOBS:,} jobs wait and there are {LINES:,} log entries",
        columns=("empty", "loaded", "loaded ÷ empty"),
        rows=[
            (name, milliseconds(empty_s), milliseconds(loaded_s), times(loaded_s / empty_s))
            for name, (empty_s, loaded_s) in taken.items()
        ],
        limits=[
            Limit("`submit emulator start` until it answers ≤ 0.7 s", start_s, 0.7),
            *(Limit(f"{name} ≤ 5 ms, in ms", taken[name][0] * 1e3, 5) for name in QUICK),
        ],
    )


def _start(setting: Setting) -> float:
    """Seconds from the command to its exit; what it has started answers by then."""
    argv = [*programs.submit(), "emulator"]
    ran = processes.run([*argv, "start"], env=setting.env, cwd=setting.project, reap=False)
    processes.run([*argv, "stop"], env=setting.env, cwd=setting.project, reap=False)
    return ran.wall_s


def _in_turns(empty: Calls, loaded: Calls) -> dict[str, tuple[float, float]]:
    """Seconds of each call for both emulators, one after the other, so that a neighbour's load falls on both alike."""
    taken: dict[str, tuple[float, float]] = {}
    for name in empty:
        pairs = [(_timed(empty[name]), _timed(loaded[name])) for _ in range(TIMES)]
        taken[name] = (median(pair[0] for pair in pairs), median(pair[1] for pair in pairs))
    return taken


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _calls(here: Occupied) -> Calls:
    rest = Rest(here.google, here.running)
    return {**_rest_calls(rest), **_grpc_calls(here, rest)}


def _rest_calls(rest: Rest) -> Calls:
    waiting, ml_waiting = rest.create()["name"], rest.create_ml()["jobId"]
    return {
        "create, REST": rest.create,
        "get, REST": lambda: rest.ask("GET", f"/v1/{waiting}"),
        "list, first page of 50": lambda: rest.list("pageSize=50"),
        "list, by display name": lambda: rest.list("filter=display_name%3Dnone"),
        "create, ML Engine": rest.create_ml,
        "get, ML Engine": lambda: rest.ask("GET", f"/v1/projects/{rest.project}/jobs/{ml_waiting}"),
        "list, ML Engine, first page of 50": lambda: rest.ask("GET", f"/v1/projects/{rest.project}/jobs?pageSize=50"),
        "entries of a job, first 50": lambda: rest.entries("asc", rest.running),
        "entries of a job, last 50": lambda: rest.entries("desc", rest.running),
        "entries of all jobs, last 50": lambda: rest.entries("desc"),
    }


def _grpc_calls(here: Occupied, rest: Rest) -> Calls:
    channel = grpc.insecure_channel(here.google.endpoints.grpc)

    def method(name: str, request: Any) -> Callable[[], Any]:
        call = channel.unary_unary(
            f"/{PACKAGE}.JobService/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_class(f"{PACKAGE}.CustomJob").FromString,
        )
        return lambda: call(request)

    creation = message_class(f"{PACKAGE}.CreateCustomJobRequest")(parent=rest.parent)
    ParseDict(rest.vertex, creation.custom_job)
    reading = message_class(f"{PACKAGE}.GetCustomJobRequest")(name=rest.create()["name"])
    return {"create, gRPC": method("CreateCustomJob", creation), "get, gRPC": method("GetCustomJob", reading)}


def _fill(here: Occupied) -> None:
    rest = Rest(here.google, here.running)
    for _ in range(JOBS):
        rest.create()


def _write(here: Occupied, count: int) -> None:
    """Lets the running job write so many lines into its log."""
    rest = Rest(here.google, here.running)
    here.write_lines(count)
    while "these were all" not in json.dumps(rest.entries("desc", rest.running)):
        time.sleep(0.2)
