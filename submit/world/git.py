"""The door to git: which commit a working tree is at, and what was changed since. Read beside other work."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from submit.provenance.record import DIFF_LIMIT, Git

_PATIENCE_S = 5.0
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
_STATUS = (*_GIT, "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", ".")
_DIFF = (*_GIT, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", "--", ".")


@contextlib.contextmanager
def looking(folder: Path) -> Iterator[Callable[[], Git | None]]:
    """Begun at once; what is given waits for the end. None: there is no git, no repository, no commit, or no time."""
    if not _is_in_repository(folder):
        yield lambda: None
        return
    found: list[Git | None] = []
    look = threading.Thread(target=lambda: found.append(_look(folder)))
    look.start()

    def result() -> Git | None:
        look.join()
        return found[0]

    try:
        yield result
    finally:
        look.join()


def _is_in_repository(folder: Path) -> bool:
    """Without a process, for most folders of jobs on clusters are in none."""
    return "GIT_DIR" in os.environ or any(os.path.lexists(f"{each}/.git") for each in (folder, *folder.parents))


def _look(folder: Path) -> Git | None:
    """Most of the time that `git diff` takes is saved where the status shows nothing for it."""
    status = _output(_STATUS, folder)
    if status is None:
        return None
    dirty = re.search(r"^[12u] ", status, re.MULTILINE)
    return _parsed(status, (_output(_DIFF, folder) if dirty else None) or "")


def _output(argv: tuple[str, ...], folder: Path) -> str | None:
    import subprocess  # neither is needed outside of repositories
    import tempfile

    with tempfile.TemporaryFile() as output, contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            argv,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,  # a pipe would have to be read whole
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=True,
        )
        output.seek(0)
        return output.read(2 * DIFF_LIMIT).decode("utf-8", "replace")
    return None


def _parsed(status: str, diff: str) -> Git | None:
    """https://git-scm.com/docs/git-status#_porcelain_format_version_2"""
    lines = status.splitlines()
    heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# ") and " " in line[2:])
    commit = heads.get("branch.oid", "")
    if not commit or commit == "(initial)":
        return None
    changed = tuple(line.split(" ", 1 if line[0] == "?" else 8)[-1] for line in lines if line and line[0] in "12u?")
    return Git(commit=commit, branch=heads.get("branch.head", ""), changed=changed, changes=diff)
