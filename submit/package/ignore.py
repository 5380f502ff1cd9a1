"""Which files of a tree stay out of a package. Pure; the caller reads the ignore files.

The order of judgement, the last one wins: junk that no trainer needs, `.gitignore`, `.submitignore`. Patterns are
git's; a `.submitignore` can take back with `!` what the others leave out.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

GIT, SUBMIT = ".gitignore", ".submitignore"

_JUNK_FOLDERS = frozenset(
    (
        "__pycache__",
        *(".hg", ".svn"),
        *(".venv", ".tox", ".nox", "node_modules"),
        *(".eggs", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints"),
        *(".idea", ".vscode"),
    )
)
_JUNK_FILES = frozenset((".git", ".DS_Store", "Thumbs.db", ".gitattributes", ".gitmodules", ".coverage", GIT, SUBMIT))
_JUNK_ENDINGS = (".pyc", ".pyo", ".swp", ".swo", "~", ".egg-info")
_OUTPUT_FOLDERS = frozenset(("build", "dist"))


_NAME = r"(?!\.{1,2}/?$)(?!.*\*\*)[A-Za-z0-9_.*-]+/?"


class Verdict(Enum):
    KEEP = "keep"
    JUNK = "junk"
    IGNORED = "ignored"


class Names(NamedTuple):
    """An ignore file that only has names, with `*` at most, as most have: loading pathspec takes 7 ms."""

    anything: tuple[str, ...]
    folders: tuple[str, ...]

    def verdict(self, path: str) -> bool | None:
        *folders, file = path.split("/")
        found = any(fnmatchcase(name, pattern) for name in folders for pattern in (*self.anything, *self.folders))
        return True if found or (file and any(fnmatchcase(file, pattern) for pattern in self.anything)) else None

    @property
    def takes_back(self) -> bool:
        return False


class Patterns:
    """Any other ignore file."""

    def __init__(self, spec: GitIgnoreSpec) -> None:
        self.spec = spec

    def verdict(self, path: str) -> bool | None:
        return self.spec.check_file(path).include

    @property
    def takes_back(self) -> bool:
        return any(pattern.include is False for pattern in self.spec.patterns)


def parse(data: bytes) -> Names | Patterns:
    lines = data.decode("utf-8", errors="replace").splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    if all(re.fullmatch(_NAME, name) for name in names):
        folders = tuple(name[:-1] for name in names if name.endswith("/"))
        return Names(tuple(name for name in names if not name.endswith("/")), folders)
    return Patterns(_spec(lines))


def _spec(lines: list[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    """Git passes over a line that cannot match anything, like a lone `!`; pathspec raises."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


class Layer(NamedTuple):
    """One ignore file. It judges paths relative to its own folder: `strip` characters of a path of the tree are above
    that folder, or `add` is the way from that folder down to the tree."""

    patterns: Names | Patterns
    strip: int = 0
    add: str = ""

    def verdict(self, path: str) -> bool | None:
        """True: left out; False: taken back; None: not mentioned."""
        return self.patterns.verdict(self.add + path[self.strip :])


class Rules(NamedTuple):
    """The ignore files that apply to a folder, from the outermost to the innermost."""

    git: tuple[Layer, ...] = ()
    submit: tuple[Layer, ...] = ()

    def with_file(self, name: str, data: bytes, *, strip: int = 0, add: str = "") -> Rules:
        layer = Layer(parse(data), strip, add)
        if name == GIT:
            return self._replace(git=(*self.git, layer))
        return self._replace(submit=(*self.submit, layer))

    def file(self, path: str) -> Verdict:
        return self._judge(path, junk=is_junk_file(path.rpartition("/")[2]))

    def folder(self, path: str, content: Collection[str]) -> Verdict:
        """`content`: the names in that folder. What is not KEPT need not be entered."""
        name = path.rpartition("/")[2]
        if name == ".git":
            return Verdict.JUNK
        verdict = self._judge(f"{path}/", junk=is_junk_folder(name, content))
        return Verdict.KEEP if verdict is Verdict.IGNORED and self._takes_back else verdict

    @property
    def ignores_tree(self) -> bool:
        """Whether the files above the tree leave out all of it."""
        return _last_word(self.git, "") is True

    @property
    def _takes_back(self) -> bool:
        """Whether files of a folder that git ignores may still be wanted, so that each has to be looked at."""
        return any(layer.patterns.takes_back for layer in self.submit)

    def _judge(self, path: str, *, junk: bool) -> Verdict:
        if (said := _last_word(self.submit, path)) is not None:
            return Verdict.JUNK if said else Verdict.KEEP
        if junk:
            return Verdict.JUNK
        return Verdict.IGNORED if _last_word(self.git, path) else Verdict.KEEP


def is_junk_file(name: str) -> bool:
    return name in _JUNK_FILES or name.endswith(_JUNK_ENDINGS) or name.startswith((".#", "._"))


def is_junk_folder(name: str, content: Collection[str]) -> bool:
    """Caches, version control, virtual environments; `build` and `dist` unless they are packages themselves."""
    if name in _OUTPUT_FOLDERS:
        return "__init__.py" not in content
    return name in _JUNK_FOLDERS or name.endswith(_JUNK_ENDINGS) or "pyvenv.cfg" in content


def _last_word(layers: tuple[Layer, ...], path: str) -> bool | None:
    for layer in reversed(layers):
        if (said := layer.verdict(path)) is not None:
            return said
    return None
