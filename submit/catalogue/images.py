"""Google's prebuilt training images, and until when each of them is there.

https://cloud.google.com/vertex-ai/docs/training/pre-built-containers
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal, NamedTuple

from submit.catalogue.tables import rows

Hardware = Literal["cpu", "gpu", "tpu"]

_REPOSITORIES = (
    "us-docker.pkg.dev/vertex-ai/training/",
    "europe-docker.pkg.dev/vertex-ai/training/",
    "asia-docker.pkg.dev/vertex-ai/training/",
    "gcr.io/cloud-aiplatform/training/",  # their former place, still in many configs
)


class TrainingImage(NamedTuple):
    """An image. After `end_of_patches` it is no longer mended, after `end_of_availability` it may be gone."""

    framework: str
    version: str
    python: str
    hardware: Hardware
    uri: str
    end_of_patches: date
    end_of_availability: date


def training_image(uri: str) -> TrainingImage | None:
    """The image that a URI names, from any of the repositories that Google has or had, with any tag or none."""
    repository = next((prefix for prefix in _REPOSITORIES if uri.startswith(prefix)), None)
    return _by_name().get(_image_name(uri.removeprefix(repository))) if repository else None


def training_images(framework: str | None = None) -> tuple[TrainingImage, ...]:
    """All images, or those of `tensorflow`, `pytorch`, `scikit-learn`, `xgboost` or `ray`; newest version first."""
    return tuple(image for image in _images() if framework in (None, image.framework))


def image_for_runtime(
    runtime_version: str,
    *,
    gpu: bool,
    tpu: bool = False,
    python: str | None = None,
) -> TrainingImage | None:
    """The image that continues one of ML Engine's runtime versions, whose number was that of its TensorFlow.

    `python` decides between images of the same version and may be one that no image has; then the newest is taken.
    """
    hardware = "tpu" if tpu else "gpu" if gpu else "cpu"
    found = [i for i in training_images("tensorflow") if (i.version, i.hardware) == (runtime_version, hardware)]
    return max(found, key=lambda image: (image.python == python, _numbers(image.python)), default=None)


def nearest_in_date(image: TrainingImage, today: date) -> TrainingImage | None:
    """The image itself while it is available, else the one to change to, else None.

    That is the lowest version of the same framework above it that is still available for the same hardware; if there
    is none, the highest below; and if that framework has no image left, whichever image for the hardware is available
    longest, into which the trainer has to bring the framework as a requirement of its own.
    """
    if image.end_of_availability >= today:
        return image
    available = [i for i in _images() if i.hardware == image.hardware and i.end_of_availability >= today]
    same = [i for i in available if i.framework == image.framework]
    if not same:
        return max(available, key=lambda i: (i.end_of_availability, _numbers(i.python)), default=None)
    above = [i for i in same if _numbers(i.version) >= _numbers(image.version)]
    order = (min if above else max)(_numbers(i.version) for i in above or same)
    return max((i for i in same if _numbers(i.version) == order), key=lambda i: _numbers(i.python))


def runtime_pythons(runtime_version: str) -> tuple[str, ...]:
    """The values of `pythonVersion` that ML Engine took with a runtime version, newest first; empty if it is none."""
    numbers = _numbers(runtime_version)
    if len(numbers) != 2:
        return ()
    three = "3.7" if numbers >= (1, 15) else "3.5" if numbers >= (1, 4) else None
    two = "2.7" if numbers <= (1, 15) else None
    return tuple(version for version in (three, two) if version)


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _image_name(reference: str) -> str:
    return reference.partition("@")[0].partition(":")[0]


@cache
def _images() -> tuple[TrainingImage, ...]:
    return tuple(
        TrainingImage(
            framework=framework,
            version=version,
            python=python,
            hardware=_hardware(hardware),
            uri=uri,
            end_of_patches=date.fromisoformat(patches),
            end_of_availability=date.fromisoformat(availability),
        )
        for framework, version, python, hardware, uri, patches, availability in rows("training_images")
    )


def _hardware(word: str) -> Hardware:
    match word:
        case "cpu" | "gpu" | "tpu":
            return word
    raise ValueError(word)


@cache
def _by_name() -> dict[str, TrainingImage]:
    return {_image_name(image.uri.rpartition("/")[2]): image for image in _images()}
