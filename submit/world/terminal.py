"""The door to the terminal: signals that end a command, and what the user wants of colours."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

ENDING = ("SIGTERM", "SIGHUP")


class TerminatedError(KeyboardInterrupt):
    """Told to end by another signal than Ctrl-C's; a command leaves in the same order after either."""

    def __init__(self, signum: int) -> None:
        super().__init__()
        self.signum = signum


def interrupt_when_told_to_end() -> None:
    """SIGTERM and SIGHUP interrupt as Ctrl-C does, so that nothing is left half done; `nohup` stays in force."""
    for name in ENDING:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(signum: int, _: FrameType | None) -> None:
    raise TerminatedError(signum)


def exit_code(interrupt: BaseException | None) -> int:
    """128 + the signal's number, as shells count: 130 for Ctrl-C."""
    return 128 + getattr(interrupt, "signum", int(signal.SIGINT))


def colour() -> bool | None:
    """What the environment says; None: colours on a terminal only. https://no-color.org https://force-color.org"""
    environ = os.environ
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return False if environ.get("TERM") == "dumb" else None


def stdout_is_seen_with_stderr() -> bool:
    """Whether both go to the same place, so that whoever reads the one has just read the other."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno()))
    except (OSError, ValueError, AttributeError):  # closed, or not there at all
        return False


def can_ask() -> bool:
    """Whether somebody is there who sees a question and can answer it."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())


def write_lines(lines: Sequence[str]) -> None:
    """To stdout, at once: a batch costs one write. What its encoding does not have is written as an escape."""
    if sys.stdout is None:  # type: ignore[unreachable,unused-ignore] # closed, as `>&-` does
        return
    text = "\n".join(lines) + "\n"
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "backslashreplace"))
    sys.stdout.buffer.flush()


def stdout_has_colours() -> bool:
    wanted = colour()
    return bool(sys.stdout and sys.stdout.isatty()) if wanted is None else wanted


def leave_stdout() -> None:
    """Python would complain once more at its end, when it flushes what nobody takes."""
    if sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
