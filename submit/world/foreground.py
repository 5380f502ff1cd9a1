"""The door to a program that takes our place before the user: same terminal, same signals, its own exit code."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
_FROM_TERMINAL = ("SIGINT", "SIGQUIT")


def exists(program: str, environ: Mapping[str, str]) -> bool:
    """Whether a shell would find it."""
    return shutil.which(program, path=environ.get("PATH")) is not None


def become(argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """The program in our place. Raises OSError if it cannot be started."""
    sys.stdout.flush()
    sys.stderr.flush()
    for number in _numbers(_IGNORED_BY_PYTHON):  # what is ignored would be inherited
        signal.signal(number, signal.SIG_DFL)
    os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606 - the user's own command line, and no shell


def run(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """The exit code of the program, 128 + n if signal n ended it. Raises OSError if it cannot be started.

    We outlive what it is sent, since there is something to be done after it.
    """
    post = _Post()
    with _handled_by(post.receive):
        program = subprocess.Popen(argv, env=dict(env))
        post.deliver_to(program)
        code = program.wait()
    return code if code >= 0 else 128 - code


class _Post:
    """Signals for a program, also those that come while it is being started."""

    def __init__(self) -> None:
        self._program: subprocess.Popen[bytes] | None = None
        self._kept: list[int] = []

    def receive(self, number: int, _: FrameType | None) -> None:
        if number in _numbers(_FROM_TERMINAL) and _is_in_foreground():
            return
        if self._program:
            self._program.send_signal(number)
        else:
            self._kept.append(number)

    def deliver_to(self, program: subprocess.Popen[bytes]) -> None:
        self._program = program
        for number in self._kept:
            program.send_signal(number)


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    numbers = _numbers((*_PASSED_ON, *_FROM_TERMINAL))
    former = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before)


def _is_in_foreground() -> bool:
    """Whether the terminal itself has sent the signal to the program as well."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):
        return False


def _numbers(names: Sequence[str]) -> list[signal.Signals]:
    return [signal.Signals[name] for name in names if name in signal.Signals.__members__]
