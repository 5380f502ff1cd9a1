"""What is found before a job is created, so that nothing is paid for a mistake."""

from __future__ import annotations

from tests.project import Finished, Project


def refused(project: Project, done: Finished) -> bool:
    """Whether the command left with 2 and without a traceback, and no job was created."""
    listed = project.submit("jobs", "list", "--format", "json")
    return (done.code, done.out, "Traceback" in done.err, listed.json) == (2, "", False, [])


def test_an_argument_that_the_trainer_does_not_take_is_shown_in_its_own_words(project: Project) -> None:
    project.trainer("print(options.arg)")
    done = project.submit("train", "--", "--learning-rate=0.1")
    assert refused(project, done)
    assert "error: `trainer.task` does not accept the argument `--learning-rate=0.1`" in done.err
    assert "usage: trainer [-h] [--job-dir JOB_DIR] [--arg ARG]" in done.err


def test_a_hyperparameter_that_the_trainer_does_not_take_is_found_before_the_first_trial(project: Project) -> None:
    project.trainer("print(options.arg)")
    project.write(
        "tuning.yaml",
        """
        trainingInput:
          hyperparameters:
            goal: MAXIMIZE
            maxTrials: 4
            hyperparameterMetricTag: accuracy
            params:
              - {parameterName: momentum, type: DOUBLE, minValue: 0.1, maxValue: 0.9}
        """,
    )
    done = project.submit("train", "--config", "tuning.yaml")
    assert refused(project, done)
    assert "--momentum" in done.err


def test_a_trainer_without_a_job_dir_is_told_how_to_take_one(project: Project) -> None:
    project.write("trainer/__init__.py", "")
    project.write("trainer/task.py", "import argparse\nargparse.ArgumentParser().parse_args()\n")
    done = project.submit("train")
    assert refused(project, done)
    assert "--job-dir" in done.err


def test_a_module_that_is_not_in_the_package_is_refused_with_the_nearest_one(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", "--module-name", "trainer.tsak")
    assert refused(project, done)
    assert "`trainer.task`" in done.err


def test_a_folder_that_is_not_there_is_refused(project: Project) -> None:
    done = project.submit("train", "--package-path", "missing")
    assert refused(project, done)
    assert "missing" in done.err


def test_a_secret_in_the_package_is_refused_and_not_shown(project: Project) -> None:
    project.trainer("pass")
    project.write("trainer/.env", "TOKEN=hunter2")
    done = project.submit("train")
    assert refused(project, done)
    assert "--allow-secrets" in done.err
    assert "hunter2" not in done.err


def test_all_problems_of_a_config_are_shown_with_their_lines(project: Project) -> None:
    project.trainer("pass")
    project.write("bad.yaml", "trainingInput:\n  scaleTeir: CUSTOM\n  workerCount: two\n")
    done = project.submit("train", "--config", "bad.yaml")
    assert refused(project, done)
    assert "bad.yaml:2:" in done.err
    assert "bad.yaml:3:" in done.err


def test_what_this_backend_cannot_do_is_refused_with_the_reason(project: Project) -> None:
    project.trainer("pass")
    nfs = "nfsMounts: [{server: 10.0.0.1, path: /x, mountPoint: y}]"
    project.write("config.yaml", f"workerPoolSpecs:\n- machineSpec: {{machineType: n1-standard-4}}\n  {nfs}\n")
    done = project.submit("train", "--config", "config.yaml")
    assert refused(project, done)
    assert "config.yaml:3:3: `nfsMounts` has no meaning on the `local` backend" in done.err


def test_a_name_that_is_taken_is_refused_by_the_engine(project: Project) -> None:
    project.trainer("pass")
    assert project.submit("train", "--job-name", "twice").code == 0
    done = project.submit("train", "--job-name", "twice")
    assert done.code == 3
    assert "there is a job `twice` already" in done.err
