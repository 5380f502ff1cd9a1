"""What the trainer asks of a place for files, wherever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Folder(ABC):
    """A folder; it comes into being with the first file. Failures are `TrainerError`s."""

    @abstractmethod
    def location(self, name: str) -> str:
        """Where that file is, for people."""

    @abstractmethod
    def names(self) -> list[str]:
        """The names of its files, sorted."""

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """None if there is no such file."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None: ...

    @abstractmethod
    def delete(self, name: str) -> None:
        """Does nothing if there is no such file."""
