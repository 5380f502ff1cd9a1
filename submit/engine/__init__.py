"""The engine runs jobs on this machine as Vertex AI would, without a resident server.

`Engine` is the client's side: it writes a job into the store and starts a detached supervisor process, which runs the
job's replicas through `submit/launcher.py`, then the next queued job, and leaves when there is none. Everything that
is imported here is the standard library's or ours, and light: a supervisor starts on the way of every first job.
"""

import sys

if sys.platform == "win32":
    from submit.errors import UsageError

    raise UsageError("jobs cannot run on Windows itself", hint="Use the Windows Subsystem for Linux.")

from submit.engine.api import Engine

__all__ = ["Engine"]
