"""The judge of requests: Google's own message types, in which no field may be unknown.

They take a second to load, so that nothing else imports them.
"""

from __future__ import annotations

import json

from submit.errors import Problem
from submit.steps import Call

_TYPES = {
    "projects.locations.customJobs.create": "CreateCustomJobRequest",
    "projects.locations.hyperparameterTuningJobs.create": "CreateHyperparameterTuningJobRequest",
}


def problem(call: Call) -> Problem | None:
    """What `google-cloud-aiplatform` says against a creating call; None also for calls that it knows nothing of."""
    name = _TYPES.get(call.method) if call.api == "aiplatform" else None
    if name is None:
        return None
    from google.cloud import aiplatform_v1
    from google.protobuf import json_format

    try:
        json_format.Parse(json.dumps(call.request), getattr(aiplatform_v1, name).pb()(), ignore_unknown_fields=False)
    except json_format.ParseError as error:
        return Problem(
            message=f"Google's own types do not take the request: {' '.join(str(error).split()).removesuffix('.')}",
            hint="If the field is a new one, a newer `google-cloud-aiplatform` knows it.",
        )
    return None
