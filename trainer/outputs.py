"""Where the results go: below the job dir, or where the service says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainer.checkpoint import Checkpoints
from trainer.folder import Folder
from trainer.storage import below, open_folder

if TYPE_CHECKING:
    from trainer.arguments import Arguments

DEFAULT_JOB_DIR = "output"


@dataclass(frozen=True)
class Outputs:
    job_dir: Folder
    model: Folder
    checkpoints: Checkpoints


def open_outputs(arguments: Arguments, environ: Mapping[str, str]) -> Outputs:
    """`AIP_MODEL_DIR` and `AIP_CHECKPOINT_DIR` win for what they name; without a job dir, the first one's parent is it.

    https://cloud.google.com/vertex-ai/docs/training/code-requirements#environment-variables
    """
    service_model = environ.get("AIP_MODEL_DIR", "").rstrip("/")
    job_dir = arguments.job_dir or service_model.rpartition("/")[0] or DEFAULT_JOB_DIR
    checkpoints = environ.get("AIP_CHECKPOINT_DIR") or below(job_dir, "checkpoints")
    return Outputs(
        job_dir=open_folder(job_dir, environ),
        model=open_folder(service_model or below(job_dir, "model"), environ),
        checkpoints=Checkpoints(open_folder(checkpoints, environ), arguments.hyperparameters),
    )
