"""Jobs that the programs ask for; the wheel is in the bucket before they start."""

from __future__ import annotations

import sysconfig
from typing import Any

BUCKET = "digits"
WHEEL = f"gs://{BUCKET}/trainer-1-py3-none-any.whl"
IMAGE = "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest"

TUNED = """
import json, os, sys
rate = dict(zip(sys.argv[1::2], sys.argv[2::2]))["--rate"]
path = os.environ["CLOUD_ML_HP_METRIC_FILE"]
os.makedirs(os.path.dirname(path), exist_ok=True)
open(path, "w").write(json.dumps({"trial": os.environ["CLOUD_ML_TRIAL_ID"], "accuracy": rate, "global_step": "1"}))
"""
STORING = f"""
from urllib.request import urlopen
from google.cloud import storage
bucket = storage.Client().bucket("{BUCKET}")
text = bucket.blob("for-trainer.txt").download_as_text()
assert urlopen("https://storage.googleapis.com/{BUCKET}/for-trainer.txt").read().decode() == text
bucket.blob("from-trainer.txt").upload_from_string(text.upper())
"""
LIBRARIES = {"PYTHONPATH": sysconfig.get_path("purelib")}
"""Leads a trainer to the libraries that the program itself has."""


def worker_pools(source: str, env: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """One machine that runs this source text."""
    variables = [{"name": name, "value": value} for name, value in (env or {}).items()]
    package = {"executor_image_uri": IMAGE, "package_uris": [WHEEL], "python_module": "trainer.task", "args": [source]}
    machine = {"machine_type": "n1-standard-4"}
    return [{"machine_spec": machine, "replica_count": 1, "python_package_spec": {**package, "env": variables}}]


def custom_job(name: str, source: str) -> dict[str, Any]:
    return {"display_name": name, "job_spec": {"worker_pool_specs": worker_pools(source)}}
