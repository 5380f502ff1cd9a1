"""The door to source trees: which files they have, their bytes and digests. Never writes into them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from submit.errors import Place, Problem, UsageError
from submit.package.archive import Member
from submit.package.ignore import GIT, SUBMIT, Rules, Verdict
from submit.world import files

_RACY_NS = 2_000_000_000  # a file that changed this shortly before the look may change again within one clock tick


class Found(NamedTuple):
    """A file of a tree: its path in the tree with `/`, where its bytes are, and what `stat` says of it."""

    path: str
    location: str
    executable: bool
    signature: tuple[int, int, int, int]  # size in bytes, mtime and ctime in ns, inode

    @property
    def size(self) -> int:
        return self.signature[0]


class Listing(NamedTuple):
    """The files of a tree that are wanted, sorted by path, and what git's ignore files alone leave out."""

    root: Path
    files: tuple[Found, ...]
    ignored: tuple[str, ...]


def scan(root: Path) -> Listing:
    """Looks at every file once, without reading it; a `UsageError` names all links that cannot be followed."""
    walk = _Walk(root=Path(os.path.realpath(root)))
    walk.folder("", str(walk.root), _rules_above(walk.root), (str(walk.root),))
    if walk.problems:
        raise UsageError(walk.problems)
    return Listing(root, tuple(sorted(walk.found, key=lambda file: file.path)), tuple(sorted(walk.ignored)))


class _Walk:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.found: list[Found] = []
        self.ignored: list[str] = []
        self.problems: list[Problem] = []

    def folder(self, prefix: str, location: str, rules: Rules, above: tuple[str, ...]) -> None:
        with os.scandir(location) as content:
            entries = list(content)
        rules = _rules_of(rules, prefix, {entry.name: entry.path for entry in entries})
        for entry in entries:
            self._entry(entry, prefix + entry.name, rules, above)

    def _entry(self, entry: os.DirEntry[str], path: str, rules: Rules, above: tuple[str, ...]) -> None:
        if entry.is_dir():
            content = {inner.name for inner in Path(entry.path).iterdir()} if _may_be_junk(entry) else ()
            verdict = rules.folder(path, content)
        else:
            verdict = rules.file(path)
        if verdict is Verdict.IGNORED:
            self.ignored.append(path)
        if verdict is not Verdict.KEEP or not self._is_usable(entry, path, above):
            return
        if entry.is_dir():
            self.folder(f"{path}/", entry.path, rules, (*above, os.path.realpath(entry.path)))
        else:
            self._file(entry, path)

    def _file(self, entry: os.DirEntry[str], path: str) -> None:
        status = entry.stat()
        if stat.S_ISREG(status.st_mode):
            signature = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            self.found.append(Found(path, entry.path, bool(status.st_mode & stat.S_IXUSR), signature))

    def _is_usable(self, entry: os.DirEntry[str], path: str, above: tuple[str, ...]) -> bool:
        fault = _name_fault(path) or (_link_fault(entry, self.root, above) if entry.is_symlink() else None)
        if fault:
            hint = "Put a copy in its place, or name it in `.submitignore`."
            self.problems.append(Problem(message=fault, place=Place(file=_printable(path)), hint=hint))
        return fault is None


def _link_fault(entry: os.DirEntry[str], root: Path, above: tuple[str, ...]) -> str | None:
    target = Path(os.path.realpath(entry.path))
    written = _printable(str(Path(entry.path).readlink()))
    if not target.is_relative_to(root):
        return f"is a link out of the package, to `{written}`"
    if not target.exists():
        return f"is a link to `{written}`, which does not exist"
    return "is a link to a folder that it lies in" if str(target) in above else None


def _name_fault(path: str) -> str | None:
    name = path.rpartition("/")[2]
    if _printable(name) != name:
        return "has a name that is not UTF-8"
    return "has a line break or a backslash in its name" if set(name) & set("\n\r\\") else None


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _may_be_junk(entry: os.DirEntry[str]) -> bool:
    """Whether the content of a folder decides if it is junk."""
    return entry.name in ("build", "dist") or os.path.lexists(f"{entry.path}/pyvenv.cfg")


def _rules_of(rules: Rules, prefix: str, content: Mapping[str, str]) -> Rules:
    for name in (GIT, SUBMIT):
        if name in content:
            rules = rules.with_file(name, files.read(Path(content[name])), strip=len(prefix))
    return rules


def _rules_above(root: Path) -> Rules:
    """The ignore files between the top of a git repository and the tree, if it lies in one and is not ignored whole."""
    rules, above = Rules(), list(root.parents)
    top = next((i for i, folder in enumerate(above) if (folder / ".git").exists()), None)
    if top is None or (root / ".git").exists():
        return rules
    for folder in reversed(above[: top + 1]):
        data = files.read_if_there(folder / GIT)
        if data is not None:
            rules = rules.with_file(GIT, data, add=f"{root.relative_to(folder).as_posix()}/")
    return Rules() if rules.ignores_tree else rules


def read(listing: Listing, known: Mapping[str, bytes]) -> dict[str, Member]:
    """The files with their bytes; those in `known` are not read again."""
    return {
        file.path: Member(known[file.path] if file.path in known else _bytes(file), file.executable)
        for file in listing.files
    }


def write(folder: Path, members: Mapping[str, Member]) -> None:
    """Lays files out in a folder of ours, which need not exist yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for parent in {(folder / path).parent for path in members}:
        parent.mkdir(parents=True, exist_ok=True)
    for path, member in members.items():
        (folder / path).write_bytes(member.data)
        if member.executable:
            (folder / path).chmod(0o755)


def digests(listing: Listing, cache: Path | None, *, keep: bool = True) -> tuple[dict[str, str], dict[str, bytes]]:
    """Path to sha256 of every file, and the bytes of those that had to be read.

    A file whose size, times and inode are as they were at the last look is not read again, as git's index has it.
    The looks are kept in the folder `cache`.
    """
    name = hashlib.sha256(os.fsencode(listing.root.absolute())).hexdigest()
    index = cache / "trees" / f"{name}.json" if cache else None
    now = time.time_ns()
    seen = _load_index(index) if index else {}
    contents = {file.path: _bytes(file) for file in listing.files if file.signature != seen.get(file.path, _UNSEEN)[0]}
    found = {file.path: seen[file.path][1] for file in listing.files if file.path not in contents}
    found |= {path: hashlib.sha256(data).hexdigest() for path, data in contents.items()}
    if index and keep and (contents or len(seen) != len(found)):
        _save_index(index, listing.files, found, now)
    return found, contents


_Index = dict[str, tuple[tuple[int, ...], str]]
_UNSEEN: tuple[tuple[int, ...], str] = ((), "")


def _load_index(path: Path) -> _Index:
    try:
        lines = json.loads(path.read_bytes())
        return {line[0]: (tuple(line[1:5]), line[5]) for line in lines}
    except (OSError, ValueError, LookupError, TypeError):
        return {}  # none yet, or not readable: everything is looked at afresh


def _save_index(path: Path, found: Sequence[Found], known: Mapping[str, str], now: int) -> None:
    settled = [file for file in found if max(file.signature[1:3]) < now - _RACY_NS]
    data = json.dumps([[file.path, *file.signature, known[file.path]] for file in settled]).encode()
    try:
        files.write(path, data)
    except OSError:
        return  # a cache folder that cannot be written costs time, nothing else


def _bytes(file: Found) -> bytes:
    return files.read(Path(file.location))
