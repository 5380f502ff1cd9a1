"""Leaving when told to (SIGTERM, SIGINT), but between two batches and not in the middle of one.

A service that takes a machine back sends SIGTERM, waits a little, and starts the job again on another machine if its
process ended by that signal.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from trainer.errors import Terminated

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Termination:
    """Notes the signals; `check` and the blocks marked `interruptible` turn them into `Terminated`."""

    def __init__(self) -> None:
        self._requested = 0
        self._interruptible = False
        for number in SIGNALS:
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._requested = number
        if self._interruptible:
            raise Terminated(number)

    def check(self) -> None:
        """Raises `Terminated` if a signal has come."""
        if self._requested:
            raise Terminated(self._requested)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """A block which only waits, so that a signal may end it at any point."""
        self._interruptible = True
        try:
            self.check()
            yield
        finally:
            self._interruptible = False


def die_of(number: int) -> NoReturn:
    """Ends the process by the signal itself, so that whoever started it sees 128 + number, not an exit of our own."""
    logging.shutdown()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    sys.exit(128 + number)  # as process 1 of a container the signal does not reach us
