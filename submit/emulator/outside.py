"""The environment as it was before the emulator's variables were set in it. Pure.

Whoever sets them notes what they replace, so that they can be taken back: an emulator that is started among them must
not take itself for the user's proxy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

REPLACED = "JOBDIR_EMULATOR_REPLACED"
"""JSON: the value of each variable outside, null where there was none. `submit/launcher.py` reads it, too."""


def changes(environ: Mapping[str, str]) -> dict[str, str | None]:
    """What leads back: variables and their values outside."""
    replaced: dict[str, str | None] = json.loads(environ.get(REPLACED) or "{}")
    return {**replaced, REPLACED: None} if replaced else {}


def outside(environ: Mapping[str, str]) -> dict[str, str]:
    back = changes(environ)
    kept = {name: value for name, value in environ.items() if name not in back}
    return kept | {name: value for name, value in back.items() if value is not None}


def inside(environ: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """The variables to set, among them the note of what they replace."""
    before = outside(environ)
    replaced = {name: before.get(name) for name in variables}
    return {**variables, REPLACED: json.dumps(replaced)}
