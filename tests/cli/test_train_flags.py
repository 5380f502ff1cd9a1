"""What somebody types who has the flags of ML Engine's client in the fingers."""

from __future__ import annotations

import json

import pytest

from tests.project import Finished, Project


def created(done: Finished) -> dict[str, object]:
    """The request of a dry run."""
    assert done.code == 0, done.err
    request: dict[str, object] = done.json[-1]["request"]
    return request


def test_the_trainers_arguments_arrive_as_they_were_typed(project: Project) -> None:
    project.trainer("pass")
    words = ["--x", "a b", "", "--", "--y", "q\"'$z\\", "new\nline", "☃", "--help", "-c"]
    request = created(project.submit("train", "--dry-run", "--format", "json", "--", *words))
    assert request["pools"][0]["args"] == words  # type: ignore[index]


def test_a_word_before_the_dashes_is_not_passed_on_to_the_trainer(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", "my_job", "--dry-run", "--", "--arg=1")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: `my_job` is not an option: a job is named by `--job-name`")


def test_flags_of_ml_engine_are_keys_of_its_config(project: Project) -> None:
    project.trainer("pass")
    flags = ["--scale-tier", "basic-gpu", "--runtime-version", "2.10", "--python-version", "3.7"]
    done = project.submit("train", "--dry-run", *flags)
    assert done.code == 0
    assert "n1-standard-8 + 1 NVIDIA_TESLA_K80, `standard_gpu`" in done.err
    assert "warning: --runtime-version 2.10: " in done.err


def test_a_flag_wins_over_what_the_config_says_in_its_own_words(project: Project) -> None:
    project.trainer("pass")
    config = """
        trainingInput:
          region: us-central1
          jobDir: gs://bucket/config
          scheduling: {maxRunningTime: 60s}
    """
    path = str(project.write("config.yaml", config))
    flags = ["--region", "us-east1", "--job-dir", "gs://bucket/flag", "--max-run-time", "2h"]
    request = created(project.submit("train", "--config", path, "--dry-run", "--format", "json", *flags))
    assert [request[key] for key in ("region", "job_dir", "timeout_s")] == ["us-east1", "gs://bucket/flag", 7200.0]


def test_a_flag_of_ml_engine_does_not_go_with_a_config_of_vertex(project: Project) -> None:
    project.trainer("pass")
    path = str(project.write("config.yaml", "workerPoolSpecs: [{machineSpec: {machineType: n1-standard-4}}]\n"))
    done = project.submit("train", "--config", path, "--dry-run", "--runtime-version", "2.11")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "error: --runtime-version 2.11: `trainingInput` belongs to another format than `workerPoolSpecs`"
    )


def test_the_price_says_for_which_machines_it_is_if_the_written_ones_are_gone(project: Project) -> None:
    project.trainer("pass")
    gone = project.submit("train", "--dry-run", "--scale-tier", "basic-gpu").err
    assert "at least $0.73 an hour on Vertex AI in us-central1 for 1 × n1-standard-8 + 1 NVIDIA_TESLA_T4" in gone
    there = project.submit("train", "--dry-run").err
    assert "at least $0.19 an hour on Vertex AI in us-central1, free on this machine" in there
    cloud = ("--project", "my-project", "--region", "us-central1", "--staging-bucket", "gs://bucket")
    old = project.submit("train", "--dry-run", "--backend", "mlengine", *cloud).err
    assert "an hour on Vertex AI in us-central1; what ML Engine itself asks is not known" in old


@pytest.mark.parametrize("backend", ["slurm", "gridengine"])
def test_machines_of_a_cluster_have_no_price(project: Project, backend: str) -> None:
    project.trainer("pass")
    done = project.submit("train", "--dry-run", "--backend", backend)
    assert (done.code, "machines " in done.err, "price " in done.err) == (0, True, False)


def test_what_is_wrong_with_flags_is_told_together_and_with_the_flag(project: Project) -> None:
    project.trainer("pass")
    done = project.submit(
        *("train", "--labels", "team=VISION", "--env", "A-B=1", "--region", "mars-1"),
        *("--scale-tier", "basik", "--job-dir", "gs://x"),
    )
    assert (done.code, done.out) == (2, "")
    assert [line for line in done.err.splitlines() if line.startswith("error: ")] == [
        "error: --env A-B=1: `A-B` cannot be an environment variable",
        "error: --job-dir gs://x: `gs://x` is not a folder, like `gs://bucket/folder` or a path",
        "error: --labels team=VISION: `VISION` cannot be the value of a label",
        "error: --region mars-1: `mars-1` is not a region of Vertex AI",
        "error: --scale-tier basik: `BASIK` is not a scaleTier",
    ]


def test_a_variable_of_the_command_line_wins_over_the_config(project: Project) -> None:
    project.trainer("pass")
    project.write("c.yaml", "submit:\n  env: {A: config, B: config}\n")
    project.write("pyproject.toml", '[tool.submit]\nenv = {B = "project", C = "project"}\n')
    done = project.submit("train", "-c", "c.yaml", "--env", "A=b=c,d", "--dry-run", "--format", "json")
    assert created(done)["pools"][0]["env"] == {"A": "b=c,d", "B": "config", "C": "project"}  # type: ignore[index]


@pytest.mark.parametrize(
    "flag",
    ["--config", "--job-dir", "--job-name", "--region", "--staging-bucket", "--package-path", "--module-name"],
)
def test_a_flag_without_a_value_is_not_as_good_as_none(project: Project, flag: str) -> None:
    project.trainer("pass")
    done = project.submit("train", "--dry-run", flag, "")
    assert (done.code, done.out) == (2, "")
    assert "it is empty" in done.err


def test_every_default_of_the_project_has_an_effect(project: Project) -> None:
    project.write("digits/__init__.py", "")
    project.write("digits/learn.py", "")
    project.write("machines.yaml", "trainingInput:\n  scaleTier: BASIC\n  args: [--from-config]\n")
    project.write(
        "pyproject.toml",
        """
        [tool.submit]
        backend = "local"
        region = "europe-west4"
        project = "mine"
        staging-bucket = "gs://staged/here"
        labels = {team = "vision"}
        env = {A = "1"}
        config = "machines.yaml"
        package-path = "digits"
        module-name = "digits.learn"
        job-dir = "gs://written/there"
        """,
    )
    upload, call = project.submit("train", "--dry-run", "--format", "json").json
    request = call["request"]
    assert "/buckets/staged/here/" in upload["to"]
    assert (request["region"], request["project"], request["labels"]) == ("europe-west4", "mine", {"team": "vision"})
    assert request["job_dir"] == "gs://written/there"
    (pool,) = request["pools"]
    assert (pool["module"], pool["args"], pool["env"]) == ("digits.learn", ["--from-config"], {"A": "1"})
    refused = project.submit("train", "--dry-run", env={"SUBMIT_BACKEND": "moon"})
    assert refused.err.startswith("error: `moon` is not a backend")


def test_async_prints_the_handle_and_nothing_else(project: Project) -> None:
    project.trainer("pass")
    assert project.submit("train", "--async", "--job-name", "one").out == "local://one\n"
    as_json = project.submit("train", "--async", "--job-name", "two", "--format", "json")
    assert json.loads(as_json.out) == {"handle": "local://two"}


def test_an_empty_folder_is_told_what_a_job_needs(project: Project) -> None:
    done = project.submit("train")
    assert done.code == 2
    assert done.err.startswith("error: there is no folder `trainer` in ")
    assert "`--package-path my_trainer`" in done.err

    project.write("digits/__init__.py", "")
    assert "`--package-path digits`" in project.submit("train").err
    project.write("__init__.py", "")
    assert "`--package-path .`" in project.submit("train").err


def test_help_shows_the_options_in_sections(project: Project) -> None:
    text = project.submit("train", "--help").out
    titles = ["What runs:", "Where it runs:", "As ML Engine users know it:", "The job:", "Checks:", "Other options:"]
    assert [line for line in text.splitlines() if line in titles] == titles
    assert text.startswith("Usage: submit train [OPTIONS] [-- TRAINER_ARGS...]\n")


def test_a_module_that_is_not_in_the_archive_is_found_in_a_dry_run_too(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", "--module-name", "trainer.tsk", "--dry-run")
    assert (done.code, done.out) == (2, "")
    assert "`trainer.task`" in done.err
    assert project.submit("train", "--module-name", "trainer.tsk", "--dry-run", "--no-preflight").code == 0


def test_a_package_in_a_bucket_has_its_place_in_the_config(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", "--packages", "a.whl,gs://bucket/b.whl", "--dry-run")
    assert done.code == 2
    assert done.err.startswith("error: --packages: `gs://bucket/b.whl` is in a bucket, not on this machine\n")
    assert "`packageUris`" in done.err
