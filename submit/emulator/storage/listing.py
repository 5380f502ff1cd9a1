"""Lists of objects: prefixes, delimiters, offsets, globs, generations, pages.

https://cloud.google.com/storage/docs/json_api/v1/objects/list. `page` is pure: entries in, page out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from submit.emulator.storage.globs import Pattern, compiled
from submit.emulator.storage.metadata import Resource
from submit.emulator.storage.paging import page_size, position, token
from submit.emulator.storage.request import Request
from submit.emulator.storage.resources import shown
from submit.emulator.storage.store import Store

Entry = tuple[str, int, str]
"""Name, generation, and the resource as JSON, in the order of names and generations."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """`after` is the entry (or, with generation None, the common prefix) which ended the page before."""

    prefix: str = ""
    delimiter: str = ""
    first: str = ""
    end: str = ""
    glob: Pattern | None = None
    versions: bool = False
    trailing: bool = False
    size: int = 1000
    after: tuple[str, int | None] | None = None

    @property
    def start(self) -> str:
        return max(self.prefix, self.first, self.after[0] if self.after else "", key=str.encode)

    def folder_of(self, name: str) -> str:
        """The common prefix that stands for the name; empty when it stands for itself."""
        found = name.find(self.delimiter, len(self.prefix)) if self.delimiter else -1
        return name[: found + len(self.delimiter)] if found >= 0 else ""

    def was_seen(self, name: str, generation: int) -> bool:
        if self.after is None:
            return False
        last, last_generation = self.after
        if last_generation is None:
            return name.startswith(last)
        return (name.encode(), generation) <= (last.encode(), last_generation)


@dataclass(kw_only=True)
class Page:
    entries: list[Entry] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next: str = ""


async def objects(store: Store, request: Request, bucket: str) -> Resource:
    store.bucket(bucket)
    wanted = parse(request.query)
    if wanted.after is None:  # later pages go on with what the first one saw
        await store.survey(bucket, wanted.prefix)
    softly_deleted = _flag(request.query, "softDeleted")  # there are none: the policy of each bucket is 0 seconds
    found = page([] if softly_deleted else store.metadata.scan(bucket, wanted.start, versions=wanted.versions), wanted)
    answer: Resource = {"kind": "storage#objects"}
    if found.entries:
        answer["items"] = [shown(json.loads(text), request.base) for _, _, text in found.entries]
    if found.prefixes:
        answer["prefixes"] = found.prefixes
    if found.next:
        answer["nextPageToken"] = found.next
    return answer


def parse(query: dict[str, str]) -> Wanted:
    """Raises StorageError 400."""
    name, generation = position(query["pageToken"]) if query.get("pageToken") else ("", None)
    return Wanted(
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter", ""),
        first=query.get("startOffset", ""),
        end=query.get("endOffset", ""),
        glob=compiled(query["matchGlob"]) if query.get("matchGlob") else None,
        versions=_flag(query, "versions"),
        trailing=_flag(query, "includeTrailingDelimiter"),
        size=page_size(query),
        after=(name, generation) if query.get("pageToken") else None,
    )


def page(entries: Iterable[Entry], wanted: Wanted) -> Page:
    """The next page; a common prefix counts as one entry, and is on one page only."""
    found = Page()
    last = ""
    for entry in _matching(entries, wanted):
        name, generation, _ = entry
        folder = wanted.folder_of(name)
        itself = not folder or (wanted.trailing and name == folder)
        is_new = bool(folder) and folder != (found.prefixes[-1] if found.prefixes else "")
        if not itself and not is_new:
            continue
        if len(found.entries) + len(found.prefixes) >= wanted.size:
            found.next = last
            break
        if is_new:
            found.prefixes.append(folder)
        if itself:
            found.entries.append(entry)
        last = token(folder, None) if folder else token(name, generation)
    return found


def _matching(entries: Iterable[Entry], wanted: Wanted) -> Iterator[Entry]:
    for entry in entries:
        name, generation, _ = entry
        if wanted.end and name.encode() >= wanted.end.encode():
            return
        if not name.startswith(wanted.prefix):
            if name.encode() > wanted.prefix.encode():
                return
            continue
        if (
            name.encode() < wanted.first.encode()
            or wanted.was_seen(name, generation)
            or (wanted.glob and not wanted.glob.fullmatch(name))
        ):
            continue
        yield entry


def _flag(query: dict[str, str], key: str) -> bool:
    """Python's clients write `True`."""
    return query.get(key, "").lower() == "true"
