"""What ends the trainer early."""

from __future__ import annotations


class TrainerError(Exception):
    """Something that a person has to put right; the message is one sentence that says what. Exit code 1."""


class PeerLost(TrainerError):  # noqa: N818 - it says what happened
    """Another replica of the job went away, or never came."""


class Terminated(Exception):  # noqa: N818 - it says what happened, and is no error
    """The process was told to stop by `signal_number`."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number
