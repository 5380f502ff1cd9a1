"""The door to what is kept of each submission: its record, and the very bytes of its packages.

submissions/provenance/<id>.json
staging/<digest>/<file name>       where the local backend stages them as well
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from pathlib import Path

from submit.job import JobSpec, JsonObject, Package, Target
from submit.provenance.record import Git, record
from submit.world import files


def save(state_dir: Path, spec: JobSpec, target: Target, git: Git | None) -> None:
    """As far as there is room: a job is worth more than what is known of it."""
    known = record(spec, target, git, sys.version.split()[0])
    with contextlib.suppress(OSError):
        for package in spec.packages:
            path = _archive(state_dir, package)
            if not (path.exists() and path.stat().st_size == len(package.data)):
                files.write(path, package.data)
        files.write(_record(state_dir, spec.submission_id), json.dumps(known).encode())


def load(state_dir: Path, submission_id: str) -> JsonObject | None:
    """None if there is none, or it was damaged."""
    data = files.read_if_there(_record(state_dir, submission_id))
    with contextlib.suppress(ValueError):
        found = json.loads(data or b"null")
        return found if isinstance(found, dict) else None
    return None


def archive(state_dir: Path, package: Package) -> bytes | None:
    """None if it is not there any more, or not as it was."""
    data = files.read_if_there(_archive(state_dir, package))
    return data if data is not None and hashlib.sha256(data).hexdigest() == package.digest else None


def _record(state_dir: Path, submission_id: str) -> Path:
    return state_dir / "submissions/provenance" / f"{submission_id}.json"


def _archive(state_dir: Path, package: Package) -> Path:
    return state_dir / "staging" / package.digest / package.filename
