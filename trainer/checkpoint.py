"""Checkpoints: `step-<step>-<first 8 hex digits of the sha256>.npz`, so that a damaged one is known by its name."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trainer.errors import TrainerError
from trainer.state import State

if TYPE_CHECKING:
    from trainer.arguments import Hyperparameters
    from trainer.folder import Folder

KEPT = 3
_NAME = re.compile(r"step-(\d{8,})-([0-9a-f]{8})\.npz")
log = logging.getLogger("trainer")


class _Entry(NamedTuple):
    step: int
    name: str
    digest: str


class Checkpoints:
    """The checkpoints of one run, in their folder."""

    def __init__(self, folder: Folder, hyper: Hyperparameters) -> None:
        self._folder = folder
        self._hyper = hyper

    def save(self, state: State) -> str:
        """Writes a checkpoint, deletes those that it replaces, and returns where it is."""
        data = pack(state, self._hyper)
        name = f"step-{state.step:08d}-{_digest(data)}.npz"
        self._folder.write(name, data)
        self._prune(state.step)
        location = self._folder.location(name)
        log.info("wrote checkpoint step=%d path=%s", state.step, location)
        return location

    def newest(self, *, after: int = -1) -> State | None:
        """The newest whole checkpoint after that step; a `TrainerError` if its run had other hyper-parameters."""
        for entry in reversed(self._entries()):
            if entry.step <= after:
                break
            data = self._folder.read(entry.name)
            if data is not None and _digest(data) == entry.digest:
                return self._unpack(entry.name, data)
            log.warning("skipping a damaged checkpoint path=%s", self._folder.location(entry.name))
        return None

    def _entries(self) -> list[_Entry]:
        found = (_NAME.fullmatch(name) for name in self._folder.names())
        return sorted(_Entry(int(match.group(1)), match.group(0), match.group(2)) for match in found if match)

    def _prune(self, step: int) -> None:
        """Keeps some up to `step`. What is after it must be damaged, or training would have gone on from it."""
        entries = self._entries()
        kept = [entry for entry in entries if entry.step <= step][-KEPT:]
        for entry in entries:
            if entry not in kept:
                self._folder.delete(entry.name)

    def _unpack(self, name: str, data: bytes) -> State:
        with np.load(io.BytesIO(data)) as file:
            state = State(int(file["step"]), file["weights"], file["mean"], file["square"])
            theirs = json.loads(str(file["hyperparameters"]))
        ours = asdict(self._hyper)
        if theirs != ours:
            other = " ".join(f"{key}={theirs.get(key)}" for key in ours if theirs.get(key) != ours[key])
            raise TrainerError(
                f"`{self._folder.location(name)}` is from a run with {other}: "
                "choose another --job-dir, or delete the checkpoints to start anew"
            )
        return state


def pack(state: State, hyper: Hyperparameters) -> bytes:
    """The state as an `.npz` file; equal states give equal bytes."""
    settings = json.dumps(asdict(hyper), sort_keys=True)
    file = io.BytesIO()
    np.savez(
        file, step=state.step, weights=state.weights, mean=state.mean, square=state.square, hyperparameters=settings
    )
    return file.getvalue()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:8]
