"""A client in a process of its own: `creator.py ROOT CACHE CONCURRENCY` creates a job for each request on its stdin."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from submit.engine import Engine

if __name__ == "__main__":
    root, cache, concurrency = sys.argv[1:]
    engine = Engine(Path(root), cache=Path(cache), bucket_root=Path(root) / "buckets", concurrency=int(concurrency))
    for line in sys.stdin:
        engine.create(json.loads(line))
        print(flush=True)
