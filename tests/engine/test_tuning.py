"""Studies: a trial for each suggestion, compared by the metric that the trainer reports as `cloudml-hypertune` does."""

from __future__ import annotations

import pytest

from submit.errors import ServiceError
from tests.engine.site import Site

QUADRATIC = """
import argparse, json, os, time
parser = argparse.ArgumentParser()
parser.add_argument('--x', type=float); parser.add_argument('--job-dir')
options = parser.parse_args()
with open(os.environ['CLOUD_ML_HP_METRIC_FILE'], 'w') as file:
    for value in (99.0, (options.x - 3) ** 2):
        json.dump({'timestamp': time.time(), 'trial': os.environ['CLOUD_ML_TRIAL_ID'],
                   os.environ['CLOUD_ML_HP_METRIC_TAG']: str(value), 'global_step': '1', 'checkpoint_path': ''}, file)
        file.write(chr(10))
print(options.job_dir)
"""
GRID = {
    "metrics": [{"name": "loss", "goal": "MINIMIZE"}],
    "parameters": [{"name": "x", "kind": "INTEGER", "minimum": 1, "maximum": 4, "values": [], "scale": "NONE"}],
    "max_trials": 10,
    "parallel_trials": 2,
    "max_failed_trials": 0,
    "algorithm": "GRID_SEARCH",
}


def test_a_grid_search_finds_the_minimum(site: Site) -> None:
    job = site.run("grid", QUADRATIC, study=GRID, job_dir="/tmp/out")
    assert job["state"] == "SUCCEEDED"
    assert [(t["id"], t["state"], t["parameters"], t["metrics"]) for t in job["trials"]] == [
        ("3", "SUCCEEDED", {"x": "3"}, {"loss": 0.0}),
        ("2", "SUCCEEDED", {"x": "2"}, {"loss": 1.0}),
        ("4", "SUCCEEDED", {"x": "4"}, {"loss": 1.0}),
        ("1", "SUCCEEDED", {"x": "1"}, {"loss": 4.0}),
    ]
    printed = {entry["trial"]: entry["message"] for entry in site.log("grid") if entry["stream"]}
    assert printed == {n: f"/tmp/out/{n}" for n in "1234"}
    assert len({entry["id"] for entry in site.log("grid")}) == len(site.log("grid"))


def test_a_random_search_stays_in_its_range(site: Site) -> None:
    x = {"name": "x", "kind": "DOUBLE", "minimum": 2.5, "maximum": 3.5, "scale": "UNIT_LINEAR_SCALE"}
    job = site.run("random", QUADRATIC, study={**GRID, "parameters": [x], "max_trials": 3, "algorithm": None})
    values = [float(trial["parameters"]["x"]) for trial in job["trials"]]
    assert len(set(values)) == 3
    assert "There is no Bayesian optimiser on this machine: the study searches at random." in site.messages("random")
    assert all(2.5 <= value <= 3.5 for value in values)
    assert [abs(value - 3) for value in values] == sorted(abs(value - 3) for value in values)


def test_failed_trials_do_not_fail_a_study_that_has_a_result(site: Site) -> None:
    source = "import sys\nif '2' in sys.argv or '3' in sys.argv: sys.exit(7)\n" + QUADRATIC
    job = site.run("some", source, study=GRID)
    assert job["state"] == "SUCCEEDED"
    assert [(trial["id"], trial["state"]) for trial in job["trials"]] == [
        ("4", "SUCCEEDED"),
        ("1", "SUCCEEDED"),
        ("2", "INFEASIBLE"),
        ("3", "INFEASIBLE"),
    ]
    assert job["trials"][2]["message"].startswith("The replica workerpool0-0 exited with a non-zero status of 7.")


def test_a_study_ends_when_its_first_trials_all_fail(site: Site) -> None:
    job = site.run("hopeless", "import sys; sys.exit(7)", study={**GRID, "parallel_trials": 1})
    assert (job["state"], job["cause"], job["exit_code"], len(job["trials"])) == ("FAILED", "exit code", 7, 3)
    assert job["message"].startswith("3 trials failed, the last so: The replica workerpool0-0 exited")


def test_a_study_ends_at_its_limit_of_failures(site: Site) -> None:
    job = site.run("limited", "import sys; sys.exit(7)", study={**GRID, "parallel_trials": 1, "max_failed_trials": 2})
    assert (job["state"], len(job["trials"])) == ("FAILED", 2)


def test_a_trial_that_reports_nothing_is_infeasible(site: Site) -> None:
    job = site.run("silent", "print('trained')", study={**GRID, "max_trials": 1})
    assert job["state"] == "FAILED"
    assert job["trials"][0]["message"] == "The trainer reported no value of `loss`."


def test_cancelling_a_study_ends_its_trials_and_starts_no_other(site: Site) -> None:
    site.create("unwanted", "import time; print('up'); time.sleep(60)", study=GRID)
    site.wait_for_output("unwanted", "up")
    site.engine.cancel("unwanted")
    job = site.wait("unwanted")
    assert job["state"] == "CANCELLED"
    assert [trial["state"] for trial in job["trials"]] == ["INFEASIBLE", "INFEASIBLE"]


def test_a_grid_over_a_continuous_parameter_is_refused(site: Site) -> None:
    x = {"name": "x", "kind": "DOUBLE", "minimum": 0.0, "maximum": 1.0}
    with pytest.raises(ServiceError, match=r"GRID_SEARCH takes INTEGER, CATEGORICAL and DISCRETE .* `x` is DOUBLE"):
        site.create("continuous", study={**GRID, "parameters": [x]})
