"""The door to the process's surroundings: environment, folders, clock and chance."""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from submit.target import Surroundings

APPLICATION = "jobdir"


def read(state_dir: Path | None = None) -> Surroundings:
    """State and cache live in the platform's own folders; `--state-dir` or `SUBMIT_STATE_DIR` moves both."""
    environ = dict(os.environ)
    moved = state_dir or (Path(environ["SUBMIT_STATE_DIR"]) if environ.get("SUBMIT_STATE_DIR") else None)
    if moved is not None:
        moved = moved.expanduser().absolute()
        return Surroundings(environ=environ, cwd=Path.cwd(), state_dir=moved, cache_dir=moved / "cache")
    import platformdirs

    return Surroundings(
        environ=environ,
        cwd=Path.cwd(),
        state_dir=platformdirs.user_state_path(APPLICATION),
        cache_dir=platformdirs.user_cache_path(APPLICATION),
    )


def now() -> datetime:
    return datetime.now(UTC)


def token(length: int) -> str:
    """That many random lower-case hexadecimal digits."""
    return secrets.token_hex((length + 1) // 2)[:length]


def pause(seconds: float) -> None:
    time.sleep(seconds)
