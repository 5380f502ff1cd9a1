"""Cloud Logging v2 over the log files of the engine's jobs.

https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries
"""

from submit.emulator.logs.serve import Logs, create

__all__ = ["Logs", "create"]
