"""Limits that a user sets, as a user meets them."""

from __future__ import annotations

from submit import catalogue
from submit.job import Machine
from tests.project import Project

VERTEX = ("--backend", "vertex", "--project", "p", "--dry-run", "--format", "json")


def test_a_limit_of_costs_is_a_time_out_by_the_list_price(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", *VERTEX, "--max-cost", "20usd")
    assert done.code == 0, done.err
    timeout = done.json[-1]["request"]["customJob"]["jobSpec"]["scheduling"]["timeout"]
    hourly = catalogue.hourly_price(Machine(machine_type="n1-standard-4"), "us-central1", spot=False)
    assert hourly is not None
    assert int(timeout.removesuffix("s")) == int(20 / round(hourly, 4) * 3600)
    assert "limit     $20.00 by the list price: the job is ended after" in done.err


def test_a_limit_that_pays_for_nothing_is_refused_before_anything_is_sent(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", *VERTEX, "--max-cost", "0.001usd")
    assert done.code == 2
    done = project.submit("train", *VERTEX, "--max-cost", "0.00usd")
    assert done.code == 2
    assert "$0.00 pay for 0 s of machines" in done.err


def test_a_cluster_of_ones_own_has_no_prices(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", "--backend", "slurm", "--dry-run", "--max-cost", "20usd")
    assert done.code == 2
    assert "the `slurm` backend has no limit of costs: a cluster of your own has no list price" in done.err
    assert "Vertex" not in done.err


def test_an_amount_without_its_currency_is_shown_with_its_flag(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", *VERTEX, "--max-cost", "20")
    assert done.code == 2
    assert "--max-cost 20: " in done.err


def test_silence_is_refused_where_the_service_does_not_watch(project: Project) -> None:
    project.trainer("pass")
    done = project.submit("train", *VERTEX, "--max-silence", "10m")
    assert done.code == 2
    assert "the service does not watch what a job writes" in done.err


def test_a_job_that_runs_too_long_is_ended(project: Project) -> None:
    project.trainer("time.sleep(600)")
    done = project.submit("train", "--max-run-time", "1s")
    assert done.code == 1
    assert "time-out" in done.err


def test_a_rehearsed_preemption_is_survived_from_the_job_dir(project: Project) -> None:
    project.trainer(
        """
        mark = pathlib.Path(options.job_dir) / "mark"
        mark.parent.mkdir(parents=True, exist_ok=True)
        if mark.exists():
            print("resumed")
        else:
            mark.touch()
            time.sleep(600)
        """
    )
    done = project.submit("train", "--preempt-after", "0.5s")
    assert done.code == 0, done.err
    assert "resumed" in done.out
    assert "The job was preempted and is restarted on other machines" in done.out


def test_a_job_is_started_again_as_its_config_says(project: Project) -> None:
    project.trainer(
        """
        mark = pathlib.Path(options.job_dir) / "mark"
        mark.parent.mkdir(parents=True, exist_ok=True)
        code = 0 if mark.exists() else 7
        mark.touch()
        sys.exit(code)
        """
    )
    project.write("c.yaml", "submit: {retries: 1, retry_on: [{exit_codes: [7]}], backoff: 0s}\n")
    done = project.submit("train", "-c", "c.yaml")
    assert done.code == 0, done.err
    assert "The job ended by exit code 7 and is started again in 0 s (1 of 1)." in done.out
