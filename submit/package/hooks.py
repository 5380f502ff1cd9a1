"""What came of a project's own build: why it failed, and what of the tree it left out without a word. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from submit.errors import Place, Problem
from submit.package.archive import Member
from submit.package.choose import Project

_NOT_CODE = re.compile(
    r"(?i)(setup\.(py|cfg)|pyproject\.toml|manifest\.in|requirements[^/]*\.txt|(readme|licen[cs]e|notice|changelog|"
    r"authors|copying|makefile|dockerfile|tox\.ini)[^/]*|\.[^/]*|[^/]*\.lock)"
)
_TESTS = frozenset(("test", "tests", "docs", "examples"))
_SHOWN = 3


class BuildError(Exception):
    """The hooks failed; `stage` is `environment`, `sdist` or `wheel`, `output` what they wrote."""

    def __init__(self, stage: str, output: str) -> None:
        super().__init__(stage)
        self.stage = stage
        self.output = output


def problem_of(error: BuildError, project: Project, ignored: Collection[str] = ()) -> Problem:
    """One sentence and a hint from the pages that a failed build prints. `ignored`: what git's ignore files name."""
    stage, output = error.stage, error.output
    line, message = _last_error(output, project.file)
    what = {
        "wheel": "the package builds, but cannot be installed from its archive, so the job would fail at its start",
        "environment": "the tools that build the package could not be installed",
    }.get(stage, "the package cannot be built")
    place = Place(file=str(project.root / project.file), line=line)
    return Problem(message=f"{what}: {message}", place=place, hint=_hint(stage, output, project, ignored))


def _last_error(output: str, file: str) -> tuple[int, str]:
    """The line of the build file (0: not known) and the words of the last thing that reads like an error."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"\s*(configuration )?error(:| in )", line)]
    raised = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Exit|Invalid\w+|NotFound)\b(:|$)", line)]
    text = (errors or raised or lines or ["no reason was given"])[-1]
    text = re.sub(r"^((configuration )?error: )+", "", text.strip()).rstrip(" .")
    script = re.escape(file) + ("|<string>" if file == "setup.py" else "")  # setuptools executes its text
    places = re.findall(rf'File "(?:[^"]*/)?(?:{script})", line (\d+)', output)
    return (int(places[-1]) if places else 0), text


def _hint(stage: str, output: str, project: Project, ignored: Collection[str]) -> str:
    if missing := re.search(r"(?:FileNotFoundError|No such file or directory).*?'([^']+)'", output):
        return _hint_for_file(stage, missing[1], ignored)
    if module := re.search(r"No module named '([\w.]+)'", output):
        return (
            f"`{module[1]}` is not there where packages are built: let `{project.file}` import setuptools only, "
            "or name what it needs under `[build-system] requires` in a `pyproject.toml`."
        )
    if "Multiple top-level packages" in output:
        return "Name the packages: `find_packages(include=['trainer', 'trainer.*'])`, or `[tool.setuptools] packages`."
    if folder := re.search(r"package directory '([^']+)' does not exist", output):
        return f"`packages` names `{folder[1]}`, but there is no such folder in `{project.root}`."
    if requirement := re.search(r"error in .* setup command: .*requirement specifiers.*\n\s+(\S.*)", output):
        return f"`{requirement[1]}` is not a requirement; an exact version is written with `==`."
    if stage == "environment":
        return f"`build-system.requires` of `{project.file}` has to be installed first; is the package index reachable?"
    return ""


def _hint_for_file(stage: str, name: str, ignored: Collection[str]) -> str:
    if name in ignored:
        return f"`.gitignore` names `{name}`, so it stays out; take it back with a line `!{name}` in `.submitignore`."
    if stage == "wheel":
        return f"The build reads `{name}`, which is not in the archive: add the line `include {name}` to `MANIFEST.in`."
    return f"Create `{name}`, or do not read it in the build."


def left_out(folder: PurePosixPath, tree: Mapping[str, Member], wheel: Collection[str]) -> tuple[Problem, ...]:
    """Warnings about files of the package that an installation will not have, which setuptools drops in silence.

    `folder` is the package relative to the project, "." if it is the project; `wheel` are the files as installed.
    """
    missing = {
        path: reason
        for path, place in _expected(folder, tree, wheel).items()
        if (reason := _reason(path, place, tree, wheel))
    }
    groups: dict[tuple[str, str], list[str]] = {}
    for path, reason in sorted(missing.items()):
        groups.setdefault((path.rpartition("/")[0], reason), []).append(path)
    return tuple(_missing(paths, reason) for (_, reason), paths in groups.items())


def holds(name: str, wheel: Collection[str]) -> bool:
    """Whether a wheel with these files installs anything of the package `name`."""
    return any(file.startswith((f"{name}/", f"{name}.py")) for file in wheel)


def _expected(folder: PurePosixPath, tree: Mapping[str, Member], wheel: Collection[str]) -> dict[str, str]:
    """Path in the tree to path in an installation, for all files that belong to what the wheel installs."""
    prefix = "" if folder == PurePosixPath(".") else f"{folder}/"
    inside = [path for path in tree if path.startswith(prefix)]
    if prefix:
        return {path: path for path in inside}
    tops = {file.partition("/")[0] for file in wheel if "/" in file}
    ways = [("", ""), ("src/", ""), *(("", f"{top}/") for top in sorted(tops))]
    mapped = [
        {path: add + path.removeprefix(strip) for path in inside if path.startswith(strip)} for strip, add in ways
    ]
    best = max(mapped, key=lambda way: len(set(way.values()) & set(wheel)))
    return {path: place for path, place in best.items() if place.partition("/")[0] in tops or not tops}


def _reason(path: str, place: str, tree: Mapping[str, Member], wheel: Collection[str]) -> str | None:
    folder, _, name = path.rpartition("/")
    build_file = _NOT_CODE.fullmatch(name) and (
        not folder or f"{folder}/setup.py" in tree or f"{folder}/pyproject.toml" in tree
    )
    if place in wheel or build_file or _TESTS & set(path.split("/")):
        return None
    if not path.endswith(".py"):
        return "data"
    return "packages" if folder == "" or f"{folder}/__init__.py" in tree else "init"


def _missing(paths: list[str], reason: str) -> Problem:
    folder = paths[0].rpartition("/")[0]
    hint = {
        "init": f"The folder has no `__init__.py`: create `{folder}/__init__.py`; it can be empty.",
        "packages": "Name its package in `packages`, best with `find_packages()`.",
        "data": "List it in `package_data`, or in `MANIFEST.in` together with `include_package_data=True`.",
    }[reason]
    names = ", ".join(f"`{path}`" for path in paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return Problem(
        message=f"{names}{more} {'is' if len(paths) == 1 else 'are'} not in the package",
        hint=hint,
        severity="warning",
    )
