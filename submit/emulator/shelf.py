"""All jobs of the engine, read again and again: what never changes of them is kept in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from submit.engine import Engine


class _Kept(NamedTuple):
    submission_id: str
    log: str
    client: dict[str, Any]


class Shelf:
    """Usable from several threads. A thousand jobs are looked through in some milliseconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._kept: dict[int, _Kept] = {}
        self._stamp: tuple[int, ...] = ()
        self._all: list[dict[str, Any]] = []

    def all(self) -> list[dict[str, Any]]:
        """Newest first: `id`, `submission_id`, `state`, the times, `log` and `client`, `{}` for a job of others."""
        with self._lock:
            stamp = self._engine.stamp()
            if stamp != self._stamp:
                self._all = self._read()
                self._stamp = stamp
            return self._all

    def _read(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._engine.overview(max(self._kept, default=0))
        if not all(map(self._is_known, rows)):  # the store was rebuilt
            rows = self._engine.overview()
        self._kept = {row["sequence"]: self._keep(row) for row in rows}
        return [{**row, **self._kept[row["sequence"]]._asdict()} for row in rows]

    def _is_known(self, row: dict[str, Any]) -> bool:
        kept = self._kept.get(row["sequence"])
        return row["request"] is not None or (kept is not None and kept.submission_id == row["submission_id"])

    def _keep(self, row: dict[str, Any]) -> _Kept:
        if row["request"] is None:
            return self._kept[row["sequence"]]
        return _Kept(row["submission_id"], row["log"], row["request"].get("client") or {})
