"""What is known of buckets, objects and uploads beside their contents: one SQLite file, valid after any kill."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Resource = dict[str, Any]
"""A bucket or an object in the JSON form of the API."""

_SCHEMA = """
create table if not exists bucket (name text primary key, resource text not null, policy text) without rowid;
create table if not exists object (
    bucket text, name text, generation integer, live integer not null,
    path text not null, size integer not null, modified integer not null, resource text not null,
    primary key (bucket, name, generation)
) without rowid;
create unique index if not exists live_object on object (bucket, name) where live;
create table if not exists session (id text primary key, created real not null, content text not null) without rowid;
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One generation of an object. `path` is relative to the folder with the buckets; `modified` in nanoseconds."""

    live: bool
    path: str
    size: int
    modified: int
    resource: Resource


class Metadata:
    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=normal")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def clear(self) -> None:
        self._db.executescript("begin; delete from bucket; delete from object; delete from session; commit;")

    # Buckets

    def bucket(self, name: str) -> Resource | None:
        return self._one("select resource from bucket where name=?", name)

    def buckets(self) -> list[Resource]:
        return [json.loads(text) for (text,) in self._db.execute("select resource from bucket order by name")]

    def save_bucket(self, resource: Resource) -> None:
        self._db.execute(
            "insert into bucket (name, resource) values (?1, ?2) on conflict (name) do update set resource=?2",
            (resource["name"], json.dumps(resource)),
        )

    def delete_bucket(self, name: str) -> None:
        self._db.execute("delete from bucket where name=?", (name,))

    def policy(self, bucket: str) -> Resource | None:
        return self._one("select policy from bucket where name=? and policy is not null", bucket)

    def save_policy(self, bucket: str, policy: Resource) -> None:
        self._db.execute("update bucket set policy=? where name=?", (json.dumps(policy), bucket))

    # Objects

    def live(self, bucket: str, name: str) -> Row | None:
        return self._row("bucket=? and name=? and live", bucket, name)

    def generation(self, bucket: str, name: str, generation: int) -> Row | None:
        return self._row("bucket=? and name=? and generation=?", bucket, name, generation)

    def insert(self, rows: Iterable[Row]) -> None:
        """New live generations; those that are still live under their names are forgotten in the same step."""
        with self._db:
            self._db.execute("begin")
            for row in rows:
                bucket, name, generation = _key(row.resource)
                self._db.execute("delete from object where bucket=? and name=? and live", (bucket, name))
                self._db.execute(
                    "insert into object values (?, ?, ?, 1, ?, ?, ?, ?)",
                    (bucket, name, generation, row.path, row.size, row.modified, json.dumps(row.resource)),
                )

    def save(self, resource: Resource) -> None:
        self._db.execute(
            "update object set resource=? where bucket=? and name=? and generation=?",
            (json.dumps(resource), *_key(resource)),
        )

    def retire(self, resource: Resource, path: str) -> None:
        self._db.execute(
            "update object set live=0, path=?, resource=? where bucket=? and name=? and generation=?",
            (path, json.dumps(resource), *_key(resource)),
        )

    def delete(self, resource: Resource) -> None:
        self._db.execute("delete from object where bucket=? and name=? and generation=?", _key(resource))

    def scan(self, bucket: str, start: str, *, versions: bool) -> Iterator[tuple[str, int, str]]:
        """Name, generation and resource (as text) from the name `start` on, in the order of the names' UTF-8."""
        live = "" if versions else "and live"
        query = f"select name, generation, resource from object where bucket=? and name>=? {live} order by 1, 2"  # noqa: S608  no text of a client
        yield from self._db.execute(query, (bucket, start))

    def known(self, bucket: str, prefix: str) -> dict[str, tuple[str, int, int]]:
        """Path, size and time of change of every live object under the prefix, by its name."""
        rows = self._db.execute(
            "select name, path, size, modified from object"
            " where bucket=?1 and name>=?2 and substr(name, 1, length(?2))=?2 and live",
            (bucket, prefix),
        )
        return {name: (path, size, modified) for name, path, size, modified in rows}

    def paths(self) -> set[str]:
        return {path for (path,) in self._db.execute("select path from object")}

    # Uploads

    def session(self, session: str) -> Resource | None:
        return self._one("select content from session where id=?", session)

    def sessions(self) -> set[str]:
        return {session for (session,) in self._db.execute("select id from session")}

    def save_session(self, session: str, created: float, content: Resource) -> None:
        self._db.execute("insert or replace into session values (?, ?, ?)", (session, created, json.dumps(content)))

    def delete_session(self, session: str) -> None:
        self._db.execute("delete from session where id=?", (session,))

    def delete_sessions_before(self, time: float) -> None:
        self._db.execute("delete from session where created < ?", (time,))

    def _one(self, query: str, *values: str) -> Resource | None:
        row = self._db.execute(query, values).fetchone()
        return json.loads(row[0]) if row else None

    def _row(self, condition: str, *values: str | int) -> Row | None:
        query = f"select live, path, size, modified, resource from object where {condition}"  # noqa: S608  ours
        row = self._db.execute(query, values).fetchone()
        if row is None:
            return None
        live, path, size, modified, resource = row
        return Row(live=bool(live), path=path, size=size, modified=modified, resource=json.loads(resource))


def _key(resource: Resource) -> tuple[str, str, int]:
    return resource["bucket"], resource["name"], int(resource["generation"])
