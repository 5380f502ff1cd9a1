"""The door to git: which commit a working tree is at, and what was changed since. Read beside other work."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from submit.provenance.record import DIFF_LIMIT, Git

_PATIENCE_S = 5.0
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
_STATUS = (*_GIT, "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", ".")
_DIFF = (*_GIT, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", "--", ".")


@contextlib.contextmanager
def looking(folder: Path) -> Iterator[Callable[[], Git | None]]:
    """Begun at once; what is given waits for the end. None: there is no git, no repository, no commit, or no time."""
    started = [_start(argv, folder) for argv in (_STATUS, _DIFF)]
    texts: list[str | None] = []

    def result() -> Git | None:
        texts.extend(_output(*each) if each else None for each in started[len(texts) :])
        return None if texts[0] is None else _parsed(texts[0], texts[1] or "")

    try:
        yield result
    finally:
        result()


def _start(argv: tuple[str, ...], folder: Path) -> tuple[subprocess.Popen[bytes], IO[bytes]] | None:
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_output`; a pipe would stop at 64 KiB
    try:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        output.close()
        return None
    return process, output


def _output(process: subprocess.Popen[bytes], output: IO[bytes]) -> str | None:
    with output, process:
        try:
            code = process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
        output.seek(0)
        return output.read(2 * DIFF_LIMIT).decode("utf-8", "replace") if code == 0 else None


def _parsed(status: str, diff: str) -> Git | None:
    """https://git-scm.com/docs/git-status#_porcelain_format_version_2"""
    lines = status.splitlines()
    heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# ") and " " in line[2:])
    commit = heads.get("branch.oid", "")
    if not commit or commit == "(initial)":
        return None
    changed = tuple(line.split(" ", 1 if line[0] == "?" else 8)[-1] for line in lines if line and line[0] in "12u?")
    return Git(commit=commit, branch=heads.get("branch.head", ""), changed=changed, changes=diff)
