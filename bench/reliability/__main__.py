"""`python -m bench.reliability [crash | faults ...]`: the tables of `bench/reliability/README.md`, in full size."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping

from bench.reliability import crash, faults, fuzz, kills, load
from bench.reliability.site import site

BACKENDS = ("vertex", "mlengine")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reliability", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(TABLES)} (default: all)")
    parser.add_argument("--points", type=int, default=200, help="random points of the crash matrix (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: 1)")
    parser.add_argument("--requests", type=int, default=20_000, help="of the fuzz (default: 20000)")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in TABLES]:
        parser.error(f"unknown table: {unknown[0]}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whoever ends it does not end the emulator
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


def fault_matrix(_: argparse.Namespace) -> Iterator[str]:
    with site() as here:
        found = []
        for backend in BACKENDS:
            for verb in faults.VERBS[backend]:
                yield f"{backend}: every call of {verb} fails in every way"
                for cell in (*faults.cells(here, backend, verb), *faults.unreachable(here, backend, verb)):
                    found.append(cell)
                    if cell.wrong:
                        yield f"WRONG {cell}"
        yield from faults.rows(found)


def loads(_: argparse.Namespace) -> Iterator[str]:
    for backend in BACKENDS:
        with site() as here:
            yield f"{backend}: 1,000 submissions from 20 processes, 5 % of all calls fail"
            yield from load.run(here, backend, processes=20, each=50, chance=0.05)


def killed(arguments: argparse.Namespace) -> Iterator[str]:
    with site() as here:
        yield "local: 100 jobs, 10 % of all replicas that start are killed"
        yield from kills.run(here, jobs=100, at_once=4, chance=0.1, seed=arguments.seed)
        yield "local: 20 jobs, 70 % of them, so that restarts are used up"
        with site() as other:
            yield from kills.run(other, jobs=20, at_once=4, chance=0.7, seed=arguments.seed)


def fuzzed(arguments: argparse.Namespace) -> Iterator[str]:
    with site() as here:
        yield f"{arguments.requests:,} requests that no client makes, seed {arguments.seed}"
        yield from fuzz.run(here, arguments.requests, arguments.seed)


TABLES: Mapping[str, Callable[[argparse.Namespace], Iterator[str]]] = {
    "crash": crashes,
    "faults": fault_matrix,
    "load": loads,
    "kills": killed,
    "fuzz": fuzzed,
}

if __name__ == "__main__":
    sys.exit(main())
