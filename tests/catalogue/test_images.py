from __future__ import annotations

from datetime import date

import pytest

from submit import catalogue
from submit.catalogue import TrainingImage

TF_GPU = "us-docker.pkg.dev/vertex-ai/training/tf-gpu.2-17.py310:latest"


def image(name: str) -> TrainingImage:
    found = catalogue.training_image(f"us-docker.pkg.dev/vertex-ai/training/{name}:latest")
    assert found is not None, name
    return found


def test_an_image_has_its_end_dates() -> None:
    assert catalogue.training_image(TF_GPU) == TrainingImage(
        framework="tensorflow",
        version="2.17",
        python="3.10",
        hardware="gpu",
        uri=TF_GPU,
        end_of_patches=date(2025, 7, 11),
        end_of_availability=date(2026, 7, 11),
    )


@pytest.mark.parametrize(
    "uri",
    [
        "us-docker.pkg.dev/vertex-ai/training/tf-gpu.2-17.py310",
        "europe-docker.pkg.dev/vertex-ai/training/tf-gpu.2-17.py310:latest",
        "asia-docker.pkg.dev/vertex-ai/training/tf-gpu.2-17.py310:20250101",
        "us-docker.pkg.dev/vertex-ai/training/tf-gpu.2-17.py310@sha256:0123",
        "gcr.io/cloud-aiplatform/training/tf-gpu.2-17.py310:latest",
    ],
)
def test_an_image_is_the_same_from_every_repository_and_with_every_tag(uri: str) -> None:
    assert catalogue.training_image(uri) == catalogue.training_image(TF_GPU)


@pytest.mark.parametrize(
    "uri",
    [
        "us-docker.pkg.dev/vertex-ai/training/tf-gpu.9-9:latest",
        "us-docker.pkg.dev/vertex-ai/prediction/tf-gpu.2-17.py310:latest",
        "us-docker.pkg.dev/my-project/training/tf-gpu.2-17.py310:latest",
        "tf-gpu.2-17.py310",
        "",
    ],
)
def test_other_images_are_not_googles(uri: str) -> None:
    assert catalogue.training_image(uri) is None


def test_images_can_be_listed_by_framework() -> None:
    assert len(catalogue.training_images()) == 91
    assert {found.framework for found in catalogue.training_images()} == {
        *("tensorflow", "pytorch", "scikit-learn", "xgboost", "ray")
    }
    assert [found.version for found in catalogue.training_images("xgboost")] == ["2.1", "2.1", "1.6", "1.6", "1.1"]
    assert catalogue.training_images("caffe") == ()


@pytest.mark.parametrize("found", catalogue.training_images(), ids=lambda found: found.uri.rpartition("/")[2])
def test_every_image_is_found_by_its_uri_and_outlives_its_patches(found: TrainingImage) -> None:
    assert catalogue.training_image(found.uri) == found
    assert found.end_of_patches < found.end_of_availability
    assert found.version.replace(".", "-") in found.uri


@pytest.mark.parametrize(
    ("version", "gpu", "tpu", "python", "name"),
    [
        ("2.11", False, False, None, "tf-cpu.2-11.py310"),
        ("2.11", True, False, "3.7", "tf-gpu.2-11"),
        ("2.11", True, False, "3.5", "tf-gpu.2-11.py310"),
        ("1.15", False, False, "3.7", "tf-cpu.1-15"),
        ("2.15", False, True, None, "tf-tpu.2-15.cp310"),
        ("2.15", True, True, None, "tf-tpu.2-15.cp310"),
    ],
)
def test_a_runtime_version_lives_on_as_an_image(
    version: str, gpu: bool, tpu: bool, python: str | None, name: str
) -> None:
    found = catalogue.image_for_runtime(version, gpu=gpu, tpu=tpu, python=python)
    assert found == image(name)


@pytest.mark.parametrize("version", ["1.9", "1.14", "2.10", "2.18", "two", ""])
def test_a_runtime_version_without_an_image_has_none(version: str) -> None:
    assert catalogue.image_for_runtime(version, gpu=True) is None


@pytest.mark.parametrize(
    ("name", "today", "nearest"),
    [
        ("tf-gpu.2-17.py310", date(2026, 7, 11), "tf-gpu.2-17.py310"),
        ("tf-gpu.2-11", date(2025, 9, 1), "tf-gpu.2-14.py310"),
        ("tf-cpu.1-15", date(2026, 7, 1), "tf-cpu.2-17.py310"),
        ("pytorch-gpu.2-2.py310", date(2026, 2, 1), "pytorch-gpu.2-3.py310"),
        ("pytorch-gpu.2-4.py310", date(2026, 11, 21), "ray-gpu.2-47.py311"),
        ("tf-gpu.2-17.py310", date(2026, 7, 12), "ray-gpu.2-47.py311"),
        ("tf-gpu.2-17.py310", date(2026, 11, 21), "ray-gpu.2-47.py311"),
        ("ray-cpu.2-9.py310", date(2026, 11, 21), "ray-cpu.2-42.py311"),
        ("tf-tpu.2-12", date(2025, 9, 1), "tf-tpu.2-15.cp310"),
        ("tf-tpu.2-15.cp310", date(2026, 11, 21), None),
        ("ray-gpu.2-47.py311", date(2027, 7, 29), None),
    ],
)
def test_the_nearest_image_in_date_follows_the_rule(name: str, today: date, nearest: str | None) -> None:
    assert catalogue.nearest_in_date(image(name), today) == (image(nearest) if nearest else None)


def test_an_image_that_lives_longer_than_its_successors_is_the_nearest_from_above() -> None:
    longest = image("pytorch-xla.2-2.py310")
    assert catalogue.nearest_in_date(image("pytorch-xla.2-4.py310"), date(2026, 10, 1)) == longest


@pytest.mark.parametrize(
    ("runtime", "pythons"),
    [
        ("2.11", ("3.7",)),
        ("1.15", ("3.7", "2.7")),
        ("1.14", ("3.5", "2.7")),
        ("1.9", ("3.5", "2.7")),
        ("1.4", ("3.5", "2.7")),
        ("1.3", ("2.7",)),
        ("two", ()),
        ("2", ()),
        ("", ()),
    ],
)
def test_a_runtime_version_took_certain_pythons(runtime: str, pythons: tuple[str, ...]) -> None:
    assert catalogue.runtime_pythons(runtime) == pythons
