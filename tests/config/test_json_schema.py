from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from submit import config
from tests.config.test_bad_yaml import WRONG

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
CONVERTED = sorted(Path(__file__).with_name("converted").glob("*.yaml"))
VALIDATOR = Draft202012Validator(config.schema())


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(config.schema())


@pytest.mark.parametrize("path", [*CONFIGS, *CONVERTED], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_accepts_what_we_accept(path: Path) -> None:
    VALIDATOR.validate(yaml.safe_load(path.read_text()))


STUDY = "metrics: [{metric_id: a, goal: MAXIMIZE}], parameters: [{parameter_id: b}]"
TRIALS = "maxTrialCount: 1, parallel_trial_count: 1"


@pytest.mark.parametrize(
    "text",
    [
        "submit: {retries: 2, retry_on: [preempted, {exit_codes: [137]}], timeout: 2h, local: {memory: 2GiB}}",
        "job_spec: {worker_pool_specs: {machine_spec: {machine_type: a, accelerator_count: '2'}}}",
        f"{{studySpec: {{{STUDY}}}, trial_job_spec: {{workerPoolSpecs: {{}}}}, {TRIALS}}}",
    ],
)
def test_it_knows_the_other_forms(text: str) -> None:
    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "case",
    [
        "a misspelt key",
        "a key at the wrong depth",
        "the wrong case of an enum",
        "children of trainingInput that are not indented",
        "a version that YAML reads as another",
        "text where a number is needed",
        "an accelerator that does not exist",
        "values out of range",
        "a duration that the service does not read",
        "a single word where a list is needed",
        "a key without a value",
        "both formats in one file",
        "neither format",
        "batch prediction",
    ],
)
def test_it_refuses_what_an_editor_can_see(case: str) -> None:
    assert not VALIDATOR.is_valid(yaml.safe_load(WRONG[case][0]))


def test_every_key_has_a_description() -> None:
    definitions = config.schema()["$defs"]
    assert isinstance(definitions, dict)
    for definition in definitions.values():
        assert isinstance(definition, dict)
        assert definition["description"]
        properties = definition["properties"]
        assert isinstance(properties, dict)
        assert all(
            isinstance(value, dict) and ("description" in value or "$ref" in value) for value in properties.values()
        )
