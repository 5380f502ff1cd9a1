"""Where packages are made: looks at a tree, and makes only what is not in the cache yet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from submit.errors import UsageError
from submit.package.archive import Member
from submit.package.made import Made, decode, encode
from submit.sizes import show_bytes
from submit.world import cache as entries
from submit.world import tree

_TREE_LIMIT = 2 << 30  # bytes; all of it is held in memory once
_FORMAT = "2"  # part of every digest: another number makes all that is in the cache out of date

Notify = Callable[[str], None]


class Shop:
    """Where made things are kept; `keep=False` only takes from there."""

    def __init__(self, *, cache: Path | None, keep: bool, notify: Notify) -> None:
        self.cache, self.keep, self.notify = cache, keep, notify

    def once(
        self, listing: tree.Listing, identity: Sequence[str], make: Callable[[str, Mapping[str, Member]], Made]
    ) -> Made:
        """What `make` gives for the source digest and the files; unchanged files are neither read nor packed again."""
        digests, contents = tree.digests(listing, self.cache, keep=self.keep)
        key = _source_digest(listing, digests, identity)
        entry = entries.load(self.cache / "archives", key) if self.cache else None
        if entry is not None:
            return decode(entry)
        made = make(key, tree.read(listing, contents))
        if self.cache and self.keep:
            entries.save(self.cache / "archives", key, encode(made))
        return made


def look(root: Path) -> tree.Listing:
    listing = tree.scan(root)
    total = sum(file.size for file in listing.files)
    if total > _TREE_LIMIT:
        raise UsageError(
            f"`{root}` has {show_bytes(total)} of files, too much for a package: {largest(listing)}",
            hint="Name what the trainer does not need in `.submitignore`, and read data from a bucket.",
        )
    return listing


def largest(listing: tree.Listing) -> str:
    largest = sorted(listing.files, key=lambda file: -file.size)[:3]
    return ", ".join(f"`{file.path}` ({show_bytes(file.size)})" for file in largest)


def tell_ignored(listing: tree.Listing, notify: Notify) -> None:
    if listing.ignored:
        shown = ", ".join(listing.ignored[:3]) + (
            f" and {len(listing.ignored) - 3} more" if len(listing.ignored) > 3 else ""
        )
        notify(f"left out, as `.gitignore` says: {shown}")


def _source_digest(listing: tree.Listing, digests: Mapping[str, str], identity: Sequence[str]) -> str:
    lines = [f"{file.path}\0{file.executable:d}\0{digests[file.path]}" for file in listing.files]
    return hashlib.sha256("\n".join([_FORMAT, *identity, "", *lines]).encode()).hexdigest()
