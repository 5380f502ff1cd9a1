"""The storage service alone: `python -m submit.emulator.storage PORT ROOT`, with port 0 for any that is free."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from submit.emulator.listener import listen
from submit.emulator.storage.app import create


def main() -> None:
    port, root = int(sys.argv[1]), Path(sys.argv[2])
    listener = listen("127.0.0.1", port)
    app = create(root, root / "buckets")
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(app, http="h11", lifespan="off", log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
