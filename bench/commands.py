"""Arms that are one command, timed from its start to its exit."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import processes
from bench.arms import Arm, Sample
from bench.setting import Setting


def command(
    name: str,
    argv: Callable[[], Sequence[str]],
    setting: Setting,
    *,
    cwd: Path | None = None,
    expect: str = "",
    before: Callable[[], None] = lambda: None,
    reap: bool = True,
) -> Arm:
    """`argv` raises `AbsentError` if the program is not here; `cwd` is the project by default; the command must print
    `expect`; `before` is called before each run and not timed. Not to `reap`: others run beside it."""

    def prepare() -> Callable[[], Sample]:
        found = argv()

        def once() -> Sample:
            before()
            ran = processes.run(found, env=setting.env, cwd=cwd or setting.project, expect=expect, reap=reap)
            return {"wall_s": ran.wall_s, "cpu_s": ran.cpu_s}

        return once

    return Arm(name, prepare)


def python(*args: str) -> list[str]:
    """The interpreter of this benchmark, which is the one that all arms use."""
    return [sys.executable, *args]
