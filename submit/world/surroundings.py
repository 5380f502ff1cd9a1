"""The door to the process's surroundings: environment, folders, clock and chance."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from submit.intents.moment import Moment
from submit.target import Surroundings
from submit.world import gcloud

APPLICATION = "jobdir"


def read(state_dir: Path | None = None) -> Surroundings:
    """State and cache live in the platform's own folders; `--state-dir` or `SUBMIT_STATE_DIR` moves both, and
    `SUBMIT_CACHE_DIR` the cache alone."""
    environ = dict(os.environ)
    moved = state_dir or _folder(environ.get("SUBMIT_STATE_DIR"))
    cache = _folder(environ.get("SUBMIT_CACHE_DIR"))
    if moved is None:
        import platformdirs

        moved = platformdirs.user_state_path(APPLICATION)
        cache = cache or platformdirs.user_cache_path(APPLICATION)
    state = moved.expanduser().absolute()
    return Surroundings(
        environ=environ,
        cwd=Path.cwd(),
        state_dir=state,
        cache_dir=cache or state / "cache",
        gcloud=gcloud.settings(environ),
    )


def _folder(text: str | None) -> Path | None:
    return Path(text).expanduser().absolute() if text else None


def now() -> datetime:
    return datetime.now(UTC)


def moment() -> Moment:
    return Moment(time.time(), time.monotonic())


def token(length: int) -> str:
    """That many random lower-case hexadecimal digits."""
    return os.urandom((length + 1) // 2).hex()[:length]


def pause(seconds: float) -> None:
    time.sleep(seconds)
