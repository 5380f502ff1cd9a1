"""A study for those that run its trials themselves, as `submit.study` reads it."""

from __future__ import annotations

from submit.job import Study
from submit.status import JsonObject


def request(study: Study) -> JsonObject:
    return {
        "metrics": [{"name": metric.name, "goal": metric.goal.value} for metric in study.metrics],
        "parameters": [
            {
                "name": parameter.name,
                "kind": parameter.kind.value,
                "minimum": parameter.minimum,
                "maximum": parameter.maximum,
                "values": list(parameter.values),
                "scale": parameter.scale.value,
            }
            for parameter in study.parameters
        ],
        "max_trials": study.max_trials,
        "parallel_trials": study.parallel_trials,
        "max_failed_trials": study.max_failed_trials,
        "algorithm": study.algorithm,
    }
