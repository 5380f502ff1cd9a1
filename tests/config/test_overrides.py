from __future__ import annotations

import pytest

from submit import config
from submit.errors import Place
from tests.config.said import TODAY, load, meant, said

BASE = "trainingInput: {scaleTier: CUSTOM, masterType: n1-standard-4, args: [--a, --b]}\n"


def test_an_override_replaces_a_value() -> None:
    found = meant(BASE, "trainingInput.masterType=n1-highmem-8")
    assert found.pools[0].machine.machine_type == "n1-highmem-8"


def test_what_was_typed_is_what_is_meant_even_if_yaml_has_another_word_for_it() -> None:
    found = meant(BASE, "trainingInput.runtimeVersion=2.10", "labels.on=yes")
    assert (found.runtime_version, found.labels) == ("2.10", {"on": "yes"})


def test_missing_mappings_are_made() -> None:
    found = meant(BASE, "trainingInput.masterConfig.diskConfig.bootDiskSizeGb=200", "submit.retries=2")
    assert (found.pools[0].machine.boot_disk_gb, found.retry.limit) == (200, 2)


def test_items_of_lists_are_replaced_and_appended() -> None:
    found = meant(BASE, "trainingInput.args[1]=--c=1=2", "trainingInput.args[2]=--d")
    assert found.args == ("--a", "--c=1=2", "--d")


def test_lists_and_mappings_are_written_in_brackets() -> None:
    found = meant(BASE, "trainingInput.args=[--x, 3]", "labels={a: b}")
    assert (found.args, found.labels) == (("--x", "3"), {"a": "b"})


def test_the_last_of_two_overrides_wins() -> None:
    assert meant(BASE, "trainingInput.region=us-east1", "trainingInput.region=us-west1").region == "us-west1"


def test_overrides_work_without_a_file() -> None:
    loaded = config.empty(overrides=["trainingInput.scaleTier=BASIC_GPU"], today=TODAY)
    assert loaded.config is not None
    assert loaded.config.pools[0].machine.written_as == "standard_gpu"
    vertex = config.empty(overrides=["workerPoolSpecs[0].machineSpec.machineType=e2-standard-4"], today=TODAY)
    assert vertex.config is not None
    assert vertex.config.pools[0].machine.machine_type == "e2-standard-4"


def test_the_place_of_an_overridden_value_is_the_override() -> None:
    found = meant(BASE, "trainingInput.region=us-east1")
    assert found.places["trainingInput.region"] == Place(file="--set trainingInput.region=us-east1")
    assert found.places["trainingInput"] == Place(file="f.yaml", line=1, column=1)


@pytest.mark.parametrize(
    ("override", "expected", "hint"),
    [
        (
            "trainingInput.masterTyp=x",
            "trainingInput.masterTyp: `masterTyp` is not a key of `trainingInput`",
            "Did you mean `masterType`?",
        ),
        ("trainingInput.scaleTier=basic", "trainingInput.scaleTier: `basic` is not spelt right", "Write `BASIC`."),
        ("trainingInput.region=", "trainingInput.region: has no value", "Give it one, or remove the key."),
        ("trainingInput.args.x=1", "`trainingInput.args` is a list, so it has no `x`", ""),
        ("trainingInput[0]=1", "`trainingInput` is a mapping, so it has no item [0]", ""),
        ("trainingInput.args[3]=1", "`trainingInput.args` has 2 items, so [3] would leave a gap", ""),
        ("region", "`region` is not a change", "Write it like `--set trainingInput.scaleTier=BASIC`."),
        ("a..b=1", "`a..b=1` is not a change", "Write it like `--set trainingInput.scaleTier=BASIC`."),
        (
            "labels={a: [}",
            "this is not YAML: did not find expected node content",
            "Put the value in quotes if it is text.",
        ),
    ],
)
def test_a_wrong_override_is_told_with_its_own_words(override: str, expected: str, hint: str) -> None:
    assert said(BASE, override) == [f"--set {override}: {expected} | {hint}".removesuffix(" | ")]


def test_all_wrong_overrides_are_told() -> None:
    loaded = load(BASE, "nothing", "trainingInput.scaleTier=basic", "a[0")
    assert loaded.config is None
    assert len(loaded.problems) == 3
