"""How the logging side behaves on request, so that clients' answers to late entries, quotas and refusals can be tried.

`GET`, `PATCH` and `DELETE /emulator/v1/logs` show, change and reset it; a restart resets it too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from submit.emulator.logs.lateness import Lateness
from submit.emulator.rpc.errors import RpcError, bad_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it is off, and a tail lasts an hour, unless somebody asks for it."""

    late_share: float = 0.0
    """that part of new entries, 0 to 1, becomes visible late"""
    late_by_s: float = 30.0
    """by up to so many seconds, evenly spread"""
    seed: int = 0
    """says which entries are late, and how much"""
    list_quota_per_minute: int | None = None
    """`entries:list` calls of a project; the service's own is 60"""
    tail_refused: bool = False
    """as the service does without the permission `logging.logEntries.list` on the log's views"""
    tail_entries_per_s: int | None = None
    """what is above is suppressed: RATE_LIMIT"""
    tail_buffer: int | None = None
    """entries that wait for a client, those of its buffer window included; older ones are suppressed: NOT_CONSUMED"""
    tail_session_s: float = 3600.0
    """after which a tail ends: OUT_OF_RANGE"""


_BOUNDS: Mapping[str, tuple[float, float]] = {
    "late_share": (0, 1),
    "late_by_s": (0, 86_400),
    "seed": (0, 2**63),
    "list_quota_per_minute": (0, 10**9),
    "tail_entries_per_s": (1, 10**9),
    "tail_buffer": (1, 10**9),
    "tail_session_s": (0.1, 3600),
}


class Controls:
    """The settings that hold now, and the lateness that held when entries were written."""

    def __init__(self, lateness: Lateness) -> None:
        self.lateness = lateness
        self.reset()

    def reset(self) -> None:
        """What is on its way stays late."""
        self._set(Settings())

    def change(self, body: Any) -> None:
        """Only the settings that it names. Raises `RpcError` with everything that is wrong in it."""
        if not isinstance(body, dict):
            raise bad_request("the settings are a JSON object")
        if problems := list(_problems(body)):
            raise bad_request("\n".join(problems))
        self._set(dataclasses.replace(self.settings, **body))

    def _set(self, settings: Settings) -> None:
        self.settings = settings
        self.lateness.add(settings.late_share, settings.late_by_s, settings.seed)

    def refuse_tail(self) -> None:
        if self.settings.tail_refused:
            raise RpcError("PERMISSION_DENIED", "Permission denied for all log views")


def _problems(body: Mapping[str, Any]) -> Iterator[str]:
    fields = {field.name: field.default for field in dataclasses.fields(Settings)}
    for name, value in body.items():
        if name not in fields:
            yield f"`{name}` is no setting; there are {', '.join(fields)}"
        elif not _fits(name, value, fields[name]):
            yield f"{name}: {value!r} is not possible"


def _fits(name: str, value: Any, default: Any) -> bool:
    if name not in _BOUNDS:
        return isinstance(value, bool)
    if value is None:
        return default is None
    kinds = (int, float) if isinstance(default, float) else (int,)
    least, most = _BOUNDS[name]
    return isinstance(value, kinds) and not isinstance(value, bool) and least <= value <= most
