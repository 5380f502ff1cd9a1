from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from submit import config
from submit.errors import Place
from submit.job import Container, Machine, PythonModule, Role, Scheduling
from tests.config.said import TODAY, errors, meant, warnings

CONFIGS = Path(__file__).parents[2] / "configs"


def roles(text: str) -> dict[Role, tuple[str, int]]:
    return {pool.role: (pool.machine.machine_type, pool.replicas) for pool in meant(text).pools}


def test_the_first_job_keeps_the_machine_that_the_user_meant() -> None:
    loaded = config.load((CONFIGS / "gpu.yaml").read_bytes(), "configs/gpu.yaml", today=TODAY)
    assert loaded.config is not None
    (chief,) = loaded.config.pools
    assert chief.role is Role.CHIEF
    assert chief.machine == Machine(
        machine_type="n1-standard-8",
        accelerator_type="NVIDIA_TESLA_K80",
        accelerator_count=1,
        written_as="standard_gpu",
    )
    assert (loaded.config.runtime_version, loaded.config.python_version) == ("1.9", "3.5")
    assert loaded.config.dialect == "ml-engine"


def test_every_value_knows_its_line() -> None:
    loaded = config.load((CONFIGS / "gpu.yaml").read_bytes(), "configs/gpu.yaml", today=TODAY)
    assert loaded.config is not None
    assert loaded.config.places["trainingInput.masterType"] == Place(file="configs/gpu.yaml", line=10, column=3)
    assert loaded.config.places[""] == Place(file="configs/gpu.yaml", line=1, column=1)


def test_without_a_tier_the_job_gets_a_basic_machine() -> None:
    assert roles("trainingInput: {}") == {Role.CHIEF: ("n1-standard-4", 1)}
    assert roles("labels: {a: b}\ntrainingInput: {scaleTier: BASIC}") == {Role.CHIEF: ("n1-standard-4", 1)}


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        (
            "STANDARD_1",
            {
                Role.CHIEF: ("n1-highcpu-8", 1),
                Role.WORKER: ("n1-highcpu-8", 4),
                Role.PARAMETER_SERVER: ("n1-standard-4", 3),
            },
        ),
        (
            "PREMIUM_1",
            {
                Role.CHIEF: ("n1-highcpu-16", 1),
                Role.WORKER: ("n1-highcpu-16", 19),
                Role.PARAMETER_SERVER: ("n1-highmem-8", 11),
            },
        ),
        ("BASIC_GPU", {Role.CHIEF: ("n1-standard-8", 1)}),
        ("BASIC_TPU", {Role.CHIEF: ("cloud-tpu", 1)}),
    ],
)
def test_a_tier_is_its_pools(tier: str, expected: dict[Role, tuple[str, int]]) -> None:
    assert roles(f"trainingInput: {{scaleTier: {tier}}}") == expected


def test_the_roles_of_a_custom_tier_are_pools() -> None:
    text = """\
        trainingInput:
          scaleTier: CUSTOM
          masterType: n1-standard-8
          workerType: large_model
          workerCount: "2"
          parameterServerType: n1-standard-4
          parameterServerCount: 0
          evaluatorType: n1-standard-4
          evaluatorCount: 1
        """
    assert roles(text) == {
        Role.CHIEF: ("n1-standard-8", 1),
        Role.WORKER: ("n1-highmem-8", 2),
        Role.EVALUATOR: ("n1-standard-4", 1),
    }


def test_a_tpu_job_is_the_pool_of_its_tpu() -> None:
    pools = config.load((CONFIGS / "tpu.yaml").read_bytes(), "tpu.yaml", today=TODAY).config
    assert pools is not None
    (pool,) = pools.pools
    assert pool.role is Role.CHIEF
    assert pool.machine == Machine(
        machine_type="cloud-tpu", accelerator_type="TPU_V3", accelerator_count=8, written_as="cloud_tpu"
    )


def test_an_image_makes_the_job_a_container_in_every_role() -> None:
    text = """\
        trainingInput:
          scaleTier: CUSTOM
          masterType: n1-standard-8
          masterConfig:
            imageUri: gcr.io/p/master
            containerCommand: [python, -m, a]
            containerArgs: [--x]
            diskConfig: {bootDiskType: pd-standard, bootDiskSizeGb: 500}
          workerType: n1-standard-4
          workerCount: 1
          evaluatorType: n1-standard-4
          evaluatorCount: 1
          evaluatorConfig: {imageUri: gcr.io/p/evaluator}
          args: [--y]
        """
    chief, worker, evaluator = meant(text).pools
    assert chief.program == Container(image="gcr.io/p/master", command=("python", "-m", "a"), args=("--x",))
    assert worker.program == chief.program
    assert evaluator.program == Container(image="gcr.io/p/evaluator", command=(), args=None)
    assert meant(text).args == ("--y",)
    assert (chief.machine.boot_disk_type, chief.machine.boot_disk_gb) == ("pd-standard", 500)


def test_a_module_and_its_packages_are_kept() -> None:
    text = """\
        trainingInput:
          pythonModule: trainer.task
          packageUris: [gs://bucket/a.tar.gz]
          jobDir: gs://bucket/out
        """
    assert meant(text).pools[0].program == PythonModule()
    assert (meant(text).module, meant(text).package_uris) == ("trainer.task", ("gs://bucket/a.tar.gz",))
    assert meant(text).job_dir == "gs://bucket/out"


def test_the_rest_of_the_job_is_kept() -> None:
    text = """\
        trainingInput:
          region: europe-west4
          network: projects/12/global/networks/default
          serviceAccount: me@p.iam.gserviceaccount.com
          encryptionConfig: {kmsKeyName: projects/p/locations/l/keyRings/r/cryptoKeys/k}
          enableWebAccess: true
          useChiefInTfConfig: false
          scheduling: {maxRunningTime: 3600s, maxWaitTime: 1800.5s, priority: 7}
        labels: {team: vision}
        """
    found = meant(text)
    assert found.region == "europe-west4"
    assert found.network == "projects/12/global/networks/default"
    assert found.service_account == "me@p.iam.gserviceaccount.com"
    assert found.kms_key == "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    assert (found.web_access, found.use_chief_in_tf_config) == (True, False)
    assert found.scheduling == Scheduling(timeout_s=3600.0, max_wait_s=1800.5, priority=7)
    assert found.labels == {"team": "vision"}


def test_merge_keys_and_aliases_are_written_out() -> None:
    text = """\
        trainingInput:
          scaleTier: CUSTOM
          masterType: &machine n1-standard-8
          masterConfig: &config
            diskConfig: {bootDiskSizeGb: 200}
          workerType: *machine
          workerCount: 1
          workerConfig:
            <<: *config
            diskConfig: {bootDiskSizeGb: 300}
        """
    assert [pool.machine.boot_disk_gb for pool in meant(text).pools] == [200, 300]


def test_what_the_service_sets_is_told_to_be_unused() -> None:
    assert warnings("trainingInput: {}\njobId: x\nstate: RUNNING\n") == [
        "jobId: is not used: the job's name comes from the command line (`--job-name`)",
        "state: is not used: the service sets it",
    ]


def test_a_custom_tier_needs_a_master() -> None:
    assert errors("trainingInput: {scaleTier: CUSTOM}") == ["trainingInput.scaleTier: `CUSTOM` needs a `masterType`"]


def test_machines_are_for_the_custom_tier_only() -> None:
    text = """\
        trainingInput:
          masterType: n1-standard-8
          workerCount: 2
          masterConfig: {acceleratorConfig: {type: NVIDIA_TESLA_T4, count: 1}, imageUri: gcr.io/p/i}
        """
    assert errors(text) == [
        "trainingInput.masterType: is for `scaleTier: CUSTOM` only",
        "trainingInput.workerCount: is for `scaleTier: CUSTOM` only",
        "trainingInput.masterConfig.acceleratorConfig: is for `scaleTier: CUSTOM` only",
    ]


def test_a_role_has_a_type_and_a_count() -> None:
    text = """\
        trainingInput:
          scaleTier: CUSTOM
          masterType: standard
          workerType: standard
          parameterServerCount: 2
          evaluatorConfig: {imageUri: gcr.io/p/i}
        """
    assert errors(text) == [
        "trainingInput.workerType: needs a `workerCount`",
        "trainingInput.parameterServerCount: needs a `parameterServerType`",
        "trainingInput.evaluatorConfig: belongs to machines that are not there: `evaluatorType` is missing",
    ]


def test_a_name_that_says_its_accelerator_takes_no_other() -> None:
    text = """\
        trainingInput:
          scaleTier: CUSTOM
          masterType: standard_v100
          masterConfig: {acceleratorConfig: {type: NVIDIA_TESLA_T4, count: 1}}
        """
    assert errors(text) == [
        "trainingInput.masterConfig.acceleratorConfig: cannot be combined with ML Engine's `standard_v100`"
    ]


def test_a_host_that_vertex_ai_has_not_is_replaced_with_a_warning() -> None:
    assert warnings("trainingInput: {scaleTier: CUSTOM, masterType: n1-highcpu-8}") == [
        "trainingInput.masterType: Vertex AI does not train on `n1-highcpu-8`"
    ]


@pytest.mark.parametrize(
    ("version", "python", "expected"),
    [
        ("1.15", "3.5", ["trainingInput.pythonVersion: `3.5` does not go with runtime version `1.15`"]),
        ("1.9", "3.7", ["trainingInput.pythonVersion: `3.7` does not go with runtime version `1.9`"]),
        ("2.11", "3.7", []),
        ("1.15", "2.7", []),
        ("latest", "3.7", ["trainingInput.runtimeVersion: `latest` is not a runtime version"]),
    ],
)
def test_runtime_versions_have_their_pythons(version: str, python: str, expected: list[str]) -> None:
    assert errors(f'trainingInput: {{runtimeVersion: "{version}", pythonVersion: "{python}"}}') == expected


def test_a_runtime_version_out_of_date_warns_with_the_nearest_image_in_date() -> None:
    text = b'trainingInput: {runtimeVersion: "2.17"}'
    in_date = config.load(text, "f.yaml", today=date(2026, 7, 11))
    ended = config.load(text, "f.yaml", today=date(2026, 7, 12))
    assert in_date.problems == ()
    (problem,) = ended.problems
    image = "us-docker.pkg.dev/vertex-ai/training/ray-cpu.2-47.py311:latest"
    assert problem.message == "the image of runtime version 2.17 ended on 2026-07-11"
    assert problem.hint == f"The nearest in date is `{image}`; bring tensorflow as a requirement."


def test_a_runtime_version_means_nothing_to_a_container() -> None:
    text = """\
        trainingInput:
          masterConfig: {imageUri: gcr.io/p/i}
          runtimeVersion: "2.11"
        """
    assert warnings(text) == ["trainingInput.runtimeVersion: is not used: the job runs the image of `imageUri`"]
