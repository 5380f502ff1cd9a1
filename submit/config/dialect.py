"""Which of the formats that people have a config is written in."""

from __future__ import annotations

from typing import NamedTuple

from submit.config.schemas import Schema, ml_engine, snake, vertex
from submit.config.tree import Branch
from submit.errors import Problem


class Dialect(NamedTuple):
    """A format: its name for people, its schema, and the message at the top of the file."""

    name: str
    schema: Schema
    root: str


ML_ENGINE = "ml-engine"
VERTEX = "vertex"
VERTEX_TUNING = "vertex-tuning"
OURS = "submit"


def detect(branch: Branch) -> Dialect | Problem:
    """The dialect of a file, without its `submit:` section; a problem if its keys belong to two, or to none."""
    keys = [entry.key for entry in branch.entries]
    legacy = [key for key in keys if key in _LEGACY_SIGNS]
    modern = [key for key in keys if key in _VERTEX_SIGNS]
    if legacy and modern:
        return _both(branch, legacy[0], modern[0])
    if modern:
        return _vertex(keys)
    if legacy or not keys:
        return Dialect(ML_ENGINE if legacy else OURS, ml_engine(), "Job")
    return _by_most_keys(keys)


def _vertex(keys: list[str]) -> Dialect:
    if _TUNING_SIGNS & set(keys):
        return Dialect(VERTEX_TUNING, vertex(), "HyperparameterTuningJob")
    wrapped = {"jobSpec", "job_spec"} & set(keys)
    return Dialect(VERTEX, vertex(), "CustomJob" if wrapped else "CustomJobSpec")


def _by_most_keys(keys: list[str]) -> Dialect:
    """No key says clearly what the file is: it is what most of its keys occur in, so that the errors fit."""
    candidates = [
        Dialect(ML_ENGINE, ml_engine(), "Job"),
        Dialect(VERTEX, vertex(), "CustomJobSpec"),
        Dialect(VERTEX, vertex(), "CustomJob"),
    ]
    return max(candidates, key=lambda dialect: _known_in(keys, dialect))


def _known_in(keys: list[str], dialect: Dialect) -> tuple[int, int]:
    root = dialect.schema.messages[dialect.root]
    at_top = sum(dialect.schema.canonical(root, key) is not None for key in keys)
    messages = dialect.schema.messages.values()
    anywhere = sum(any(dialect.schema.canonical(message, key) for message in messages) for key in keys)
    return anywhere, at_top


def _both(branch: Branch, legacy: str, modern: str) -> Problem:
    """What the command line has added is never what was there first."""
    first, second = sorted(
        (entry for entry in branch.entries if entry.key in (legacy, modern)),
        key=lambda entry: (not entry.place.line, entry.place),
    )
    return Problem(
        message=f"`{second.key}` belongs to another format than `{first.key}`",
        place=second.place,
        path=second.key,
        hint="A config is either ML Engine's (`trainingInput`) or Vertex AI's (`workerPoolSpecs`, `jobSpec`). "
        "`submit convert` turns the first into the second.",
    )


_LEGACY_SIGNS = frozenset({"trainingInput", "training_input", "predictionInput"})
_TUNING = ("studySpec", "trialJobSpec", "maxTrialCount", "parallelTrialCount", "maxFailedTrialCount")
_TUNING_SIGNS = frozenset({spelling for key in _TUNING for spelling in (key, snake(key))})
_VERTEX_SIGNS = _TUNING_SIGNS | {spelling for key in ("jobSpec", "workerPoolSpecs") for spelling in (key, snake(key))}
