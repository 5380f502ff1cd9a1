from __future__ import annotations

import pytest

from submit.job import Container, Machine, PythonModule, Role, Scheduling, Strategy
from tests.config.said import errors, meant, warnings

POOL = """\
        workerPoolSpecs:
          - machineSpec: {machineType: n1-standard-4}
"""


def test_pools_get_their_roles_by_their_position() -> None:
    text = """\
        workerPoolSpecs:
          - machineSpec: {machineType: n1-standard-4}
            replicaCount: "1"
          - {}
          - machineSpec: {machineType: n1-highmem-8}
            replicaCount: 3
          - machineSpec: {machineType: n1-standard-4}
            replicaCount: 0
        """
    assert [(pool.role, pool.machine.machine_type, pool.replicas) for pool in meant(text).pools] == [
        (Role.CHIEF, "n1-standard-4", 1),
        (Role.PARAMETER_SERVER, "n1-highmem-8", 3),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "workerPoolSpecs: {machineSpec: {machineType: n1-standard-4}}",
        "worker_pool_specs: [{machine_spec: {machine_type: n1-standard-4}}]",
        "workerPoolSpecs: [{machine_spec: {machineType: n1-standard-4}}]",
        "jobSpec: {workerPoolSpecs: [{machineSpec: {machineType: n1-standard-4}}]}",
        "job_spec: {worker_pool_specs: {machine_spec: {machine_type: n1-standard-4}}}",
    ],
)
def test_the_forms_of_one_job_mean_the_same(text: str) -> None:
    assert meant(text).pools[0].machine == Machine(machine_type="n1-standard-4")
    assert meant(text).dialect == "vertex"


def test_a_pool_is_kept_with_its_program_its_disk_and_what_only_vertex_ai_knows() -> None:
    text = """\
        workerPoolSpecs:
          - machineSpec:
              machineType: g2-standard-24
              acceleratorType: NVIDIA_L4
              acceleratorCount: 2
              reservationAffinity: {reservationAffinityType: ANY_RESERVATION}
            pythonPackageSpec:
              executorImageUri: us-docker.pkg.dev/p/i
              pythonModule: trainer.task
              packageUris: [gs://bucket/a.tar.gz]
              args: [--a]
              env: [{name: A, value: "1"}, {name: B, value: ""}]
            diskSpec: {bootDiskType: pd-ssd, bootDiskSizeGb: 200}
            nfsMounts: [{server: 10.0.0.1, path: /x, mountPoint: y}]
          - machineSpec: {machineType: n1-standard-4}
            containerSpec: {imageUri: gcr.io/p/i, command: [run], args: [--b]}
        tensorboard: projects/p/locations/l/tensorboards/1
        """
    chief, worker = meant(text).pools
    assert chief.machine == Machine(
        machine_type="g2-standard-24",
        accelerator_type="NVIDIA_L4",
        accelerator_count=2,
        boot_disk_type="pd-ssd",
        boot_disk_gb=200,
    )
    assert chief.program == PythonModule(
        module="trainer.task",
        args=("--a",),
        image="us-docker.pkg.dev/p/i",
        package_uris=("gs://bucket/a.tar.gz",),
    )
    assert chief.env == {"A": "1", "B": ""}
    assert chief.extras == {
        "nfsMounts": [{"server": "10.0.0.1", "path": "/x", "mountPoint": "y"}],
        "machineSpec.reservationAffinity": {"reservationAffinityType": "ANY_RESERVATION"},
    }
    assert worker.program == Container(image="gcr.io/p/i", command=("run",), args=("--b",))
    assert meant(text).extras == {"tensorboard": "projects/p/locations/l/tensorboards/1"}


def test_a_custom_job_has_a_name_labels_and_a_key_around_its_spec() -> None:
    text = """\
        displayName: Digits, first try
        labels: {team: vision}
        encryptionSpec: {kmsKeyName: projects/p/locations/l/keyRings/r/cryptoKeys/k}
        jobSpec:
          workerPoolSpecs: [{machineSpec: {machineType: n1-standard-4}}]
          baseOutputDirectory: {outputUriPrefix: gs://bucket/out}
          persistentResourceId: held
          enableWebAccess: true
        """
    found = meant(text)
    assert (found.display_name, found.labels) == ("Digits, first try", {"team": "vision"})
    assert found.kms_key == "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    assert (found.base_output_dir, found.persistent_resource, found.web_access) == ("gs://bucket/out", "held", True)


def test_scheduling_is_kept_in_seconds() -> None:
    text = f"""{POOL}
        scheduling: {{timeout: 3600s, strategy: SPOT, restartJobOnWorkerRestart: true, disableRetries: true}}
        """
    assert meant(text).scheduling == Scheduling(
        timeout_s=3600.0, strategy=Strategy.SPOT, restart_on_worker_restart=True, disable_retries=True
    )


def test_old_names_of_strategies_warn_and_mean_the_new_ones() -> None:
    text = f"{POOL}\n        scheduling: {{strategy: LOW_COST}}\n"
    assert meant(text).scheduling.strategy is Strategy.SPOT
    assert warnings(text) == ["scheduling.strategy: `LOW_COST` is an old name for `SPOT`"]


def test_paths_in_messages_are_spelt_as_the_user_spelt_them() -> None:
    text = """\
        job_spec:
          worker_pool_specs:
            - machine_spec: {machine_type: n1-standard-4}
              replica_count: 2
        """
    assert errors(text) == ["job_spec.worker_pool_specs[0].replica_count: the first pool has 1 replica, not 2"]


def test_a_first_pool_without_a_machine_is_told() -> None:
    assert errors("workerPoolSpecs: [{replicaCount: 1}]") == ["workerPoolSpecs[0]: has no machine type"]
    assert errors("workerPoolSpecs: []") == ["workerPoolSpecs: is empty; it has at least 1"]
    assert errors("scheduling: {}\nworkerPoolSpecs: [a]") == ["workerPoolSpecs[0]: is text; a mapping is needed"]


def test_a_fifth_pool_has_no_role() -> None:
    pools = ", ".join(["{machineSpec: {machineType: n1-standard-4}}"] * 5)
    assert errors(f"workerPoolSpecs: [{pools}]") == ["workerPoolSpecs: has 5 entries; 4 are possible"]


def test_a_pool_runs_one_program() -> None:
    text = """\
        workerPoolSpecs:
          - machineSpec: {machineType: n1-standard-4}
            containerSpec: {imageUri: gcr.io/p/i}
            pythonPackageSpec: {pythonModule: a}
        """
    assert errors(text) == [
        "workerPoolSpecs[0].pythonPackageSpec: a pool runs either a `containerSpec` or a `pythonPackageSpec`"
    ]


def test_an_environment_variable_has_a_name_of_its_own() -> None:
    text = """\
        workerPoolSpecs:
          - machineSpec: {machineType: n1-standard-4}
            containerSpec:
              imageUri: gcr.io/p/i
              env: [{name: A, value: "1"}, {name: 2B, value: x}, {name: A, value: "2"}]
        """
    env = "workerPoolSpecs[0].containerSpec.env"
    assert errors(text) == [
        f"{env}[1].name: `2B` is not a C identifier: letters, digits and `_`, no digit first",
        f"{env}[2]: `A` stands twice",
    ]


def test_an_image_out_of_date_warns() -> None:
    text = """\
        workerPoolSpecs:
          - machineSpec: {machineType: n1-standard-4}
            pythonPackageSpec: {executorImageUri: "europe-docker.pkg.dev/vertex-ai/training/tf-cpu.2-9:latest"}
        """
    assert warnings(text) == ["workerPoolSpecs[0].pythonPackageSpec.executorImageUri: this image ended on 2024-11-15"]


def test_a_file_with_nothing_but_our_section_is_one_basic_machine() -> None:
    found = meant("submit: {backend: local}")
    assert (found.dialect, found.backend) == ("submit", "local")
    assert [pool.machine.machine_type for pool in found.pools] == ["n1-standard-4"]
