"""The log of a job: a file for each replica and restart, read on from where each was left.

The cursor has the position in each file, and how often nothing new was found, so that the scheduler is asked ever more
seldom about a job that is silent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from submit.backends.batch.place import Place
from submit.job import LogEntry
from submit.logs import lines
from submit.steps import Command

LIMIT = 1 << 20  # bytes of one file in one answer
HOLD_S = 1.0  # entries of several nodes may come that much out of order

_FOLLOW = r"""
cd "$1" 2>/dev/null || exit 44
seen=$(cat)
left=$2
while :; do
  new=$(find logs -name '*.jsonl' -printf '%f %s\n' 2>/dev/null | awk -v seen="$(echo $seen)" '
    BEGIN { n = split(seen, words, " "); for (i = 1; i < n; i += 2) at[words[i]] = words[i + 1] }
    $2 > at[$1] + 0 { print $1, at[$1] + 0, $2 - at[$1] }')
  [ -z "$new" ] && [ "$left" -gt 0 ] || break
  set -- stop.*
  [ -e "$1" ] && break
  left=$((left - 1))
  sleep 0.1
done
[ -n "$new" ] || exit 0
printf '%s\n' "$new" | while read -r name from size; do
  [ "$size" -le LIMIT ] || size=LIMIT
  printf '%s %s %s\n' "$name" "$from" "$size"
  tail -c "+$((from + 1))" "logs/$name" | head -c "$size"
done
""".replace("LIMIT", str(LIMIT))

_AWAIT_CHANGE = """
cd "$1" 2>/dev/null || exit 0
left=$2
set -- fence.* stop.*
known=$*
while [ "$*" = "$known" ] && [ "$left" -gt 0 ]; do
  sleep 0.1
  left=$((left - 1))
  set -- fence.* stop.*
done
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    positions: Mapping[str, int] = field(default_factory=dict)
    idle: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        if not text:
            return cls()
        positions, idle = json.loads(text)
        return cls(positions=positions, idle=idle)

    def __str__(self) -> str:
        return json.dumps([dict(self.positions), self.idle])

    @property
    def is_due(self) -> bool:
        """Whether the scheduler is to be asked: at the 1st, 2nd, 4th, 8th silence, then at each 8th."""
        return self.idle % 8 == 0 or self.idle in (1, 2, 4)


def follow(place: Place, cursor: Cursor, wait_s: float) -> Command:
    """Waits for something new up to so many seconds, or until the job has ended."""
    argv = ("sh", "-c", _FOLLOW, "follow", f"{place.site.root}/jobs/{place.key}", str(round(wait_s * 10)))
    known = "".join(f"{name} {position}\n" for name, position in cursor.positions.items())
    return Command(argv=argv, stdin=known, host=place.site.host, changes=False)


def await_change(place: Place, wait_s: float) -> Command:
    """Returns when a run of the job begins or ends, and after so many seconds, but not at once."""
    folder = f"{place.site.root}/jobs/{place.key}"
    argv = ("sh", "-c", _AWAIT_CHANGE, "await", folder, str(math.ceil(wait_s * 10)))
    return Command(argv=argv, host=place.site.host, changes=False)


def read(answer: str, cursor: Cursor) -> tuple[list[LogEntry], Cursor, bool]:
    """The entries, the cursor behind them, and whether there is more already. A line is taken when it is whole."""
    rest = answer.encode(errors="surrogateescape")
    positions, entries, more = dict(cursor.positions), list[LogEntry](), False
    while rest:
        head, _, rest = rest.partition(b"\n")
        name, position, size = head.decode().split(" ")
        data, rest = rest[: int(size)], rest[int(size) :]
        whole = data[: data.rfind(b"\n") + 1]
        entries += lines.entries(whole.decode(errors="replace"))
        positions[name] = int(position) + len(whole)
        more = more or int(size) == LIMIT
    entries.sort(key=lambda entry: entry.timestamp)
    return entries, Cursor(positions=positions, idle=0 if entries else cursor.idle + 1), more
