"""A config file → what it means. The path of a file through this folder:

bytes ─ read ─► value tree with places ─ overrides ─► tree ─ dialect, schema, check ─► right values and problems
      ─ ml_engine | vertex, tuning, section ─► Config ─ meaning (the rules) ─► Config and problems
"""

from __future__ import annotations

from submit.config.loading import Loaded, empty, load
from submit.config.project import project_defaults

__all__ = ["Loaded", "empty", "load", "project_defaults"]
