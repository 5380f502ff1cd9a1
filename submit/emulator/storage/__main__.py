"""The storage service alone: `python -m submit.emulator.storage PORT ROOT`."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from submit.emulator.storage import create


def main() -> None:
    port, root = int(sys.argv[1]), Path(sys.argv[2])
    app = create(root, root / "buckets")
    uvicorn.run(app, host="127.0.0.1", port=port, http="h11", lifespan="off", log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
