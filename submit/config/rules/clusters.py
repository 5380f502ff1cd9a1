"""What the options of clusters mean together."""

from __future__ import annotations

from collections.abc import Iterator

from submit.config.draft import Draft
from submit.errors import Problem

CLUSTERS = ("slurm", "gridengine")


def environments(draft: Draft) -> Iterator[Problem]:
    for cluster in CLUSTERS:
        options, path = f"submit.{cluster}", f"submit.{cluster}.environment"
        if f"{path}.venv" not in draft.marks:
            continue
        if f"{path}.image" in draft.marks:
            hint = "Keep one of them; `python` names an interpreter within the image."
            yield draft.error(f"{path}.image", "an image has an environment of its own beside `venv`", hint)
        elif f"{options}.python" in draft.marks:
            hint = "Remove it, or name the interpreter alone, without `venv`."
            yield draft.error(f"{options}.python", "the interpreter is that of `environment.venv`", hint)


RULES = (environments,)
