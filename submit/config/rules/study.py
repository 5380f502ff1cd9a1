"""Hyperparameters: each has the values that its kind needs, and the search can use them.

https://cloud.google.com/vertex-ai/docs/training/using-hyperparameter-tuning
"""

from __future__ import annotations

from collections.abc import Iterator

from submit.config.draft import Draft
from submit.errors import Problem
from submit.job import Parameter, ParameterKind, Scale, Study

_RANGES = (ParameterKind.DOUBLE, ParameterKind.INTEGER)
_KEYS_OF = {
    ParameterKind.DOUBLE: {"minValue", "maxValue"},
    ParameterKind.INTEGER: {"minValue", "maxValue"},
    ParameterKind.CATEGORICAL: {"categoricalValues"},
    ParameterKind.DISCRETE: {"discreteValues"},
}
_KEYS = set().union(*_KEYS_OF.values())


def parameters(draft: Draft) -> Iterator[Problem]:
    study = draft.config.study
    for index, parameter in enumerate(study.parameters if study else ()):
        path = f"{draft.parameters}[{index}]"
        if draft.broken(path):
            continue
        yield from _one_kind(draft, parameter, path)
        yield from _values(draft, parameter, path)
        yield from _scale(draft, parameter, path)


def _one_kind(draft: Draft, parameter: Parameter, path: str) -> Iterator[Problem]:
    """Vertex AI has one key per kind, ML Engine a `type` and keys that belong to it."""
    if not draft.vertex:
        for key in _KEYS - _KEYS_OF[parameter.kind]:
            if f"{path}.{key}" in draft.marks:
                yield draft.error(f"{path}.{key}", f"does not go with {parameter.kind}", "Remove it.")
        return
    specs = [f"{path}.{kind.value.lower()}ValueSpec" for kind in ParameterKind]
    present = [spec for spec in specs if spec in draft.marks]
    if not present:
        hint = "Write one of doubleValueSpec, integerValueSpec, categoricalValueSpec and discreteValueSpec."
        yield draft.error(path, "has no values", hint)
    elif len(present) > 1:
        yield draft.error(present[1], "a hyperparameter has one kind of values", "Remove one of them.")


def _values(draft: Draft, parameter: Parameter, path: str) -> Iterator[Problem]:
    if parameter.kind in _RANGES:
        yield from _range(draft, parameter, path)
    elif not parameter.values and not draft.vertex:
        key = "categoricalValues" if parameter.kind is ParameterKind.CATEGORICAL else "discreteValues"
        yield draft.error(path, f"{parameter.kind} needs `{key}`")
    elif list(parameter.values) != sorted(set(parameter.values), key=parameter.values.index):
        yield draft.error(path, "a value stands twice", "Remove one of them.")
    elif parameter.kind is ParameterKind.DISCRETE and list(parameter.values) != sorted(parameter.values):
        yield draft.error(path, "the values of DISCRETE are ascending", "Sort them.")


def _range(draft: Draft, parameter: Parameter, path: str) -> Iterator[Problem]:
    if draft.vertex and parameter.minimum is None and parameter.maximum is None:
        return  # reported as having no values
    missing = [
        key for key, value in (("minValue", parameter.minimum), ("maxValue", parameter.maximum)) if value is None
    ]
    if missing:
        needed = " and ".join(f"`{key}`" for key in missing)
        yield draft.error(path, f"{parameter.kind} needs {needed}")
        return
    assert parameter.minimum is not None
    assert parameter.maximum is not None
    low, high = parameter.minimum, parameter.maximum
    if low > high:
        yield draft.error(path, f"`minValue` {low:g} is greater than `maxValue` {high:g}", "Exchange them.")
    if parameter.kind is ParameterKind.INTEGER and not (_is_whole(low) and _is_whole(high)):
        yield draft.error(path, "INTEGER needs whole numbers", "Write DOUBLE, or whole numbers.")


def _is_whole(bound: float) -> bool:
    """Whether the API's 64 bits can have it exactly as it was read."""
    return float(bound).is_integer() and abs(bound) < 2**63


def _scale(draft: Draft, parameter: Parameter, path: str) -> Iterator[Problem]:
    if parameter.scale not in (Scale.LOG, Scale.REVERSE_LOG):
        return
    numbers = [parameter.minimum, *(value for value in parameter.values if not isinstance(value, str))]
    low = min((number for number in numbers if number is not None), default=1.0)
    if low <= 0:
        hint = "Logarithms need values above 0; UNIT_LINEAR_SCALE does not."
        yield draft.error(f"{path}.scaleType", f"`{parameter.scale}` is not possible from {low:g}", hint)


def trials(draft: Draft) -> Iterator[Problem]:
    study = draft.config.study
    if study is None:
        return
    if study.parallel_trials > study.max_trials and not draft.broken(draft.parallel):
        message = f"{study.parallel_trials} trials at a time, but only {study.max_trials} in all"
        yield draft.warning(draft.parallel, message)
    if study.algorithm == "GRID_SEARCH":
        yield from _grid(draft, study)


def _grid(draft: Draft, study: Study) -> Iterator[Problem]:
    for index, parameter in enumerate(study.parameters):
        path = f"{draft.parameters}[{index}]"
        if parameter.kind is ParameterKind.DOUBLE and not draft.broken(path):
            yield draft.error(path, "GRID_SEARCH cannot try DOUBLE", "Make it DISCRETE.")


RULES = (parameters, trials)
