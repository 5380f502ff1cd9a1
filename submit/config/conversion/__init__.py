"""A config of ML Engine → the same job as Vertex AI writes it, with a report of what changed and why.

https://cloud.google.com/vertex-ai/docs/start/migrating-to-vertex-ai
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from submit.config.conversion.job import custom_job_spec
from submit.config.conversion.notes import Change, Notes
from submit.config.conversion.study import tuning_job
from submit.config.draft import Draft
from submit.config.emit import comment, emit
from submit.config.loading import SECTION, draft_of, load
from submit.config.read import read
from submit.config.tree import Branch, plain
from submit.errors import Place, Problem
from submit.job import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The YAML text, what changed, and the problems of the original; `text` is empty if there is an error."""

    text: str
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]


def convert(text: bytes, file: str, today: date) -> Converted:
    """A CustomJobSpec as `gcloud ai custom-jobs create --config` reads it, or a HyperparameterTuningJob.

    The `submit:` section, if there is one, is kept; everything else is the API's own.
    """
    loaded = load(text, file, today=today)
    if loaded.config is None:
        return Converted(text="", changes=(), problems=loaded.problems)
    tree, _ = read(text, file)
    assert isinstance(tree, Branch), "a config without errors is a mapping"
    body = Branch(tuple(entry for entry in tree.entries if entry.key != SECTION), tree.place)
    draft, _ = draft_of(body, Place(file=file, line=1, column=1))
    assert draft is not None
    if draft.vertex:
        already = Problem(message="this is a Vertex AI config already", place=Place(file=file, line=1))
        return Converted(text="", changes=(), problems=(already,))
    section = tree.get(SECTION)
    notes = Notes()
    values = _converted(draft, section.keys if isinstance(section, Branch) else (), notes, today)
    header = "\n".join(_header(draft, file, notes))
    if section is not None:
        values[SECTION] = plain(section)
    return Converted(
        text=f"{header}\n\n{emit(values, notes.comments)}", changes=tuple(notes.changes), problems=loaded.problems
    )


def _converted(draft: Draft, section: tuple[str, ...], notes: Notes, today: date) -> JsonObject:
    config = draft.config
    if config.study is None:
        return custom_job_spec(draft, section, notes, today)
    return tuning_job(draft, config.study, section, notes, today)


def _header(draft: Draft, file: str, notes: Notes) -> Iterator[str]:
    tuning = draft.config.study is not None
    name = "HyperparameterTuningJob" if tuning else "CustomJobSpec"
    command = "hp-tuning-jobs" if tuning else "custom-jobs"
    flags = "".join(f" {flag}" for flag in notes.flags)
    yield from comment(f"Vertex AI: a {name}, converted from {' '.join(file.split())}.")
    yield "#"
    yield f"#     submit train --config THIS_FILE{flags}"
    yield f"#     gcloud ai {command} create --display-name NAME --config THIS_FILE{flags}"
    if notes.homeless:
        yield "#"
        yield from comment("What has no place in this format:")
        for line in notes.homeless:
            yield from comment(f"- {line}")


__all__ = ["Change", "Converted", "convert"]
