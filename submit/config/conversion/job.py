"""`trainingInput` → `CustomJobSpec`."""

from __future__ import annotations

from datetime import date

from submit.config.conversion.notes import Notes
from submit.config.conversion.pools import worker_pools
from submit.config.draft import Draft
from submit.config.ml_engine import INPUT
from submit.job import JsonObject


def custom_job_spec(draft: Draft, section: tuple[str, ...], notes: Notes, today: date) -> JsonObject:
    """The spec; what only a `CustomJob` around it could say goes to the command line."""
    config = draft.config
    spec = job_spec(draft, section, notes, today, at="")
    if config.labels:
        pairs = ",".join(f"{key}={value}" for key, value in config.labels.items())
        notes.removed("labels", "passed as `--labels`", "a CustomJobSpec has no labels", f"--labels {pairs}")
    if config.kms_key:
        path = f"{INPUT}.encryptionConfig.kmsKeyName"
        notes.removed(path, f"pass `--kms-key {config.kms_key}` to gcloud", "a CustomJobSpec has no key")
    return spec


def job_spec(draft: Draft, section: tuple[str, ...], notes: Notes, today: date, at: str) -> JsonObject:
    """What one job or one trial runs; `at` is the path of the spec in the result, with a dot at its end."""
    config = draft.config
    spec: JsonObject = {"workerPoolSpecs": [*worker_pools(draft, notes, today, f"{at}workerPoolSpecs")]}
    _scheduling(draft, spec, notes, at)
    _job_dir(draft, spec, section, notes, at)
    for key, value in (("network", config.network), ("serviceAccount", config.service_account)):
        if value:
            spec[key] = value
    if config.web_access:
        spec["enableWebAccess"] = True
    _without_a_place(draft, notes)
    return spec


def _job_dir(draft: Draft, spec: JsonObject, section: tuple[str, ...], notes: Notes, at: str) -> None:
    """The worker pools have it among their arguments already."""
    folder = draft.config.job_dir
    if folder is None:
        return
    what = "is an argument of the trainer"
    why = "Vertex AI does not pass `--job-dir` itself; arguments on the command line replace it"
    if folder.startswith("gs://") and "base_output_dir" not in section:
        spec["baseOutputDirectory"] = {"outputUriPrefix": folder}
        notes.changed(f"{INPUT}.jobDir", f"is baseOutputDirectory, and {what[3:]}", why, f"{at}baseOutputDirectory")
    else:
        notes.changed(f"{INPUT}.jobDir", what, why, f"{at}workerPoolSpecs")


def _scheduling(draft: Draft, spec: JsonObject, notes: Notes, at: str) -> None:
    scheduling, path = draft.config.scheduling, f"{INPUT}.scheduling"
    if scheduling.timeout_s is not None:
        spec["scheduling"] = {"timeout": f"{scheduling.timeout_s:.9f}".rstrip("0").rstrip(".") + "s"}
        why = "that is its name on Vertex AI"
        notes.changed(f"{path}.maxRunningTime", "is scheduling.timeout", why, f"{at}scheduling")
    if scheduling.max_wait_s is not None:
        why = "on Vertex AI only the strategy FLEX_START waits for machines for a given time"
        notes.removed(f"{path}.maxWaitTime", "left out", why)
    if scheduling.priority is not None:
        notes.removed(f"{path}.priority", "left out", "Vertex AI has no priorities")


def _without_a_place(draft: Draft, notes: Notes) -> None:
    config = draft.config
    if config.region:
        why = "on Vertex AI it is part of the address, not of the job"
        notes.removed(f"{INPUT}.region", "passed as `--region`", why, f"--region {config.region}")
    if config.use_chief_in_tf_config is False:
        why = "on Vertex AI the first replica is always `chief` in TF_CONFIG, never `master`"
        notes.removed(f"{INPUT}.useChiefInTfConfig", "left out", why)
    if config.python_version:
        notes.removed(f"{INPUT}.pythonVersion", "left out", "on Vertex AI the training image decides the Python")
