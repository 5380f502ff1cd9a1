"""Reports the metric of a tuning trial in the file that the service reads, as cloudml-hypertune writes it.

https://github.com/GoogleCloudPlatform/cloudml-hypertune
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from trainer.errors import TrainerError
from trainer.storage import write_atomically

_LINES = 100


class Reporter:
    """Does nothing unless the process runs in a trial, i.e. `CLOUD_ML_TRIAL_ID` is set."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._trial = environ.get("CLOUD_ML_TRIAL_ID", "")
        self._tag = environ.get("CLOUD_ML_HP_METRIC_TAG") or "accuracy"
        default = "/tmp/hypertune/output.metrics"  # noqa: S108 - where the service looks
        self._path = Path(environ.get("CLOUD_ML_HP_METRIC_FILE") or default)
        self._lines: deque[str] = deque(maxlen=_LINES)

    def report(self, value: float, step: int, checkpoint: str = "") -> None:
        """Adds a line and rewrites the file with the last 100."""
        if not self._trial:
            return
        entry = {
            "timestamp": time.time(),
            "trial": self._trial,
            self._tag: str(value),
            "global_step": str(step),
            "checkpoint_path": checkpoint,
        }
        self._lines.append(json.dumps(entry, sort_keys=True) + "\n")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, "".join(self._lines).encode())
        except OSError as error:
            raise TrainerError(f"cannot write the metric to `{self._path}`: {error.strerror}") from error
