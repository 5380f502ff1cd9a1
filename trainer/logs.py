"""Log lines as `LEVEL:logger:message`, which log collectors can read a severity from.

Errors go to stderr and the rest to stdout: Vertex AI files stdout as INFO and stderr as ERROR.
"""

from __future__ import annotations

import logging
import sys


def start() -> None:
    out = logging.StreamHandler(sys.stdout)
    out.addFilter(lambda record: record.levelno < logging.ERROR)
    err = logging.StreamHandler(sys.stderr)
    err.setLevel(logging.ERROR)
    logging.basicConfig(level=logging.INFO, format=logging.BASIC_FORMAT, handlers=[out, err])
