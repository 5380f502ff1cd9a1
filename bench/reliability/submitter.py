"""`python -m bench.reliability.submitter COUNT BACKEND`: a program of a user that submits COUNT jobs.

What ends with an error is looked after by the journal, and submitted anew only if it was never created. Prints a line
of JSON: seconds of each submission, how often one had to be settled, and the peak of its memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from submit.client import Client
from submit.errors import ServiceError
from submit.flags import Flags, request_of, target_of
from submit.intents.intent import State

PATIENCE_S = 2.0
MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


def main() -> int:
    count, backend = int(sys.argv[1]), sys.argv[2]
    flags = Flags(backend=backend, staging_bucket="gs://staging", args=["--seconds", "100000"])
    seconds, settled = [], 0
    for _ in range(count):
        begin = time.monotonic()
        while not is_created(flags):
            settled += 1
        seconds.append(round(time.monotonic() - begin, 3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MEMORY_UNIT
    print(json.dumps({"seconds": seconds, "settled": settled, "peak_bytes": peak}))
    return 0


def is_created(flags: Flags) -> bool:
    client = Client(target=target_of(flags))
    try:
        client.submit(client.prepare(request_of(flags)))
    except ServiceError:
        return was_created(client)
    finally:
        client.journal.close()
    return True


def was_created(client: Client) -> bool:
    submission = client.submission
    while submission is not None:
        for _ in client.recover(PATIENCE_S):  # also those of others that were cut off
            pass
        known = client.journal.find("submission_id", submission.intent.submission_id)
        if known is None or known.state in (State.CREATED, State.REFUSED):
            return known is not None and known.state is State.CREATED
        time.sleep(0.5)
    return False


if __name__ == "__main__":
    sys.exit(main())
