"""A study as whoever runs its trials reads it: JSON in, checked values out. Pure.

The client has checked the config for people; here stands what a search cannot do without. Names and kinds are those of
Vertex AI's `StudySpec`: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/StudySpec
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Parameter(NamedTuple):
    """A hyperparameter; `values` are text for CATEGORICAL and numbers for DISCRETE."""

    name: str
    kind: str
    minimum: float | None
    maximum: float | None
    values: list[Any]
    scale: str

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Parameter:
        parameter = cls(
            name=raw["name"],
            kind=raw["kind"],
            minimum=raw.get("minimum"),
            maximum=raw.get("maximum"),
            values=list(raw.get("values") or []),
            scale=raw.get("scale") or "NONE",
        )
        _check_parameter(parameter)
        return parameter


class Study(NamedTuple):
    """`metric` is compared, towards `goal`; `metrics` are all that are reported."""

    metrics: list[str]
    goal: str
    parameters: list[Parameter]
    max_trials: int
    parallel_trials: int
    max_failed_trials: int
    algorithm: str | None

    @property
    def metric(self) -> str:
        return self.metrics[0]

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Study:
        """Raises ValueError with a sentence about the first thing that is wrong, KeyError about what is missing."""
        metrics = raw["metrics"]
        if not metrics:
            raise ValueError("a study has at least one metric")
        study = cls(
            metrics=[metric["name"] for metric in metrics],
            goal=metrics[0]["goal"],
            parameters=[Parameter.parse(parameter) for parameter in raw["parameters"]],
            max_trials=int(raw.get("max_trials") or 1),
            parallel_trials=int(raw.get("parallel_trials") or 1),
            max_failed_trials=int(raw.get("max_failed_trials") or 0),
            algorithm=raw.get("algorithm"),
        )
        _check_study(study)
        return study


def _check_parameter(parameter: Parameter) -> None:
    name = parameter.name
    if parameter.kind in ("CATEGORICAL", "DISCRETE"):
        if not parameter.values:
            raise ValueError(f"the hyperparameter `{name}` has no values")
        return
    if parameter.minimum is None or parameter.maximum is None or parameter.minimum > parameter.maximum:
        raise ValueError(f"the hyperparameter `{name}` has no range from a minimum to a maximum")
    if "LOG" in parameter.scale and parameter.minimum <= 0:
        raise ValueError(f"the hyperparameter `{name}` has a logarithmic scale, so its minimum must be above 0")


def _check_study(study: Study) -> None:
    if study.algorithm not in (None, "ALGORITHM_UNSPECIFIED", "GRID_SEARCH", "RANDOM_SEARCH"):
        raise ValueError(f"`{study.algorithm}` is not an algorithm of this engine: GRID_SEARCH, RANDOM_SEARCH")
    continuous = [parameter.name for parameter in study.parameters if parameter.kind == "DOUBLE"]
    if study.algorithm == "GRID_SEARCH" and continuous:
        raise ValueError(
            f"GRID_SEARCH takes INTEGER, CATEGORICAL and DISCRETE hyperparameters only, `{continuous[0]}` is DOUBLE"
        )
