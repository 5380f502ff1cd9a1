"""The fault matrix: every remote call of every verb fails in every way.

A cell is one command. It holds if there is one job at most, a success means that what was asked for is so, and
anything else ends with exit code 3, says what is wrong and what to do; and if a job came of it all the same,
`submit jobs recover` knows it.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from bench.reliability.site import Site
from tests.project import Finished

ANSWERS = ("429", "500", "503", "504", "hang", "hang-after", "reset", "reset-during", "reset-after", "truncate", "html")
UNREACHABLE = ("no such host", "nobody listens")
MODES = ("once", "always")
VERBS = {
    "vertex": ("submit", "describe", "list", "logs", "cancel", "delete"),
    "mlengine": ("submit", "describe", "list", "logs", "cancel"),  # it has no deletion
}
PATIENCE_S = "1"
_MANY = 1000
_QUICK = {"CLOUDSDK_CORE_HTTP_TIMEOUT": "2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    backend: str
    verb: str
    answer: str
    mode: str
    call: int
    code: int
    jobs: int
    wrong: str = ""


def cells(
    site: Site,
    backend: str,
    verb: str,
    answers: Iterable[str] = ANSWERS,
    modes: Iterable[str] = MODES,
    calls: Iterable[int] | None = None,
) -> Iterator[Cell]:
    """All calls that the verb makes when nothing fails, or only some of them, counted from 0."""
    numbers = range(remote_calls(site, backend, verb)) if calls is None else calls
    for call, answer, mode in itertools.product(numbers, answers, modes):
        trial = _Trial(site, backend, verb, _prepared(site, backend, verb), site.jobs())
        site.fault("*", answer, after=call, count=1 if mode == "once" else 0)
        yield _cell(trial, (answer, mode, call), _QUICK)


def unreachable(site: Site, backend: str, verb: str) -> Iterator[Cell]:
    for reason, address in zip(UNREACHABLE, ("http://nowhere.invalid:80", "http://127.0.0.1:9"), strict=True):
        names = [name for name in site.environ if name.startswith(("CLOUDSDK_API_ENDPOINT_", "STORAGE_EMULATOR_"))]
        trial = _Trial(site, backend, verb, _prepared(site, backend, verb), site.jobs())
        yield _cell(trial, (reason, "always", 0), dict.fromkeys(names, address))


def remote_calls(site: Site, backend: str, verb: str) -> int:
    handle = _prepared(site, backend, verb)
    site.fault("*", "500", after=_MANY, count=1)
    done = site.submit(*_argv(backend, verb, handle))
    assert done.code == 0, done.err
    (fault,) = site.ask("GET", "/emulator/v1/faults")["faults"]
    site.clear_faults()
    return int(_MANY - fault.get("after", 0))


def rows(found: Iterable[Cell]) -> Iterator[str]:
    """One row for each backend, verb and answer."""
    groups: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in found:
        groups[cell.backend, cell.verb, cell.answer].append(cell)
    yield f"{'':<10}{'':<10}{'':<16}{'cells':>6}{'hold':>6}{'jobs at most':>14}  exit codes"
    for (backend, verb, answer), members in groups.items():
        held = sum(not cell.wrong for cell in members)
        codes = ", ".join(sorted({str(cell.code) for cell in members}))
        most = max(cell.jobs for cell in members)
        yield f"{backend:<10}{verb:<10}{answer:<16}{len(members):>6}{held:>6}{most:>14}  {codes}"


def _prepared(site: Site, backend: str, verb: str) -> str:
    """A job that the verb can be tried on; none for `submit` and `list`."""
    if verb in ("submit", "list"):
        return ""
    handle = site.submit(*_train(backend)).out.strip()
    if verb == "delete":
        site.submit("jobs", "cancel", handle)
        site.submit("jobs", "wait", handle, "--timeout", "30")
    return handle


class _Trial(NamedTuple):
    """`before`: the jobs that there were."""

    site: Site
    backend: str
    verb: str
    handle: str
    before: Mapping[str, list[str]]


def _cell(trial: _Trial, what: tuple[str, str, int], env: Mapping[str, str]) -> Cell:
    site, backend, verb, handle, before = trial
    done = site.run(site.command(*_argv(backend, verb, handle)), env)
    site.clear_faults()
    new = [name for key, names in site.jobs().items() if key not in before for name in names]
    wrong = _rude(done) or (_wrong_submission(site, done, new) if verb == "submit" else "")
    if verb in ("cancel", "delete") and not wrong:
        wrong = _wrong_end(site, verb, handle, done)
    answer, mode, call = what
    return Cell(
        backend=backend, verb=verb, answer=answer, mode=mode, call=call, code=done.code, jobs=len(new), wrong=wrong
    )


def _rude(done: Finished) -> str:
    """An error is for people: what is wrong, and what to do."""
    if done.code == 0:
        return ""
    if done.code != 3 or "Traceback" in done.err:
        return f"exit code {done.code}: {done.err[-500:]}"
    missing = [word for word in ("error:", "hint:") if word not in done.err]
    return f"no {missing[0]} in: {done.err[-500:]}" if missing else ""


def _wrong_submission(site: Site, done: Finished, new: list[str]) -> str:
    if len(new) > 1:
        return f"{len(new)} jobs"
    if done.code == 0:
        return "" if [done.out.strip().split("://")[-1]] == new else f"it says {done.out!r}, there is {new}"
    verdicts = _recovered(site)
    known = [verdict["handle"].split("://")[1] for verdict in verdicts if verdict["handle"]]
    return "" if known == new else f"there is {new}, recover says {verdicts}"


def _recovered(site: Site) -> list[dict[str, str]]:
    while True:
        done = site.submit("jobs", "recover", "--patience", PATIENCE_S, "--format", "json")
        if done.code != 3:
            found: list[dict[str, str]] = done.json
            return found
        time.sleep(0.3)


def _wrong_end(site: Site, verb: str, handle: str, done: Finished) -> str:
    """What says that it succeeded has."""
    seen = site.submit("jobs", "describe", handle, "--format", "json")
    if done.code != 0:
        return ""
    if verb == "delete":
        return "" if seen.code == 3 else "it is still there"
    return "" if seen.json["state"] in ("CANCELLING", "CANCELLED") else f"it is {seen.json['state']}"


def _argv(backend: str, verb: str, handle: str) -> list[str]:
    return {
        "submit": _train(backend),
        "describe": ["jobs", "describe", handle],
        "list": ["jobs", "list", "--backend", backend],
        "logs": ["jobs", "stream-logs", handle, "--no-follow"],
        "cancel": ["jobs", "cancel", handle],
        "delete": ["jobs", "delete", handle],
    }[verb]


def _train(backend: str) -> list[str]:
    return ["train", "--backend", backend, "--staging-bucket", "gs://staging", "--async", "--", "--seconds", "100000"]
