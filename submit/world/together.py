"""The door to threads: several sources that are asked at the same time, each in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping, Sequence

from submit.status import LogCursor, LogPage
from submit.watch import Ask


class Together:
    """Threads end with the process: an answer that nobody waits for any more holds up nothing."""

    def __init__(self, asks: Mapping[str, Ask]) -> None:
        self._questions: dict[str, queue.SimpleQueue[tuple[LogCursor, float]]] = {
            name: queue.SimpleQueue() for name in asks
        }
        self._answers: queue.SimpleQueue[tuple[str, LogPage | BaseException]] = queue.SimpleQueue()
        for name, ask in asks.items():
            threading.Thread(target=self._work, args=(name, ask), daemon=True).start()

    def ask(self, source: str, cursor: LogCursor, wait_s: float) -> None:
        self._questions[source].put((cursor, wait_s))

    def answers(self, wait_s: float) -> Sequence[tuple[str, LogPage]]:
        """The error of a source is raised here."""
        found = []
        try:
            found.append(self._answers.get(timeout=wait_s))
            while True:
                found.append(self._answers.get_nowait())
        except queue.Empty:
            return [(name, _page(answer)) for name, answer in found]

    def _work(self, name: str, ask: Ask) -> None:
        while True:
            try:
                self._answers.put((name, ask(*self._questions[name].get())))
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever asked
                self._answers.put((name, error))


def _page(answer: LogPage | BaseException) -> LogPage:
    if isinstance(answer, BaseException):
        raise answer
    return answer
