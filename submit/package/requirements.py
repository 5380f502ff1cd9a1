"""`requirements.txt` as pip reads it, as far as it can travel inside of a package.

https://pip.pypa.io/en/stable/reference/requirements-file-format/. Pure: files are read by the caller's function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from submit.errors import Place, Problem, UsageError

Read = Callable[[Path], bytes]

_SPEC = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[^\s,;()=<>!~]+"
_REQUIREMENT = (
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[A-Za-z0-9._,\s-]*\])?\s*"
    rf"(?:@\s*[^\s;]+(?:\s+;.*)?|\(?\s*(?:{_SPEC}\s*(?:,\s*{_SPEC}\s*)*,?)?\s*\)?\s*(?:;.*)?)"
)
_SHORT = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:(?:>=|<=|==|!=|<|>)\d+(?:\.\d+)*)?"
_INCLUDE = r"(?:-r\s*|--requirement(?:\s+|=))(?P<file>.+)"
_OPTION_HINTS = {
    "-c": "Write the version limits into the requirements themselves.",
    "--constraint": "Write the version limits into the requirements themselves.",
    "-e": "Build it with `submit package FOLDER --output dist/` and pass the archive with `--packages`.",
    "--editable": "Build it with `submit package FOLDER --output dist/` and pass the archive with `--packages`.",
}
_INDEX_HINT = (
    "A package cannot carry options of pip. Set them where the job runs, e.g. `--env PIP_INDEX_URL=…`, "
    "or pass the archives with `--packages`."
)


def parse(file: Path, read: Read) -> tuple[str, ...]:
    """The PEP 508 requirements of a file and of those that it includes; a `UsageError` names every line at fault."""
    found: list[str] = []
    problems: list[Problem] = []
    for item in _lines(file, read, (file,)):
        if isinstance(item, Problem):
            problems.append(item)
        else:
            found.append(item)
    if problems:
        raise UsageError(problems)
    return tuple(dict.fromkeys(found))


def check(found: Sequence[str], file: Path) -> tuple[str, ...]:
    """Requirements that stand in the metadata of a project; a `UsageError` names every one that is not PEP 508."""
    judged = [_judged(requirement.strip(), Place(file=str(file))) for requirement in found]
    problems = [item for item in judged if isinstance(item, Problem)]
    if problems:
        raise UsageError(problems)
    return tuple(item for item in judged if isinstance(item, str))


def normal_form(requirement: str) -> str | None:
    """As it stands in the metadata of what is built; None: it is not PEP 508."""
    if re.fullmatch(_SHORT, requirement):
        return requirement
    from packaging.requirements import InvalidRequirement, Requirement  # 10 ms, and not needed by most

    try:
        return str(Requirement(requirement))
    except InvalidRequirement:
        return None


def _lines(file: Path, read: Read, including: tuple[Path, ...]) -> Iterator[str | Problem]:
    for number, line in _logical_lines(_decode(read(file))):
        include = re.fullmatch(_INCLUDE, line)
        if include is None:
            yield _judged(line, Place(file=str(file), line=number))
        elif (other := file.parent / include["file"].strip()) not in including:
            yield from _included(other, read, (*including, other), Place(file=str(file), line=number))


def _included(file: Path, read: Read, including: tuple[Path, ...], place: Place) -> Iterator[str | Problem]:
    try:
        yield from list(_lines(file, read, including))
    except OSError as error:
        yield Problem(message=f"cannot read `{file}`: {(error.strerror or str(error)).lower()}", place=place)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with `\\` at their end joined, comments and blank lines gone; each with its first line's number."""
    held, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            held += line[:-1]
            continue
        whole = re.sub(r"(^|\s)#.*", "", held + line).strip()
        if whole:
            yield start, whole
        held, start = "", 0
    if held.strip():
        yield start, held.strip()


def _judged(line: str, place: Place) -> str | Problem:
    if line.startswith("-"):
        option = re.split(r"[\s=]", line, maxsplit=1)[0]
        return Problem(
            message=f"`{option}` cannot be used in a package's requirements",
            place=place,
            hint=_OPTION_HINTS.get(option, _INDEX_HINT),
        )
    if " --hash" in line or " --config-settings" in line:
        hint = "Leave the options of this line away; the version with `==` stays."
        return Problem(message="options of pip cannot be used in a package's requirements", place=place, hint=hint)
    if re.fullmatch(_REQUIREMENT, line):
        return line
    return Problem(message=f"`{line}` is not a requirement", place=place, hint=_hint(line))


def _hint(line: str) -> str:
    if re.match(r"[a-z+]+://", line) and not line.startswith("file:"):
        return f"Write it as `name @ {line}`."
    if "/" in line or line.endswith((".whl", ".tar.gz")):
        return "Files of this machine are not there in the job: pass archives with `--packages`."
    if re.search(r"[^=<>!~]=[^=]", line):
        return "An exact version is written with `==`."
    return "Write it like `numpy`, `numpy>=1.21` or `package[extra]==1.0`."


def _decode(data: bytes) -> str:
    """UTF-8, or UTF-16 as PowerShell writes it with `pip freeze > requirements.txt`."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode("utf-8-sig", errors="replace")
