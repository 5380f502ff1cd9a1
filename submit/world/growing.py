"""The door to files that others write: whole lines from a position on, through rotation and truncation."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from submit.status import JsonObject

STEP_S = 0.05


def read(path: Path, file: str, position: int, *, wait_s: float, limit: int) -> JsonObject:
    """`{"data", "file", "position", "more"}`: the file that was read, the place behind, and whether more is there.

    `file` is that of the last answer, "" at first. Waits until there is a line, but no longer than `wait_s`.
    """
    deadline = time.monotonic() + wait_s
    while True:
        answer = _read(path, file, position, limit)
        left_s = deadline - time.monotonic()
        if answer["data"] or answer["more"] or left_s <= 0:
            return answer
        time.sleep(min(STEP_S, left_s))


def _read(path: Path, file: str, position: int, limit: int) -> JsonObject:
    with contextlib.ExitStack() as stack:
        opened = {candidate: stack.enter_context(found) for candidate, found in _family(path)}
        mine = next((candidate for candidate, found in opened.items() if _name(found) == file), None)
        if mine is None:  # the beginning, or it was removed
            current = opened.get(path)
            return _answer(current, 0, limit) if current else _nothing(file, position)
        following = _following(opened, mine, path)
        position = position if position <= _size(opened[mine]) else 0  # truncated
        answer = _answer(opened[mine], position, limit, is_final=following is not None)
        if following is None:
            return answer
        if answer["data"]:
            return {**answer, "more": True}
        answer = _answer(following, 0, limit)  # who writes to the next file has done with this one
        return answer if following is opened.get(path) else {**answer, "more": True}


def _nothing(file: str, position: int) -> JsonObject:
    return {"data": "", "file": file, "position": position, "more": False}


def _family(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """The file and those that were rotated away, which stand beside it with something added to their name."""
    ends = (path.name, f"{path.stem}.", f"{path.stem}-")
    for candidate in path.parent.iterdir():
        if candidate.name.startswith(ends):
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                yield candidate, candidate.open("rb")


def _following(opened: Mapping[Path, BinaryIO], mine: Path, path: Path) -> BinaryIO | None:
    """What was written after that file: the oldest of those that were rotated away since, or the one that is written
    now, once something is in it. Nothing follows that one."""
    if mine == path:
        return None
    last = _changed(opened[mine])
    rotated = [found for name, found in opened.items() if name not in (mine, path) and _changed(found) > last]
    current = opened.get(path)
    return min(rotated, key=_changed, default=current if current and _size(current) else None)


def _answer(file: BinaryIO, position: int, limit: int, *, is_final: bool = False) -> JsonObject:
    """Whole lines, at least one if there is one; of a file that nobody writes to, its rest as well."""
    file.seek(position)
    data = file.read(limit)
    while data and b"\n" not in data and (more := file.read(limit)):
        data += more
    is_last = file.tell() >= _size(file)
    whole = data if is_final and is_last else data[: data.rfind(b"\n") + 1]
    return {
        "data": whole.decode(errors="replace"),
        "file": _name(file),
        "position": position + len(whole),
        "more": not is_last,
    }


def _name(file: BinaryIO) -> str:
    status = os.fstat(file.fileno())
    return f"{status.st_dev}:{status.st_ino}"


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _changed(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_mtime_ns
