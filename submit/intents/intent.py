"""An intent: that a job is to be created, written down before anything is sent, and what became of it.

intended ─► sent ─► created      the job has a handle
    │         ├───► unknown      no answer came: whoever looks for the job later finds out
    └─────────┴───► refused      there is no job, and why
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Self, cast

from submit.intents.moment import Moment
from submit.status import Json, JsonObject, Target


class State(StrEnum):
    INTENDED = "intended"
    SENT = "sent"
    UNKNOWN = "unknown"
    CREATED = "created"
    REFUSED = "refused"

    @property
    def open(self) -> bool:
        return self in OPEN


OPEN = (State.INTENDED, State.SENT, State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """`submission_id` travels with the job. `places` are where it was sent to be created, each the backend's own key
    to find it again. `endpoints` are the addresses of the services, where they were not the usual ones."""

    submission_id: str
    backend: str
    name: str
    target: Target
    began: Moment
    state: State = State.INTENDED
    places: tuple[str, ...] = ()
    sent: Moment | None = None
    handle: str | None = None
    reason: str = ""
    endpoints: Mapping[str, str] = field(default_factory=dict)

    def sending(self, place: str, now: Moment) -> Self:
        return replace(self, state=State.SENT, places=tuple(dict.fromkeys((*self.places, place))), sent=now)

    def to_json(self) -> JsonObject:
        return cast(JsonObject, asdict(self))

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Fields that only another version knows are left out."""
        values = _known(cls, record)
        sent = values["sent"]
        return cls(
            **{
                **values,
                "target": Target(**_known(Target, values["target"])),
                "began": Moment(*values["began"]),
                "state": State(values["state"]),
                "places": tuple(values["places"]),
                "sent": Moment(*sent) if sent else None,
            }
        )


def _known(kind: type[Any], record: Mapping[str, Json]) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in record.items() if name in names}
