"""The entry point: `python -m trainer.task --job-dir DIR`."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from trainer import arguments, chief, cluster, logs, replicas
from trainer.errors import Terminated, TrainerError
from trainer.outputs import open_outputs
from trainer.termination import Termination, die_of

log = logging.getLogger("trainer")


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, or 1 with an error in the log; ends by the signal if it is stopped by one."""
    asked = arguments.parse(argv)
    logs.start()
    termination = Termination()
    try:
        play(cluster.from_environ(os.environ), asked, termination)
    except TrainerError as error:
        log.error("%s", error)
        return 1
    except Terminated as told:
        log.warning("leaving, as told by signal %d; started again, training goes on from here", told.signal_number)
        die_of(told.signal_number)
    return 0


def play(who: cluster.Cluster, asked: arguments.Arguments, termination: Termination) -> None:
    """Plays this replica's part in the job."""
    if who.role == "chief":
        chief.run(who, asked, open_outputs(asked, os.environ), termination)
    elif who.role == "worker":
        replicas.work(who, asked, termination)
    elif who.role == "evaluator":
        replicas.evaluate(asked, termination)
    else:
        replicas.stand_by(termination)


if __name__ == "__main__":
    sys.exit(main())
