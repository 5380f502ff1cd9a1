"""What tells two jobs apart: code, config, arguments, environment. Pure."""

from __future__ import annotations

import difflib
import io
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from submit.job import Json, JsonObject

_TEXT_LIMIT = 1 << 20
"""A larger file is only compared, not shown."""
_OWN = ("job.name", "job.submission_id", "job.display_name", "job.today")
"""They differ between any two jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a job was made of. `archives`: the bytes of its packages by file name, None for one that is gone."""

    known: JsonObject
    archives: Mapping[str, bytes | None] = field(default_factory=dict)
    installed: JsonObject | None = None


def differences(one: Made, other: Made) -> dict[str, list[str]]:
    """Lines for each of `code`, `config`, `arguments` and `environment`; none if there is no difference."""
    return {
        "code": [*_code(one, other)],
        "config": [*_changes(_config(one), _config(other))],
        "arguments": [*_changes(_arguments(one), _arguments(other))],
        "environment": [*_changes(_environment(one), _environment(other))],
    }


def _code(one: Made, other: Made) -> Iterator[str]:
    yield from _changes(_commit(one), _commit(other))
    if _digests(one) == _digests(other):
        return
    before, after = _members(one), _members(other)
    if before is None or after is None:
        yield "the packages differ, and one of them is not here any more"
        return
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield from _file(name, before.get(name), after.get(name))


def _commit(made: Made) -> dict[str, Json]:
    git = made.known.get("git")
    return {"git.commit": git.get("commit")} if isinstance(git, dict) else {}


def _digests(made: Made) -> list[Json]:
    return [package["digest"] for package in cast("list[JsonObject]", made.known["packages"])]


def _members(made: Made) -> dict[str, bytes] | None:
    """The files of all packages, without the top folders of source archives, which have versions in their names."""
    found: dict[str, bytes] = {}
    for name, data in made.archives.items():
        if data is None:
            return None
        found |= _wheel(data) if name.endswith((".whl", ".zip")) else _tar(data)
    return found


def _tar(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        files = [member for member in archive if member.isfile()]
        opened = ((member.name.partition("/")[2], archive.extractfile(member)) for member in files)
        return {name: file.read() for name, file in opened if file}


def _wheel(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def _file(name: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    one, other = _lines(before), _lines(after)
    if one is None or other is None:
        yield f"{name}: {'added' if before is None else 'removed' if after is None else 'changed'}, not shown as text"
        return
    old, new = ("/dev/null" if data is None else name for data in (before, after))
    yield from difflib.unified_diff(one, other, old, new, lineterm="")


def _lines(data: bytes | None) -> list[str] | None:
    if data is None:
        return []
    if len(data) > _TEXT_LIMIT or b"\0" in data:
        return None
    try:
        return data.decode().splitlines()
    except UnicodeDecodeError:
        return None


def _config(made: Made) -> dict[str, Json]:
    flat = dict(_flat("job", made.known["job"])) | dict(_flat("target", made.known["target"]))
    return {key: v for key, v in flat.items() if key not in _OWN and not _is_argument(key) and not _is_variable(key)}


def _arguments(made: Made) -> dict[str, Json]:
    """Whole, for an argument more would rename all that follow."""
    job = cast(JsonObject, made.known["job"])
    pools = cast("list[JsonObject]", job["pools"])
    return {f"pools[{n}]": " ".join(_args(pool)) for n, pool in enumerate(pools)}


def _args(pool: JsonObject) -> Sequence[str]:
    program = cast(JsonObject, pool.get("program") or {})
    return cast("list[str]", program.get("args") or [])


def _environment(made: Made) -> dict[str, Json]:
    """Python, what was installed, and the variables."""
    found: dict[str, Json] = {key: v for key, v in _flat("job", made.known["job"]) if _is_variable(key)}
    found["tool"] = made.known.get("tool")
    if made.installed:
        found["python"] = made.installed.get("python")
        for name in cast("list[str]", made.installed.get("packages") or []):
            package, _, version = name.partition("==")
            found[f"package {package}"] = version
    return found


def _is_argument(key: str) -> bool:
    return ".program.args" in key


def _is_variable(key: str) -> bool:
    return key.startswith("job.env.") or ".env." in key


def _flat(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    """`job.pools[0].machine.machine_type` → its value."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key != "$type":
                yield from _flat(f"{path}.{key}", each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _flat(f"{path}[{number}]", each)
    else:
        yield path, value


def _changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[str]:
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield f"{key}: {_shown(before.get(key))} → {_shown(after.get(key))}"


def _shown(value: Json) -> str:
    return "–" if value is None else str(value)
