"""The prebuilt image that a Python package runs in.

https://cloud.google.com/vertex-ai/docs/training/pre-built-containers
"""

from __future__ import annotations

from submit import catalogue
from submit.catalogue import TrainingImage
from submit.job import JobSpec, Machine, Pool, PythonModule


def image_for(pool: Pool, spec: JobSpec) -> str:
    """The image that the config names; else the one that continues its runtime version, or TensorFlow's newest.

    One that Google has taken away gives way to the nearest that is there; if there is none, as for TPUs, it is named
    all the same, as `submit convert` does: the config's own check has warned of it, and the service decides.
    """
    if isinstance(pool.program, PythonModule) and pool.program.image:
        return pool.program.image
    start = _start(pool.machine, spec)
    found = catalogue.nearest_in_date(start, spec.today) if spec.today else None
    return (found or start).uri


def _start(machine: Machine, spec: JobSpec) -> TrainingImage:
    hardware = _hardware(machine)
    images = [image for image in catalogue.training_images("tensorflow") if image.hardware == hardware]
    if spec.runtime_version is None:
        return images[0]
    exact = catalogue.image_for_runtime(
        spec.runtime_version, gpu=hardware == "gpu", tpu=hardware == "tpu", python=spec.python_version
    )
    return exact or images[-1]


def _hardware(machine: Machine) -> str:
    accelerator = machine.accelerator_type or ""
    known = catalogue.machine(machine.machine_type)
    if accelerator.startswith("TPU") or machine.tpu_topology or (known and known.tpu):
        return "tpu"
    return "gpu" if accelerator else "cpu"
