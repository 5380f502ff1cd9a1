"""Files on the shared file system, and the programs that tasks run from there."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from submit.backends.batch.place import Place, Site
from submit.steps import Command, Upload

_PROGRAMS = Path(__file__).parents[2]


@cache
def program(name: str) -> bytes:
    return (_PROGRAMS / name).read_bytes()


@cache
def program_path(name: str) -> str:
    return f"programs/{_digest(program(name))}/{name}"


def upload(data: bytes, path: str, site: Site) -> Upload:
    return Upload(data=data, to=f"{site.folder}/{path}", digest=_digest(data), host=site.host)


def removal(place: Place, part: str = "") -> Command:
    """Of the job's whole folder, or of what has that name in it: `/cancelled`."""
    argv = ("rm", "-rf", "--", f"{place.site.root}/jobs/{place.key}{part}")
    return Command(argv=argv, host=place.site.host)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
