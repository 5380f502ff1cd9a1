"""An intent, a journal in memory, and a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field

from submit.intents.intent import Intent, State
from submit.intents.moment import Moment
from submit.job import Target

TARGET = Target(backend="vertex", state_dir="/state", bucket_root="/state/buckets", project="p", region="us-central1")
INTENT = Intent(submission_id="s1", backend="vertex", name="digits", target=TARGET, began=Moment(1000.0, 10.0))
PLACE = "projects/p/locations/us-central1/customJobs"


@dataclass
class Notes:
    """A journal that only remembers the order of what it was told."""

    states: list[State] = field(default_factory=list)

    def write(self, intent: Intent) -> None:
        self.states.append(intent.state)

    def settle(self, intent: Intent) -> None:
        self.states.append(intent.state)


def clock() -> Moment:
    return Moment(1001.0, 11.0)
