"""argv to command. The only place that prints, exits and renders errors.

Commands are imported when they are called: `submit --help` pays for click alone.
"""

from __future__ import annotations

import sys


def main() -> None:
    """The console script `submit`."""
    try:
        from submit.cli.app import run  # takes most of the start: a Ctrl-C falls here more often than not

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
