"""Starts `submit/launcher.py` as a module, whose bytecode is cached: compiling it would cost each replica 10 ms."""

import os
import sys

if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - no pathlib yet
    launcher = __import__("launcher")
    sys.path.pop()
    sys.exit(launcher.main(sys.argv[1:]))
