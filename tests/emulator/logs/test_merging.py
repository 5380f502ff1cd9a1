from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from submit.emulator.logs.merging import EARLIEST, LATEST, Run, key, merged


def entry(second: int, name: str) -> dict[str, Any]:
    return {"timestamp": f"2026-01-01T00:00:{second:02}.000000000Z", "insertId": name, "logName": "log"}


class Logs:
    """Logs of ten seconds each, of which every one begins five seconds behind the one before."""

    def __init__(self, *, newest_first: bool) -> None:
        self.newest_first = newest_first
        self.read: set[int] = set()

    def runs(self) -> Iterator[Run]:
        for log in range(10):
            edge = entry(log * 5 + (9 if self.newest_first else 0), "")["timestamp"]
            yield Run(edge, self._entries(log))

    def _entries(self, log: int) -> Iterator[dict[str, Any]]:
        self.read.add(log)
        entries = [entry(log * 5 + second, f"{log}.{second}") for second in range(10)]
        yield from reversed(entries) if self.newest_first else entries


@pytest.mark.parametrize("newest_first", [False, True])
def test_all_entries_in_order(*, newest_first: bool) -> None:
    found = list(merged(Logs(newest_first=newest_first).runs(), newest_first=newest_first))
    assert len(found) == 100
    assert found == sorted(found, key=key, reverse=newest_first)


@pytest.mark.parametrize(("newest_first", "read"), [(False, {0, 1}), (True, {9, 8})])
def test_only_logs_whose_turn_has_come_are_read(*, newest_first: bool, read: set[int]) -> None:
    logs = Logs(newest_first=newest_first)
    list(islice(merged(logs.runs(), newest_first=newest_first), 10))
    assert logs.read == read


@pytest.mark.parametrize(("newest_first", "edge"), [(False, EARLIEST), (True, LATEST)])
def test_a_run_of_which_nothing_is_known_is_read_first(*, newest_first: bool, edge: str) -> None:
    runs = [*Logs(newest_first=newest_first).runs(), Run(edge, iter([entry(59 if newest_first else 0, "-")]))]
    first = next(merged(runs, newest_first=newest_first))
    assert first["insertId"] == "-"
