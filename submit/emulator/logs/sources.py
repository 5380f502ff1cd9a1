"""Where entries come from, and how they come."""

from __future__ import annotations

from typing import NamedTuple

from submit.emulator.logs.jobs import JobLogs
from submit.emulator.logs.settings import Controls
from submit.emulator.logs.written import Written


class Sources(NamedTuple):
    jobs: JobLogs
    written: Written
    controls: Controls
