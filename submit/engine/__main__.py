"""The supervisor's entry: `python -I -S submit/engine/__main__.py OPTIONS`, so that no site-packages slow it down."""

import os
import sys

if __name__ == "__main__":
    # What the client's shell had open must not live as long as we do; the system's limit may be a billion.
    os.closerange(3, min(os.sysconf("SC_OPEN_MAX"), 1 << 16))
    os.chdir("/")
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120 - pathlib costs 5 ms and is not needed before the imports below
    from submit.engine.supervisor import main

    main(sys.argv[1:])
