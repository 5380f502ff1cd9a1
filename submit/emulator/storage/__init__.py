"""Cloud Storage over real files: `buckets/<bucket>/<object>` is `gs://<bucket>/<object>`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from submit.emulator.storage.app import Storage


def create(root: Path, buckets: Path) -> Storage:
    """The ASGI application, for one event loop; metadata in `root`, contents in `buckets`. Both folders are made.

    Uploads that were interrupted by the end of the last process are kept if they can be resumed, and deleted if not.
    """
    from submit.emulator.storage.app import Storage
    from submit.emulator.storage.store import Store

    return Storage(Store(root, buckets))
