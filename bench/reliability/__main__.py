"""`python -m bench.reliability [crash | faults ...]`: the tables of `bench/reliability/README.md`, in full size."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from bench.reliability import crash
from bench.reliability.site import site

BACKENDS = ("vertex", "mlengine")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reliability", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(TABLES)} (default: all)")
    parser.add_argument("--points", type=int, default=200, help="random points of the crash matrix (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the random points (default: 1)")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in TABLES]:
        parser.error(f"unknown table: {unknown[0]}")
    wrong = 0
    for name in arguments.names or TABLES:
        begin = time.monotonic()
        for line in TABLES[name](arguments):
            wrong += line.startswith("WRONG")
            print(line, flush=True)
        print(f"  {name}: {time.monotonic() - begin:.0f} s\n", flush=True)
    return 1 if wrong else 0


def crashes(arguments: argparse.Namespace) -> Iterator[str]:
    with site() as here:
        found = []
        for backend in BACKENDS:
            every = list(range(1, crash.effects(here, backend) + 1))
            yield f"{backend}: killed before each of {len(every)} effects, and at {arguments.points} random moments"
            points = (
                *crash.at_each_effect(here, backend, every),
                *crash.at_random(here, backend, arguments.points, arguments.seed),
            )
            found += points
            yield from (f"WRONG {each}" for each in points if each.wrong)
        for (backend, said), count in sorted(crash.summary(found).items()):
            yield f"  {backend:<9} {said:<14} {count}"
        yield from (f"WRONG {line}" for line in crash.nothing_twice(here))


TABLES: Mapping[str, Callable[[argparse.Namespace], Iterator[str]]] = {"crash": crashes}

if __name__ == "__main__":
    sys.exit(main())
