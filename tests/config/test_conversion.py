"""ML Engine configs as Vertex AI writes them; Google's own message types judge the result."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format

from submit import config
from submit.config.conversion import Change, Converted
from tests.config.said import TODAY

CONFIGS = Path(__file__).parents[2] / "configs"
ML_ENGINE = sorted(path for path in CONFIGS.glob("*.yaml") if "trainingInput:" in path.read_text())
GOLDEN = Path(__file__).with_name("converted")

EVERYTHING = """\
trainingInput:
  scaleTier: CUSTOM
  masterType: complex_model_m_gpu
  masterConfig: {diskConfig: {bootDiskType: pd-ssd, bootDiskSizeGb: 500}}
  parameterServerType: complex_model_s
  parameterServerCount: 2
  packageUris: [gs://bucket/trainer-1.0.tar.gz]
  pythonModule: trainer.task
  args: [--name, "a: b", "# not a comment", "", "yes", "2.10", "é😀", "tab\\t\\u0085"]
  region: us-central1
  jobDir: gs://bucket/out
  runtimeVersion: "1.15"
  pythonVersion: "3.7"
  useChiefInTfConfig: false
  enableWebAccess: true
  network: projects/12/global/networks/default
  serviceAccount: me@p.iam.gserviceaccount.com
  encryptionConfig: {kmsKeyName: projects/p/locations/l/keyRings/r/cryptoKeys/k}
  scheduling: {maxRunningTime: 3600.5s, maxWaitTime: 7200s, priority: 5}
  hyperparameters:
    goal: MINIMIZE
    hyperparameterMetricTag: loss
    maxTrials: 3
    maxFailedTrials: 1
    algorithm: RANDOM_SEARCH
    resumePreviousJobId: before
    params:
      - {parameterName: lr, type: DOUBLE, minValue: 1e-4, maxValue: 1, scaleType: UNIT_LOG_SCALE}
      - {parameterName: kind, type: CATEGORICAL, categoricalValues: ["no", a]}
      - {parameterName: size, type: DISCRETE, discreteValues: [1, 2.5]}
labels: {team: vision}
"""


def convert(text: str) -> Converted:
    return config.convert(text.encode(), "old.yaml", TODAY)


def as_message(converted: Converted) -> Any:
    """The result as the API's own type; raises if that has not every field."""
    from google.cloud.aiplatform_v1.types import CustomJobSpec, HyperparameterTuningJob

    values = yaml.safe_load(converted.text)
    kind = HyperparameterTuningJob if "studySpec" in values else CustomJobSpec
    return json_format.ParseDict(values, kind.pb(kind()), ignore_unknown_fields=False)


@pytest.mark.parametrize("path", ML_ENGINE, ids=lambda path: path.stem)
def test_each_example_becomes_what_the_api_reads(path: Path) -> None:
    converted = config.convert(path.read_bytes(), f"configs/{path.name}", TODAY)
    message = as_message(converted)
    spec = getattr(message, "trial_job_spec", message)
    assert spec.worker_pool_specs[0].machine_spec.machine_type
    again = config.load(converted.text.encode(), "new.yaml", today=TODAY)
    assert again.config is not None


@pytest.mark.parametrize("path", ML_ENGINE, ids=lambda path: path.stem)
def test_each_example_becomes_the_text_that_is_kept_beside_this_test(path: Path) -> None:
    converted = config.convert(path.read_bytes(), f"configs/{path.name}", TODAY)
    assert converted.text == (GOLDEN / path.name).read_text()


def test_everything_that_ml_engine_can_say_survives_or_is_reported() -> None:
    converted = convert(EVERYTHING)
    message = as_message(converted)
    pools = message.trial_job_spec.worker_pool_specs
    machines = [(pool.machine_spec.machine_type, pool.replica_count) for pool in pools]
    assert machines == [("n1-standard-16", 1), ("", 0), ("n1-standard-8", 2)]
    assert pools[0].disk_spec.boot_disk_size_gb == 500
    assert list(pools[0].python_package_spec.args) == [
        *("--name", "a: b", "# not a comment", "", "yes", "2.10", "é😀", "tab\t\x85", "--job-dir", "gs://bucket/out")
    ]
    assert message.trial_job_spec.scheduling.timeout.ToMilliseconds() == 3_600_500
    assert message.labels == {"team": "vision"}
    assert {change.path.removeprefix("trainingInput.") for change in converted.changes} == {
        "masterType",
        "parameterServerType",
        "runtimeVersion",
        "pythonVersion",
        "region",
        "jobDir",
        "useChiefInTfConfig",
        "scheduling.maxRunningTime",
        "scheduling.maxWaitTime",
        "scheduling.priority",
        "hyperparameters",
        "hyperparameters.resumePreviousJobId",
    }


def test_the_meaning_stays_the_same() -> None:
    old = config.load(EVERYTHING.encode(), "old.yaml", today=TODAY).config
    new = config.load(convert(EVERYTHING).text.encode(), "new.yaml", today=TODAY).config
    assert old is not None
    assert new is not None
    assert old.study is not None
    assert new.study is not None
    assert [pool.role for pool in new.pools] == [pool.role for pool in old.pools]
    assert new.study.parameters == old.study.parameters
    assert (new.study.metrics, new.study.algorithm) == (old.study.metrics, old.study.algorithm)
    assert (new.network, new.service_account, new.kms_key) == (old.network, old.service_account, old.kms_key)
    assert (new.labels, new.web_access, new.base_output_dir) == (old.labels, True, old.job_dir)


def test_a_change_says_what_became_of_a_key_and_why() -> None:
    (machine, version) = convert('trainingInput: {scaleTier: BASIC_GPU, runtimeVersion: "2.11"}').changes
    assert machine == Change(
        path="trainingInput.scaleTier",
        what="BASIC_GPU is `n1-standard-8` with 1 × `NVIDIA_TESLA_T4`",
        why="support for the NVIDIA K80 ended on 2024-05-01",
    )
    assert version.what == "runtime version 2.11 is ray-gpu.2-47.py311"


def test_an_image_that_is_in_date_is_kept() -> None:
    text = b'trainingInput: {runtimeVersion: "2.17"}'
    converted = config.convert(text, "old.yaml", date(2026, 7, 1))
    assert "executorImageUri: us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest" in converted.text
    assert converted.changes[-1].why == "Vertex AI names an image where ML Engine had versions"


def test_region_and_labels_go_to_the_command_line() -> None:
    converted = convert("trainingInput: {region: us-east1}\nlabels: {a: b, c: d}\n")
    assert "#     submit train --config THIS_FILE --region us-east1 --labels a=b,c=d\n" in converted.text
    assert "region" not in yaml.safe_load(converted.text)


def test_our_own_section_is_kept() -> None:
    section = "submit: {retries: 2, local: {memory: 2GiB}, timeout: 2h, base_output_dir: gs://bucket/base}\n"
    converted = convert(f"trainingInput: {{jobDir: gs://bucket/out}}\n{section}")
    assert yaml.safe_load(converted.text)["submit"] == yaml.safe_load(section)["submit"]
    assert "baseOutputDirectory" not in yaml.safe_load(converted.text)
    again = config.load(converted.text.encode(), "new.yaml", today=TODAY)
    assert again.config is not None
    assert (again.config.retry.limit, again.config.scheduling.timeout_s) == (2, 7200.0)


def test_a_job_dir_on_this_machine_stays_an_argument() -> None:
    spec = yaml.safe_load(convert("trainingInput: {jobDir: out}").text)
    assert spec["workerPoolSpecs"][0]["pythonPackageSpec"]["args"] == ["--job-dir", "out"]
    assert "baseOutputDirectory" not in spec


def test_a_config_with_errors_is_not_converted() -> None:
    converted = convert("trainingInput: {scaleTier: custom}")
    assert (converted.text, converted.changes) == ("", ())
    assert [problem.message for problem in converted.problems] == ["`custom` is not spelt right"]


def test_a_config_of_vertex_ai_is_not_converted_again() -> None:
    converted = config.convert((CONFIGS / "vertex.yaml").read_bytes(), "vertex.yaml", TODAY)
    assert converted.text == ""
    assert [problem.message for problem in converted.problems] == ["this is a Vertex AI config already"]
