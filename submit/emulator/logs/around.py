"""What the services say around the trainer's lines: an engine's line as those that the real one would show.

The words and their order are those of logs that users of the services have published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from submit.emulator.replica_names import ROLES, in_words
from submit.engine.folder import JobFolder, read_json
from submit.engine.journal import Writer

Line: TypeAlias = Mapping[str, Any]

QUEUED = "Waiting for job to be provisioned."
PREPARING, RUNNING = "Job is preparing.", "Job is running."
LAST_WORDS = ("Job completed successfully.", "Job failed.", "Job cancelled.")

_PROVISIONING = (
    "Vertex AI is provisioning job running framework. First time usage might take couple of minutes, and subsequent "
    "runs can be much faster."
)
_VERTEX = {
    PREPARING: (
        _PROVISIONING,
        "Vertex AI is setting up this job.",
        "Waiting for training program to start.",
        PREPARING,
    )
}
_ML_ENGINE: dict[str, tuple[str, ...]] = {PREPARING: ("Waiting for training program to start.",), RUNNING: ()}
_TORN_DOWN = "Finished tearing down training program."
_NEVER_RAN = f"service.{int(Writer.CANCEL)}."


class Origin(NamedTuple):
    """Whose log it is; `is_ml_engine`: the entries look as ML Engine's, else as Vertex AI's; `folder` is the job's."""

    project: str
    job_id: str
    is_ml_engine: bool
    folder: Path


def shown(line: Line, origin: Origin) -> Iterator[Line]:
    """The same lines each time that it is asked."""
    if line["replica"] == "service":
        said = _service(line, origin)
        for message in said:
            yield {**line, "message": message, "severity": line["severity"] if message is said[-1] else "INFO"}
        return
    if line["id"].endswith(".0"):  # the first one of this replica since it was started
        whose = {key: line[key] for key in ("replica", "trial") if key in line}
        for message in _runner(line, origin):
            yield {**whose, "severity": "INFO", "message": message}
    if line["stream"] or not line["message"].startswith("Installing the package: "):
        yield line


def _service(line: Line, origin: Origin) -> tuple[str, ...]:
    message, words = line["message"], _ML_ENGINE if origin.is_ml_engine else _VERTEX
    if message == QUEUED and origin.is_ml_engine:
        validated = "Job creation request has been successfully validated."
        return "Validating job requirements...", validated, f"Job {origin.job_id} is queued.", QUEUED
    if message in LAST_WORDS and not line["id"].startswith(_NEVER_RAN):
        begun = ("Tearing down training program.",) if origin.is_ml_engine else ()
        return *begun, _TORN_DOWN, message
    return words.get(message, (in_words(message) if origin.is_ml_engine else message,))


def _runner(line: Line, origin: Origin) -> Iterator[str]:
    """What a prebuilt image says before it runs the module. Packages are in the task by their places on this disk."""
    task = read_json(JobFolder(origin.folder).run(line.get("trial")).task(line["replica"]))
    if not task or not task["module"]:
        return
    root = f"{task['bucket_root']}/"
    uris = [f"gs://{package['path'].removeprefix(root)}" for package in task["packages"]]
    if not origin.is_ml_engine:
        yield "Running run_module.py"
    yield f"Running task with arguments: {_arguments(task, uris, origin)}"
    if origin.is_ml_engine:
        yield f"Running module {task['module']}."
    for uri in uris:
        name = uri.rpartition("/")[2]
        yield f"Downloading the package: {uri}"
        yield f"Running command: gsutil -q cp {uri} {name}"
        yield f"Installing the package: {uri}"
        yield f"Running command: pip3 install --user --upgrade --force-reinstall --no-deps {name}"
        yield f"Running command: pip3 install --user {name}"


def _arguments(task: Mapping[str, Any], uris: list[str], origin: Origin) -> str:
    chief = "master" if origin.is_ml_engine and not task["use_chief"] else "chief"
    names = {f"workerpool{number}": role for number, role in enumerate((chief, *ROLES[1:]))}
    values = {
        "cluster": {names[pool]: addresses for pool, addresses in task["cluster"].items()},
        "task": {"type": names[task["replica"].partition("-")[0]], "index": task["index"]},
        "job": {"python_module": task["module"], "package_uris": uris, "job_args": task["args"]},
    }
    return " ".join(f"--{name}={json.dumps(value)}" for name, value in values.items())
