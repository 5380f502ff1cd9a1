"""`python -m bench.reliability.killed N SEEN ARGUMENT...`: the command line, killed before its N-th effect.

An effect is what the interpreter's audit events name: a file opened for writing, renamed or removed, a connection, a
request, a database. Nothing of the program is changed. 0 kills nothing; the file SEEN then gets the number of effects.
"""

from __future__ import annotations

import os
import signal
import sys

EFFECTS = frozenset(
    [
        "fcntl.flock",
        "http.client.connect",
        "http.client.send",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "socket.connect",
        "sqlite3.connect",
        "subprocess.Popen",
    ]
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Count:
    def __init__(self, last: int) -> None:
        self.last = last
        self.seen = 0

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in EFFECTS or (event == "open" and _writes(arguments)):
            self.seen += 1
            if self.seen == self.last:
                os.kill(os.getpid(), signal.SIGKILL)


def _writes(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & _WRITING)


def main() -> int:
    number, seen, *argv = sys.argv[1:]
    count = Count(int(number))
    sys.addaudithook(count)
    from submit.cli.app import run

    code = run(argv)
    if not count.last:
        with open(seen, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would be imported by us
            file.write(str(count.seen - 1))
    return code


if __name__ == "__main__":
    sys.exit(main())
