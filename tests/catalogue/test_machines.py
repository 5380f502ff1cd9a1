from __future__ import annotations

from math import prod

import pytest

from submit import catalogue
from submit.catalogue import MachineType, TpuTopology
from submit.catalogue.tables import rows
from submit.job import Machine


def test_a_machine_type_has_a_size() -> None:
    assert catalogue.machine("n1-standard-8") == MachineType(
        name="n1-standard-8", vcpus=8, memory_gb=30.0, accelerator_required=False, tpu=None
    )


@pytest.mark.parametrize(
    "name", ["n1-highcpu-8", "n1-standard-1", "c3-standard-4", "standard_gpu", "N1-STANDARD-8", ""]
)
def test_what_vertex_ai_does_not_train_on_is_no_machine_type(name: str) -> None:
    assert catalogue.machine(name) is None
    assert name not in catalogue.machine_names()
    assert catalogue.accelerators_of(name) == {}
    assert catalogue.tpu_topologies(name) == ()


def test_there_are_117_machine_types() -> None:
    assert len(catalogue.machine_names()) == 117


@pytest.mark.parametrize("name", catalogue.machine_names())
def test_only_the_first_cloud_tpu_has_no_size(name: str) -> None:
    found = catalogue.machine(name)
    assert found is not None
    assert (found.vcpus is None, found.memory_gb is None) == ((name == "cloud-tpu"), (name == "cloud-tpu"))
    assert found.vcpus is None or 2 <= found.vcpus <= 384
    assert found.memory_gb is None or 4 <= found.memory_gb <= 3968


def test_accelerator_names_are_those_of_the_api_and_no_placeholder() -> None:
    names = catalogue.accelerator_names()
    assert len(names) == 18
    assert names[0] == "NVIDIA_TESLA_K80"
    assert names[-1] == "TPU_V5_LITEPOD"
    assert "ACCELERATOR_TYPE_UNSPECIFIED" not in names


@pytest.mark.parametrize(
    ("machine_type", "accelerators"),
    [
        ("e2-standard-4", {}),
        ("g2-standard-24", {"NVIDIA_L4": (2,)}),
        (
            "n1-standard-32",
            {"NVIDIA_TESLA_P4": (2, 4), "NVIDIA_TESLA_T4": (2, 4), "NVIDIA_TESLA_V100": (4, 8)},
        ),
        ("n1-standard-96", {"NVIDIA_TESLA_P4": (4,), "NVIDIA_TESLA_T4": (4,), "NVIDIA_TESLA_V100": (8,)}),
        ("ct6e-standard-4t", {}),
    ],
)
def test_a_machine_takes_certain_accelerators_in_certain_numbers(
    machine_type: str, accelerators: dict[str, tuple[int, ...]]
) -> None:
    assert catalogue.accelerators_of(machine_type) == accelerators


def test_a_cloud_tpu_comes_as_8_cores_or_a_multiple_of_32() -> None:
    counts = catalogue.accelerators_of("cloud-tpu")
    assert counts["TPU_V2"][:4] == (8, 32, 64, 96)
    assert (counts["TPU_V2"][-1], counts["TPU_V3"][-1]) == (512, 2048)
    assert 16 not in counts["TPU_V3"]


@pytest.mark.parametrize(("machine_type", "accelerator"), [row[:2] for row in rows("machine_accelerators")])
def test_every_pair_is_of_a_known_machine_and_a_known_accelerator_in_service(
    machine_type: str, accelerator: str
) -> None:
    assert catalogue.machine(machine_type) is not None
    assert accelerator in catalogue.accelerator_names()
    assert catalogue.retired_accelerator(accelerator) is None
    counts = catalogue.accelerators_of(machine_type)[accelerator]
    assert counts == tuple(sorted(set(counts)))
    assert counts[0] > 0


@pytest.mark.parametrize("name", catalogue.machine_names())
def test_a_machine_that_requires_an_accelerator_takes_exactly_one_kind_of_it(name: str) -> None:
    found = catalogue.machine(name)
    assert found is not None
    if found.accelerator_required:
        assert len(catalogue.accelerators_of(name)) == (2 if name == "cloud-tpu" else 1)
    else:
        assert name.startswith("n1-") or catalogue.accelerators_of(name) == {}


def test_a_tpu_machine_comes_in_slices() -> None:
    assert catalogue.tpu_topologies("ct5lp-hightpu-8t") == (TpuTopology(topology="2x4", chips=8, vms=1),)
    assert [slice_.topology for slice_ in catalogue.tpu_topologies("ct6e-standard-4t")] == [
        *("2x2", "2x4", "4x4", "4x8", "8x8", "8x16", "16x16")
    ]
    assert catalogue.tpu_topologies("n1-standard-4") == ()
    assert catalogue.tpu_topologies("cloud-tpu") == ()


@pytest.mark.parametrize("name", catalogue.machine_names())
def test_a_slice_is_as_large_as_its_topology_says_and_fills_its_machines(name: str) -> None:
    found = catalogue.machine(name)
    assert found is not None
    slices = catalogue.tpu_topologies(name)
    assert bool(slices) == (found.tpu is not None)
    for one in slices:
        assert one.chips == prod(map(int, one.topology.split("x")))
        assert one.chips == one.vms * int(name.rpartition("-")[2].removesuffix("t"))
    assert [one.chips for one in slices] == sorted(one.chips for one in slices)


@pytest.mark.parametrize(
    ("machine", "is_offered"),
    [
        (Machine(machine_type="n1-standard-8"), True),
        (Machine(machine_type="n1-standard-8", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=4), True),
        (Machine(machine_type="n1-standard-8", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=3), False),
        (Machine(machine_type="n1-standard-8", accelerator_type="NVIDIA_TESLA_T4"), False),
        (Machine(machine_type="n1-standard-8", accelerator_count=1), False),
        (Machine(machine_type="n1-standard-8", accelerator_type="NVIDIA_TESLA_K80", accelerator_count=1), False),
        (Machine(machine_type="g2-standard-8"), False),
        (Machine(machine_type="g2-standard-8", accelerator_type="NVIDIA_L4", accelerator_count=1), True),
        (Machine(machine_type="ct6e-standard-4t", tpu_topology="2x2"), True),
        (Machine(machine_type="n1-highcpu-8"), False),
    ],
)
def test_offered_is_the_whole_of_machine_accelerator_and_count(machine: Machine, is_offered: bool) -> None:
    assert catalogue.offered(machine) is is_offered


def test_a_machine_is_put_in_words() -> None:
    plain = Machine(machine_type="n1-standard-8")
    assert catalogue.in_words(plain) == "`n1-standard-8`"
    with_gpus = Machine(machine_type="n1-standard-8", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=2)
    assert catalogue.in_words(with_gpus) == "`n1-standard-8` with 2 × `NVIDIA_TESLA_T4`"
