"""`google-cloud-aiplatform`, the SDK."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import aiplatform
from google.cloud.aiplatform import hyperparameter_tuning as tuning

from tests.emulator.clients.programs.jobs import BUCKET, IMAGE, LIBRARIES, STORING, TUNED, WHEEL, worker_pools

aiplatform.init(location="us-central1", staging_bucket=f"gs://{BUCKET}")


def submit(name: str, source: str, env: dict[str, str] | None = None) -> Any:
    job = aiplatform.CustomJob(display_name=name, worker_pool_specs=worker_pools(source, env))
    job.submit()
    return job


def tune() -> Any:
    job = aiplatform.HyperparameterTuningJob(
        display_name="tuned",
        custom_job=aiplatform.CustomJob(display_name="trial", worker_pool_specs=worker_pools(TUNED)),
        metric_spec={"accuracy": "maximize"},
        parameter_spec={"rate": tuning.DoubleParameterSpec(min=0.25, max=0.5, scale="linear")},
        max_trial_count=2,
        parallel_trial_count=2,
    )
    job.run(sync=False)
    return job


def run_script() -> Any:
    Path("script.py").write_text("print('the script ran')")
    job = aiplatform.CustomJob.from_local_script(display_name="script", script_path="script.py", container_uri=IMAGE)
    job.run(sync=False)
    return job


def run_package() -> Any:
    job = aiplatform.CustomPythonPackageTrainingJob(
        display_name="package", python_package_gcs_uri=WHEEL, python_module_name="trainer.task", container_uri=IMAGE
    )
    job.run(args=["print('the package ran')"], machine_type="n1-standard-4", replica_count=1, sync=False)
    return job


def ended(job: Any) -> str:
    while not (state := job.state.name).endswith(("SUCCEEDED", "FAILED", "CANCELLED")):
        time.sleep(0.1)
    return str(state)


def exists(name: str) -> bool:
    try:
        aiplatform.CustomJob.get(name)
    except NotFound:
        return False
    return True


sleeping = submit("cancelled", "import time; time.sleep(300)")
failing = submit("failed", "raise SystemExit(3)")
storing = submit("stored", STORING, LIBRARIES)
script, package, tuned = run_script(), run_package(), tune()
sleeping.cancel()
states = {job.display_name: ended(job) for job in (sleeping, failing, storing)}
for job in (script, package, tuned):
    job.wait()
    states[job.display_name] = job.state.name
storing.delete()
listed = sorted(job.display_name for job in aiplatform.CustomJob.list(filter='state!="JOB_STATE_RUNNING"'))
deleted = not exists(storing.resource_name)
aiplatform.init(location="us-central1", api_transport="grpc")
seen = {
    "states": states,
    "error": failing.error.message,
    "trials": [trial.final_measurement.metrics[0].value for trial in tuned.trials],
    "listed": listed,
    "listed over gRPC": sorted(job.display_name for job in aiplatform.CustomJob.list()),
    "deleted": deleted,
    "project": aiplatform.initializer.global_config.project,
}
print(json.dumps(seen))
