"""Training images: Google takes them away some time after their framework's end.

https://cloud.google.com/vertex-ai/docs/supported-frameworks-list
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from submit import catalogue
from submit.catalogue import TrainingImage
from submit.config.draft import Draft
from submit.config.rules.machines import is_tpu
from submit.errors import Problem
from submit.job import Machine, PythonModule


def in_date(draft: Draft, today: date) -> Iterator[Problem]:
    yield from _runtime_version(draft, today)
    for pool, paths in draft.pools():
        image = catalogue.training_image(pool.program.image or "")
        if image and image.end_of_availability < today:
            yield draft.warning(
                paths.image, f"this image ended on {image.end_of_availability}", _instead(image, image, today)
            )


def _runtime_version(draft: Draft, today: date) -> Iterator[Problem]:
    """The image that continues ML Engine's runtime version, if the job needs one."""
    version, path = draft.config.runtime_version, "trainingInput.runtimeVersion"
    modules = [pool for pool in draft.config.pools if isinstance(pool.program, PythonModule)]
    if version is None or not catalogue.runtime_pythons(version) or not modules:
        return
    exact = runtime_image(version, modules[0].machine)
    oldest = oldest_image(modules[0].machine)
    if exact is None:
        message = f"runtime version {version} has no image on Vertex AI"
        yield draft.warning(path, message, _instead(oldest, None, today))
    elif exact.end_of_availability < today:
        message = f"the image of runtime version {version} ended on {exact.end_of_availability}"
        yield draft.warning(path, message, _instead(exact, exact, today))


def _instead(start: TrainingImage, own: TrainingImage | None, today: date) -> str:
    found = catalogue.nearest_in_date(start, today)
    if found is None:
        return "There is none in date for this hardware."
    bring = f"; bring {start.framework} as a requirement" if found.framework != start.framework else ""
    return f"The nearest in date is `{found.uri}`{bring}." if found != own else ""


def runtime_image(version: str, machine: Machine) -> TrainingImage | None:
    """The image of a runtime version for a machine."""
    tpu = _has_tpu(machine)
    return catalogue.image_for_runtime(version, gpu=bool(machine.accelerator_type) and not tpu, tpu=tpu)


def oldest_image(machine: Machine) -> TrainingImage:
    """The TensorFlow image of the lowest version for a machine's hardware."""
    return _images_for(machine)[-1]


def newest_image(machine: Machine) -> TrainingImage:
    """The TensorFlow image of the highest version for a machine's hardware."""
    return _images_for(machine)[0]


def _images_for(machine: Machine) -> list[TrainingImage]:
    hardware = "tpu" if _has_tpu(machine) else "gpu" if machine.accelerator_type else "cpu"
    return [image for image in catalogue.training_images("tensorflow") if image.hardware == hardware]


def _has_tpu(machine: Machine) -> bool:
    return is_tpu(machine) or (machine.accelerator_type or "").startswith("TPU")
