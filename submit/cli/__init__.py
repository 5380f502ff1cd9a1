"""argv to command. The only place that prints, exits and renders errors.

Commands are imported when they are called: `submit --help` pays for click alone.
"""

from __future__ import annotations

import sys

from submit.cli.app import run


def main() -> None:
    """The console script `submit`."""
    sys.exit(run(sys.argv[1:]))
