"""The data that says what may stand in a config, against Google's own message types."""

from __future__ import annotations

import importlib.resources
import json
from typing import Any

import pytest

from submit.config import schemas
from submit.config.scalars import TYPES
from submit.config.schemas import Schema, Type, inner

SCHEMAS = {"ml_engine": schemas.ml_engine(), "vertex": schemas.vertex(), "section": schemas.section()}

OURS = {"CategoricalValueSpec", "DiscreteValueSpec", "DoubleValueSpec", "IntegerValueSpec", "ConditionalParameterSpec"}
NAMES = {
    "MetricSpec": "StudySpec.MetricSpec",
    "ParameterSpec": "StudySpec.ParameterSpec",
    "SafetyMetricConfig": "StudySpec.MetricSpec.SafetyMetricConfig",
    "StudyStoppingConfig": "StudySpec.StudyStoppingConfig",
    "MedianAutomatedStoppingSpec": "StudySpec.MedianAutomatedStoppingSpec",
    "DecayCurveAutomatedStoppingSpec": "StudySpec.DecayCurveAutomatedStoppingSpec",
    "ConvexAutomatedStoppingSpec": "StudySpec.ConvexAutomatedStoppingSpec",
    **{name: f"StudySpec.ParameterSpec.{name}" for name in OURS},
    **{
        name: f"StudySpec.ParameterSpec.ConditionalParameterSpec.{name}"
        for name in ("CategoricalValueCondition", "DiscreteValueCondition", "IntValueCondition")
    },
}
"""Messages that the API has inside of others."""


def proto(message: str) -> Any:
    from google.cloud.aiplatform_v1 import types

    found: Any = types
    for part in NAMES.get(message, message).split("."):
        found = getattr(found, part)
    return found.pb(found()).DESCRIPTOR


@pytest.mark.parametrize("message", SCHEMAS["vertex"].messages)
def test_every_key_of_vertex_ai_is_a_field_of_the_api(message: str) -> None:
    fields = {field.json_name: field for field in proto(message).fields}
    for key, ours in SCHEMAS["vertex"].messages[message].fields.items():
        assert key in fields
        if not ours.ignored:
            assert fields[key].is_repeated == (isinstance(ours.type, list) or ours.type == {"*": "string"})
        if fields[key].enum_type and isinstance(ours.type, dict):
            assert set(ours.type["enum"]) <= {value.name for value in fields[key].enum_type.values}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_type_is_known(name: str) -> None:
    schema = SCHEMAS[name]
    for message in schema.messages.values():
        for field in message.fields.values():
            _check_type(field.type, schema)
            assert field.about


def _check_type(type_: Type, schema: Schema) -> None:
    if isinstance(type_, dict) and "either" in type_:
        for alternative in type_["either"]:
            _check_type(alternative, schema)
    elif isinstance(type_, dict) and "enum" in type_:
        assert len(type_["enum"]) == len(set(type_["enum"]))
    elif isinstance(type_, str):
        assert type_ in TYPES | set(schema.messages) | {"any"}
    else:
        _check_type(inner(type_), schema)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_message_is_used(name: str) -> None:
    schema = SCHEMAS[name]
    text = json.dumps([field.type for message in schema.messages.values() for field in message.fields.values()])
    for message in schema.messages:
        assert message in schema.roots or f'"{message}"' in text


@pytest.mark.parametrize("file", ["ml_v1.json", "aiplatform_v1.json", "submit.json"])
def test_every_file_says_where_it_comes_from(file: str) -> None:
    data = json.loads(importlib.resources.files("submit.config").joinpath("data", file).read_text())
    assert set(data) == {"api", "source", "revision", "root", "messages"}


def test_names_go_from_one_spelling_to_the_other_and_back() -> None:
    assert schemas.snake("workerPoolSpecs") == "worker_pool_specs"
    assert schemas.camel("worker_pool_specs") == "workerPoolSpecs"
