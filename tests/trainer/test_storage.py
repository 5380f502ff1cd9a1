from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.trainer.object_store import serving
from tests.trainer.runs import PROJECT, environment, train
from tests.trainer.test_task import assert_error

SHORT = ("--job-dir", "gs://bucket/runs/1", "--epochs", "5", "--checkpoint-every", "1")


def test_a_bucket_that_is_a_folder_below_gcs_root_is_used_as_files(tmp_path: Path) -> None:
    bucket = tmp_path / "buckets/bucket"
    bucket.mkdir(parents=True)
    env = {"GCS_ROOT": str(bucket.parent)}
    ended = train(tmp_path, *SHORT, env=env)
    assert (ended.exit_code, ended.err) == (0, "")
    assert ended.last_line.endswith(f"model={bucket}/runs/1/model/model.npz")
    assert (bucket / "runs/1/model/model.npz").is_file()
    assert (bucket / "runs/1/metrics.json").is_file()
    assert "resuming from epoch 6 step=225" in train(tmp_path, *SHORT, env=env).out


def test_another_bucket_is_reached_through_googles_library(tmp_path: Path) -> None:
    with serving() as store:
        env = {"STORAGE_EMULATOR_HOST": store.url, "GCS_ROOT": str(tmp_path)}
        ended = train(tmp_path, *SHORT, env=env)
        # Google's library may leave a connection open at exit, of which Python then warns.
        assert (ended.exit_code, "Traceback" in ended.err, "ERROR" in ended.err) == (0, False, False)
        assert ended.last_line.endswith(" model=gs://bucket/runs/1/model/model.npz")
        assert [re.sub("-[0-9a-f]{8}.npz$", "", name) for name in sorted(store.objects)] == [
            "runs/1/checkpoints/step-00000135",
            "runs/1/checkpoints/step-00000180",
            "runs/1/checkpoints/step-00000225",
            "runs/1/metrics.json",
            "runs/1/model/model.npz",
        ]
        assert json.loads(store.objects["runs/1/metrics.json"])["epochs"] == 5
        assert "resuming from epoch 6 step=225" in train(tmp_path, *SHORT, env=env).out


def test_a_bucket_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with serving() as store:
        ended = train(tmp_path, "--job-dir", "gs://other/x", env={"STORAGE_EMULATOR_HOST": store.url})
    assert ended.exit_code == 1
    assert ended.err.startswith("ERROR:trainer:cannot list `gs://other/x/checkpoints/`: 404 GET")


def test_without_the_library_the_error_says_what_is_missing(tmp_path: Path) -> None:
    site = Path(np.__file__).parents[1]
    for package in site.glob("numpy*"):
        (tmp_path / package.name).symlink_to(package)
    env = environment({"GCS_ROOT": str(tmp_path), "PYTHONPATH": f"{tmp_path}:{PROJECT}"}, tmp_path)
    command = [sys.executable, "-S", "-m", "trainer.task", "--job-dir", "gs://bucket/x"]  # -S: no other packages
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert ended.returncode == 1
    missing = f"ERROR:trainer:gs://bucket cannot be used: there is no folder `{tmp_path}/bucket`, and "
    assert ended.stderr == missing + "google-cloud-storage is not installed; mount the bucket or install it\n"


def test_without_an_account_the_error_says_so(tmp_path: Path) -> None:
    ended = train(tmp_path, "--job-dir", "gs://bucket/x", env={"GCS_ROOT": str(tmp_path)})
    assert ended.exit_code == 1
    said = f"ERROR:trainer:gs://bucket cannot be used: there is no folder `{tmp_path}/bucket`, and "
    assert ended.err.startswith(said + "google-cloud-storage cannot sign in: Your default credentials were not found.")


def test_a_location_of_another_kind_is_an_error(tmp_path: Path) -> None:
    ended = train(tmp_path, "--job-dir", "s3://bucket/x")
    assert_error(ended, "`s3://bucket/x` is neither a folder nor gs://bucket/path")
