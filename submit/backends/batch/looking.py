"""What the folders of jobs say: one question for any number of them, with all elements of arrays, in POSIX shell and
find, and its answer as values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from submit.backends.batch.place import Place, Site, jobs_of
from submit.status import JsonObject
from submit.steps import Command

_LOOK = r"""
set -f
cd "$1/jobs" 2>/dev/null || exit 0
if [ "$2" -gt 0 ]; then
  keys=$(find . -mindepth 2 -maxdepth 2 -name job.json -exec grep -l "$3" {} + | xargs -r stat -c '%.9Y %n' |
    sort -rn | head -n "$2" | sed 's,.* \./,,; s,/job\.json,,')
else
  keys=$(cat)
fi
[ -n "$keys" ] || exit 0
of=$4 log=cluster${4:+.}${4:-*.}log
set -- $keys
date '+now %s'
exec 4>&1
logs=$(find "$@" -mindepth 1 -maxdepth 2 -type d ! -name records -prune -o \
  \( -name job.json -o -name 'cancelled*' \) -printf 'file %T@ %p\n' ! -name job.json -o \
  \( -name job.json -o -name "$of*.json" \) -exec grep -m 1 -H '' {} + -o \
  -name "$log" -size +0 -exec sh -c '{ echo; exec tail -v -c 1000 "$@"; } >&3' tail {} + 3>&1 >&4 2>/dev/null)
[ -z "$logs" ] || printf '%s\n' "$logs"
exit 0
"""

_ENDED = json.dumps({"replica": "workerpool0-0", "restart": 0, "state": "ENDED", "exit_code": 0})
"""what a dry run finds: a job that may be deleted"""
_LOG = re.compile(r"\n==> (?:\./)?([\w-]+)/cluster(\.\d+|)\.log <==\n")
"""the head of a log, by `tail`: the key and, of an array, the element"""
_ELEMENT = re.compile(r"records/(\d+)\.")
"""whose record it is in an array"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A job's folder, or what is an array element's own in it; `key` is then `KEY.7`.

    `records` are those of the newest run; `log` the end of what the scheduler itself wrote; `age_s` is how long ago
    the job was made, by the clock of the file system. `elements` are those of an array, which has nothing but them.
    """

    key: str
    job: JsonObject
    created: datetime
    age_s: float
    cancelled: bool = False
    records: Sequence[JsonObject] = ()
    log: str = ""
    elements: Sequence[Folder] = ()

    @property
    def units(self) -> Sequence[Folder]:
        """What runs by itself, and has an end of its own."""
        return self.elements or (self,)

    def unit(self, place: Place) -> Folder | None:
        """What is at that place in this folder: all of it, or an element."""
        if not place.element:
            return self
        number = int(place.element)
        return self.elements[number - 1] if number <= len(self.elements) else None


@dataclass(slots=True)
class _Found:
    """By the jobs' keys, `records` and `logs` by those of elements."""

    now: float = 0.0
    times: dict[str, float] = field(default_factory=dict)
    jobs: dict[str, JsonObject] = field(default_factory=dict)
    records: dict[str, list[JsonObject]] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)


def look(site: Site, units: Iterable[str]) -> Command:
    """Of a single element of an array no other records are read."""
    return _look(site, 0, tuple(units))


def newest(site: Site, limit: int, backend: str) -> Command:
    """The jobs of one backend; another may have the same folder."""
    return _look(site, limit, (), rf'^{{"key": "[^"]*", "backend": "{backend}"')  # a label may have that name, too


def _look(site: Site, limit: int, units: Sequence[str], words: str = "") -> Command:
    places = [Place.of(site, unit) for unit in units]
    of = f"{places[0].element}." if len(places) == 1 and places[0].element else ""
    argv = ("sh", "-c", _LOOK, "look", site.root, str(limit), words, of)
    assumed = "now 0\n" + "".join(map(_assumed, places))
    stdin = "".join(f"{key}\n" for key in jobs_of(units))
    return Command(argv=argv, stdin=stdin, host=site.host, assumed=assumed, changes=False)


def _assumed(place: Place) -> str:
    of = f"{place.element}." if place.element else ""
    job = f'{{"elements": {place.element or 0}}}'
    return f"{place.key}/job.json:{job}\n{place.key}/records/{of}primary.json:{_ENDED}\n"


def folders(answer: str) -> Mapping[str, Folder]:
    """By their keys, the newest job first."""
    found = _Found()
    facts, *logs = _LOG.split(answer)
    for line in facts.split("\n"):  # no `splitlines`: names may have other ends of lines in them
        _take(line, found)
    for key, element, text in zip(logs[::3], logs[1::3], logs[2::3], strict=True):
        found.logs[key + element] = text
    all_folders = [_folder(key, found) for key in found.jobs]
    return {folder.key: folder for folder in sorted(all_folders, key=lambda each: each.created, reverse=True)}


def _take(line: str, found: _Found) -> None:
    if line.startswith("now "):
        found.now = float(line[4:])
    elif line.startswith("file "):
        _, time, path = line.split(" ", 2)
        found.times[path] = float(time)
    else:
        path, _, text = line.partition(":")
        key, _, name = path.partition("/")
        value = _json(text.removesuffix(",") + "}" if text.endswith(",") else text)
        if value is not None and name == "job.json":
            found.jobs[key] = value
        elif value is not None:
            element = _ELEMENT.match(name)
            found.records.setdefault(f"{key}.{element[1]}" if element else key, []).append(value)


def _json(text: str) -> JsonObject | None:
    """None for what is being written."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _folder(key: str, found: _Found) -> Folder:
    whole = _unit(key, "", found)
    elements = tuple(_unit(key, f".{number}", found) for number in range(1, 1 + _number(whole.job.get("elements"))))
    return replace(whole, elements=elements) if elements else whole


def _unit(key: str, element: str, found: _Found) -> Folder:
    """Of the whole job, or of an element `.7`; with the array all of them are cancelled."""
    created = found.times.get(f"{key}/job.json", found.now)
    records = found.records.get(key + element)
    return Folder(
        key=key + element,
        job=found.jobs[key],
        created=datetime.fromtimestamp(created, UTC),
        age_s=max(0.0, found.now - created),
        cancelled=f"{key}/cancelled" in found.times or f"{key}/cancelled{element}" in found.times,
        records=_newest_run(records) if records else [],
        log=found.logs.get(key + element, "").strip(),
    )


def _newest_run(records: Sequence[JsonObject]) -> Sequence[JsonObject]:
    newest = max(_number(record.get("restart")) for record in records)
    run = (record for record in records if record.get("restart") == newest)
    return sorted(run, key=lambda record: str(record.get("replica")))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
