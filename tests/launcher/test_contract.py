"""The variables and arguments that a trainer gets, to the letter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from submit import launcher

Task = dict[str, Any]
CLUSTER = {
    "workerpool0": ["127.0.0.1:4000"],
    "workerpool1": ["127.0.0.1:4001", "127.0.0.1:4002"],
    "workerpool2": ["127.0.0.1:4003"],
    "workerpool3": ["127.0.0.1:4004"],
}


def member(task: Task, replica: str, role: str) -> Task:
    index = int(replica.rpartition("-")[2])
    return {**task, "cluster": CLUSTER, "replica": replica, "role": role, "index": index}


def test_a_job_of_one_replica(task: Task) -> None:
    variables = launcher.contract({**task, "args": ["--arg=42"], "open_ports": [3333]}, "/buckets")

    spec = json.loads(variables.pop("CLUSTER_SPEC"))
    assert variables == {
        "CLOUD_ML_PROJECT_ID": "local",
        "CLOUD_ML_JOB_ID": "job1",
        "CLOUD_ML_REGION": "us-central1",
        "OMP_NUM_THREADS": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "40001",
        "RANK": "0",
        "WORLD_SIZE": "1",
        "PYTHONUNBUFFERED": "1",
        "GCS_ROOT": "/buckets",
    }
    assert spec == {
        "cluster": {"workerpool0": ["127.0.0.1:40001"]},
        "environment": "cloud",
        "task": {"type": "workerpool0", "index": 0},
        "job": '{"python_module": "trainer", "package_uris": [], "job_args": ["--arg=42"]}',
        "open_ports": [3333],
    }


def test_the_variables_of_a_parameter_server(task: Task) -> None:
    variables = launcher.contract(member(task, "workerpool2-0", "ps"), None)

    assert json.loads(variables["TF_CONFIG"]) == {
        "cluster": {
            "chief": ["127.0.0.1:4000"],
            "worker": ["127.0.0.1:4001", "127.0.0.1:4002"],
            "ps": ["127.0.0.1:4003"],
        },
        "environment": "cloud",
        "task": {"type": "ps", "index": 0, "cloud": "local"},
        "job": {"python_module": "trainer", "package_uris": [], "job_args": []},
    }
    assert json.loads(variables["CLUSTER_SPEC"])["cluster"] == CLUSTER
    assert "GCS_ROOT" not in variables


def test_an_evaluator_is_not_in_the_tensorflow_cluster(task: Task) -> None:
    config = json.loads(launcher.contract(member(task, "workerpool3-0", "evaluator"), None)["TF_CONFIG"])

    assert config["task"] == {"type": "evaluator", "index": 0, "cloud": "local"}
    assert list(config["cluster"]) == ["chief", "worker", "ps"]


@pytest.mark.parametrize(
    ("replica", "role", "name"), [("workerpool0-0", "chief", "master"), ("workerpool1-1", "worker", "worker")]
)
def test_ml_engine_calls_the_chief_master(task: Task, replica: str, role: str, name: str) -> None:
    legacy = {**member(task, replica, role), "use_chief": False}

    config = json.loads(launcher.contract(legacy, None)["TF_CONFIG"])

    assert list(config["cluster"]) == ["master", "worker", "ps"]
    assert config["task"]["type"] == name


@pytest.mark.parametrize(
    ("replica", "role", "rank"),
    [
        ("workerpool0-0", "chief", "0"),
        ("workerpool1-0", "worker", "1"),
        ("workerpool1-1", "worker", "2"),
        ("workerpool2-0", "ps", "3"),
        ("workerpool3-0", "evaluator", "4"),
    ],
)
def test_ranks_count_through_the_pools(task: Task, replica: str, role: str, rank: str) -> None:
    variables = launcher.contract(member(task, replica, role), None)

    names = ("MASTER_ADDR", "MASTER_PORT", "RANK", "WORLD_SIZE", "LOCAL_RANK")
    assert [variables[name] for name in names] == ["127.0.0.1", "4000", rank, "5", "0"]


def test_a_trial_has_folders_and_a_task_of_its_own(task: Task) -> None:
    trial = {
        **member(task, "workerpool0-0", "chief"),
        "trial": "3",
        "base_output_dir": "gs://b/out/",
        "job_dir": "gs://b/dir",
        "metric_file": "/tmp/metrics",
        "metric_tag": "accuracy",
        "hyperparameters": {"lr": "0.1", "units": 64},
        "args": ["--epochs", "2"],
    }

    variables = launcher.contract(trial, None)

    names = ("AIP_MODEL_DIR", "AIP_CHECKPOINT_DIR", "AIP_TENSORBOARD_LOG_DIR")
    assert [variables[name] for name in names] == [
        "gs://b/out/3/model/",
        "gs://b/out/3/checkpoints/",
        "gs://b/out/3/logs/",
    ]
    names = ("CLOUD_ML_TRIAL_ID", "CLOUD_ML_HP_METRIC_FILE", "CLOUD_ML_HP_METRIC_TAG")
    assert [variables[name] for name in names] == ["3", "/tmp/metrics", "accuracy"]
    assert json.loads(variables["CLUSTER_SPEC"])["task"] == {"type": "workerpool0", "index": 0, "trial": "3"}
    assert json.loads(variables["TF_CONFIG"])["task"]["trial"] == "3"
    assert launcher.program_args(trial) == [
        *["--epochs", "2"],
        *["--lr", "0.1"],
        *["--units", "64"],
        *["--job-dir", "gs://b/dir/3"],
    ]


def test_the_job_dir_is_last_and_as_it_was_written(task: Task) -> None:
    args = launcher.program_args({**task, "args": ["--job-dir=own"], "job_dir": "gs://b/dir/"})

    assert args == ["--job-dir=own", "--job-dir", "gs://b/dir/"]


def test_output_folders_outside_of_a_trial(task: Task) -> None:
    variables = launcher.contract({**task, "base_output_dir": "/out"}, None)

    assert variables["AIP_MODEL_DIR"] == "/out/model/"


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)/x", "1/x"),
        ("$(A)$(A)", "11"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$A ${A} $", "$A ${A} $"),
        ("$(A b)", "$(A b)"),
        ("", ""),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text: str, expanded: str) -> None:
    assert launcher.expand(text, {"A": "1"}) == expanded


def test_the_users_variables_win_and_see_those_before_them(task: Task) -> None:
    env = {"RANK": "7", "FIRST": "$(RANK)", "SECOND": "$(FIRST)$(THIRD)", "THIRD": "x"}

    variables = launcher.contract({**task, "env": env}, None)

    assert [variables[name] for name in env] == ["7", "7", "7$(THIRD)", "x"]


def test_the_trainers_environment_keeps_the_machine_and_drops_other_pythons() -> None:
    inherited = {
        "PATH": "/usr/bin",
        "HOME": "/h",
        "TMPDIR": "/t",
        "MASTER_KEY": "mine",
        "PYTHONPATH": "/x",
        "PYTHONHOME": "/x",
        "CONDA_PREFIX": "/x",
        "RANK": "9",
        "CLOUD_ML_JOB_ID": "other",
    }
    variables = {"A": "1", "PYTHONPATH": "/own"}

    environment = launcher.trainer_environment(inherited, variables, bin_folder="/env/bin", packages=["/p1", "/p2"])

    assert environment == {
        "PATH": "/env/bin:/usr/bin",
        "HOME": "/h",
        "TMPDIR": "/t",
        "MASTER_KEY": "mine",
        "A": "1",
        "PYTHONPATH": "/p1:/p2:/own",
    }


def test_a_container_has_no_values_on_its_command_line(task: Task, tmp_path: Path) -> None:
    image = {"image": "img:1", "command": ["python", "-m", "x"], "runtime": "/usr/bin/docker"}
    container = {
        **task,
        "container": image,
        "args": ["--a"],
        "hyperparameters": {"lr": "0.1"},
        "job_dir": str(tmp_path / "out"),
        "bucket_root": "/buckets",
        "metric_file": "/state/metrics/3",
        "memory_limit_bytes": 1000,
        "env": {"SECRET": "s3cret"},
        "log": "/state/log",
        "record": "/state/record",
    }

    argv = launcher.container_command(container, ["RANK", "SECRET"], "jobdir-job1")

    assert argv == [
        *["/usr/bin/docker", "run", "--rm", "--name", "jobdir-job1", "--label", "jobdir.job=job1"],
        *["--label", "jobdir.log=/state/log", "--label", "jobdir.record=/state/record"],
        *["--network", "host", "--init", "--memory", "1000"],
        *["--volume", "/buckets:/gcs", "--volume", f"{tmp_path}/out:{tmp_path}/out"],
        *["--volume", "/state/metrics:/state/metrics", "--env", "RANK", "--env", "SECRET"],
        *["--entrypoint", "python", "img:1", "-m", "x"],
        *["--a", "--lr", "0.1", "--job-dir", f"{tmp_path}/out"],
    ]


def test_a_container_without_a_command_runs_its_own_entry_point(task: Task) -> None:
    image = {"image": "img", "command": [], "runtime": "/bin/podman"}
    container = {**task, "container": image, "job_dir": "gs://b/x", "log": "/l", "record": "/r"}

    argv = launcher.container_command(container, [], "n")

    assert argv == [
        *["/bin/podman", "run", "--rm", "--name", "n", "--label", "jobdir.job=job1"],
        *["--label", "jobdir.log=/l", "--label", "jobdir.record=/r", "--network", "host", "img"],
        *["--job-dir", "gs://b/x"],
    ]
    assert (
        json.loads(launcher.contract(container, None)["CLUSTER_SPEC"])["job"] == '{"image_uri": "img", "job_args": []}'
    )


@pytest.mark.parametrize(
    ("change", "mentions"),
    [
        ({}, False),
        ({"job_dir": "gs://b/x"}, True),
        ({"base_output_dir": "gs://b"}, True),
        ({"args": ["--data=/gcs/b/x"]}, True),
        ({"hyperparameters": {"data": "gs://b"}}, True),
        ({"env": {"DATA": "gs://b"}}, True),
        ({"job_dir": "/out"}, False),
    ],
)
def test_buckets_are_only_mounted_for_who_speaks_of_them(task: Task, change: Task, mentions: bool) -> None:
    assert launcher.mentions_buckets({**task, **change}) is mentions
