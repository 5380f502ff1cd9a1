"""Where a job is: the machine that speaks to the cluster, the folder that its nodes share, and the job's key.

All three are in its handle, so that nothing else has to be remembered:
`slurm://trainer_…`, `slurm://login.example/trainer_…`, `slurm://login.example/scratch/ann/jobs/trainer_…`. An element
of an array has its number behind the key: `slurm://trainer_….7`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Self

from submit.errors import Problem, UsageError
from submit.status import Handle, Target
from submit.target import said

if TYPE_CHECKING:
    from submit.job import JobSpec

FOLDER = "~/.jobdir"


class Site(NamedTuple):
    """`host` is as ssh names it, empty for this machine; `folder` is absolute or begins with `~/`. `is_default`: jobs
    that are named without a place are looked for there."""

    host: str
    folder: str
    is_default: bool = True

    @classmethod
    def of(cls, backend: str, target: Target, options: object = None) -> Self:
        """What the config says, else `SUBMIT_SLURM_HOST` and `SUBMIT_SLURM_FOLDER` (by the backend's name)."""
        host, folder = _said(backend, target, options)
        _check(backend, host, folder)
        return cls(host=host, folder=folder, is_default=(host, folder) == _said(backend, target))

    @property
    def root(self) -> str:
        """The folder for commands, which run in the home folder."""
        return self.folder.removeprefix("~/")


class Place(NamedTuple):
    """`element` is the number of an array's element; empty for whole jobs."""

    site: Site
    key: str
    element: str = ""

    @classmethod
    def of(cls, site: Site, unit: str) -> Self:
        key, _, element = unit.partition(".")
        return cls(site=site, key=key, element=element)

    @property
    def unit(self) -> str:
        """The key of the job, or of the array's element with its number: `trainer_…`, `trainer_….7`."""
        return f"{self.key}.{self.element}" if self.element else self.key

    def handle(self, backend: str) -> Handle:
        site = self.site
        is_short = site.folder == FOLDER and (site.host or site.is_default)
        folder = "" if is_short else site.folder.removeprefix("/")
        parts = [site.host, folder, self.unit] if folder else [site.host, self.unit] if site.host else [self.unit]
        return Handle(backend, "/".join(parts))

    @classmethod
    def parse(cls, handle: Handle, target: Target) -> Self:
        """A bare name is looked for where jobs go by default."""
        head, sign, unit = handle.path.rpartition("/")
        if not re.fullmatch(r"[A-Za-z][\w-]*(\.[1-9]\d*)?", unit, re.ASCII):
            raise UsageError(f"`{handle}` does not name a job", hint="Name it as `submit jobs list` does.")
        if not sign:
            return cls.of(Site.of(handle.backend, target), unit)
        host, _, folder = head.partition("/")
        folder = folder if folder.startswith("~/") else f"/{folder}" if folder else FOLDER
        _check(handle.backend, host, folder)
        site = Site(host=host, folder=folder, is_default=(host, folder) == _said(handle.backend, target))
        return cls.of(site, unit)


def key_of(spec: JobSpec) -> str:
    """The job's name, with a part of the submission's id unless it has that: names of users may come again."""
    token = spec.submission_id[:8]
    return spec.name if spec.name.endswith(token) else f"{spec.name}-{token}"


def jobs_of(units: Iterable[str]) -> list[str]:
    """The keys of the jobs that these are, or are elements of; each once."""
    return list(dict.fromkeys(unit.partition(".")[0] for unit in units))


def _said(backend: str, target: Target, options: object = None) -> tuple[str, str]:
    """The host and the folder."""
    folder = said(backend, "folder", target, options) or FOLDER
    return said(backend, "host", target, options), folder.rstrip("/")


@lru_cache  # a thousand handles have the same
def _check(backend: str, host: str, folder: str) -> None:
    problems = []
    if (host and not re.fullmatch(r"[\w@.:\[\]-]+", host, re.ASCII)) or host.startswith("-"):
        problems.append(Problem(message=f"submit.{backend}.host: `{host}` is not the name of a machine"))
    if not re.fullmatch(r"(~/|/)[\w./@+:-]*\w", folder, re.ASCII) or ".." in folder.split("/"):
        hint = "It is a path of letters, digits and `._-+@:`, absolute or below `~/`."
        problems.append(Problem(message=f"submit.{backend}.folder: `{folder}` is no such folder", hint=hint))
    if problems:
        raise UsageError(problems)
