"""How each replica of a job, or of one element of an array, is: by its own record and the state of the job. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from submit.backends.batch.looking import Folder
from submit.status import JsonObject, ReplicaStatus, State


def of(folder: Folder, state: State) -> Sequence[ReplicaStatus]:
    known = {str(record["replica"]): record for record in folder.records}
    pools = cast("Mapping[str, int]", folder.job.get("replicas") or {})
    names = [f"{pool}-{index}" for pool, replicas in pools.items() for index in range(replicas)]
    return [_replica(name, known.get(name), state) for name in names]


def _replica(name: str, record: JsonObject | None, job: State) -> ReplicaStatus:
    if record is None:
        return ReplicaStatus(name=name, state=job if job.ended else State.QUEUED)
    if job is State.QUEUED:  # it waits to be started again; how the run before went is over
        return ReplicaStatus(name=name, state=job, restarts=cast(int, record.get("restart") or 0))
    code = cast("int | None", record.get("exit_code"))
    done = State.SUCCEEDED if code == 0 and not record.get("cause") else State.FAILED
    told = job if job is State.CANCELLED or record.get("why") == "peer" else done
    running = job if job.ended else State.RUNNING
    return ReplicaStatus(
        name=name,
        state=(done if done is State.SUCCEEDED else told) if record.get("state") == "ENDED" else running,
        exit_code=code,
        restarts=cast(int, record.get("restarts", record.get("restart", 0))),
        peak_memory_bytes=cast("int | None", record.get("peak_memory_bytes")),
        cpu_s=cast("float | None", record.get("cpu_s")),
    )
