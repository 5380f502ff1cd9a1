"""`python -m tests.cli.many`: runs each command line of the JSON list on its stdin, and prints the exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import sys

from submit.cli.app import run

if __name__ == "__main__":
    codes = []
    for argv in json.load(sys.stdin):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run(argv)
        codes.append([code, said.getvalue()[-2000:]])
    print(json.dumps(codes))
