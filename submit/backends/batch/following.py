"""The log of a job: a file for each replica and restart, and of an array for each element; each is read on from where
it was left.

The cursor has the position in each file, and how often nothing new was found, so that the scheduler is asked ever more
seldom about a job that is silent. One answer reads a limited number of files, those first that have waited longest, and
the files of many are only looked at after a pause: a thousand elements cost the machine no more than a few do.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from submit.backends.batch.place import Place
from submit.logs import lines
from submit.status import LogEntry
from submit.steps import Command

LIMIT = 1 << 20  # bytes of one file in one answer
FILES = 100  # in one answer: each is a process
MANY = 16  # files, from which on they are not looked at ten times a second
HOLD_S = 1.0  # entries of several nodes may come that much out of order

_FOLLOW = r"""
cd "$1" 2>/dev/null || exit 44
seen=$(cat)
left=$2 of=$4
[ "$3" = 0 ] || sleep "$3"
new= before=
while :; do
  there=$(find . logs -maxdepth 1 -name "$of*.jsonl" -printf '%f %s %T@\n' -o \
    \( -name "fence.$of*" -o -name "stop.$of*" \) ! -name "*.$of*.*" -printf '%f 0 0\n' 2>/dev/null)
  [ "$there" = "$before" ] || new=$(printf '%s\n' "$seen" "$there" | awk '
    NF == 2 { at[$1] = $2 }
    NF != 3 { next }
    /^(fence|stop)\./ { run = $1; sub(/.*\./, "", run) }
    /^fence\./ { if (run + 0 >= newest + 0) newest = run; next }
    /^stop\./ { stopped[run] = 1; next }
    $2 > at[$1] + 0 { size[$1] = $2 - at[$1]; time[$1] = $3 }
    END {
      for (;;) {
        oldest = ""
        for (name in size) if (oldest == "" || time[name] < time[oldest]) oldest = name
        if (oldest == "") break
        if (++files > FILES || total > LIMIT) { print "more 0 0"; break }
        total += size[oldest] < LIMIT ? size[oldest] : LIMIT
        print oldest, at[oldest] == "" ? 0 : at[oldest], size[oldest] < LIMIT ? size[oldest] : LIMIT
        delete size[oldest]
      }
      if (newest in stopped) print "over"
    }')
  [ -z "$new" ] && [ "$left" -gt 0 ] || break
  before=$there
  left=$((left - 1))
  sleep 0.1
done
printf '%s\n' "$new" | while read -r name from size; do
  [ -n "$size" ] || continue
  printf '%s %s %s\n' "$name" "$from" "$size"
  [ "$name" = more ] ||
    dd if="logs/$name" iflag=skip_bytes,count_bytes skip="$from" count="$size" bs=64k status=none
done
""".replace("LIMIT", str(LIMIT)).replace("FILES", str(FILES))

_AWAIT_CHANGE = """
cd "$1" 2>/dev/null || exit 0
left=$2 of=$3
set -- fence.$of*.*
[ ! -e "$1" ] || exec sleep "$((left / 10)).$((left % 10))"  # an array: some element begins or ends all the time
set -- fence.$of* stop.$of*
known=$*
while [ "$*" = "$known" ] && [ "$left" -gt 0 ]; do
  sleep 0.1
  left=$((left - 1))
  set -- fence.$of* stop.$of*
done
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """`more`: not all was read that was there."""

    positions: Mapping[str, int] = field(default_factory=dict)
    idle: int = 0
    more: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        if not text:
            return cls()
        positions, idle, more = json.loads(text)
        return cls(positions=positions, idle=idle, more=more)

    def __str__(self) -> str:
        return json.dumps([dict(self.positions), self.idle, self.more])

    @property
    def is_due(self) -> bool:
        """Whether the scheduler is to be asked: at the 1st, 2nd, 4th, 8th silence, then at each 8th."""
        return self.idle % 8 == 0 or self.idle in (1, 2, 4)

    @property
    def is_of_many(self) -> bool:
        return len(self.positions) > MANY


def follow(place: Place, cursor: Cursor, wait_s: float) -> Command:
    """Waits for something new up to so many seconds, or until the job has ended; of an array's element alone as well.

    Files of many are looked at once, in the end: what is written until then is read together.
    """
    pause_s = wait_s if cursor.is_of_many and not cursor.more else 0.0
    left = 0 if cursor.is_of_many else round(wait_s * 10)
    folder = f"{place.site.root}/jobs/{place.key}"
    argv = ("sh", "-c", _FOLLOW, "follow", folder, str(left), f"{pause_s:g}", _of(place))
    known = "".join(f"{name} {position}\n" for name, position in cursor.positions.items())
    return Command(argv=argv, stdin=known, host=place.site.host, changes=False)


def await_change(place: Place, wait_s: float) -> Command:
    """Returns when a run of the job, or of the array's element, begins or ends, and after so many seconds, but not at
    once; of a whole array only after them."""
    folder, of = f"{place.site.root}/jobs/{place.key}", _of(place)
    argv = ("sh", "-c", _AWAIT_CHANGE, "await", folder, str(math.ceil(wait_s * 10)), of)
    return Command(argv=argv, host=place.site.host, changes=False)


def _of(place: Place) -> str:
    """What the names of an element's files begin with."""
    return f"{place.element}." if place.element else ""


def read(answer: str, cursor: Cursor) -> tuple[list[LogEntry], Cursor]:
    """The entries, and the cursor behind them. A line is taken when it is whole."""
    rest = answer.encode(errors="surrogateescape")
    positions, entries, more = dict(cursor.positions), list[LogEntry](), False
    while rest:
        head, _, rest = rest.partition(b"\n")
        name, position, size = head.decode().split(" ")
        if name == "more":
            more = True
            continue
        data, rest = rest[: int(size)], rest[int(size) :]
        whole = data[: data.rfind(b"\n") + 1]
        entries += lines.entries(whole.decode(errors="replace"))
        positions[name] = int(position) + len(whole)
        more = more or int(size) == LIMIT
    entries.sort(key=lambda entry: entry.timestamp)
    return entries, Cursor(positions=positions, idle=0 if entries else cursor.idle + 1, more=more)
