from __future__ import annotations

from dataclasses import replace

import pytest

from submit.backends import Backend, Feature, features, load
from submit.errors import Place
from submit.job import (
    Container,
    Goal,
    JobSpec,
    JsonObject,
    Machine,
    Metric,
    Parameter,
    ParameterKind,
    Pool,
    Role,
    Scheduling,
    Strategy,
    Study,
)

LOCAL: Backend = load("local")
CHIEF = Pool(role=Role.CHIEF, machine=Machine(machine_type="n1-standard-4"))


def spec(**more: object) -> JobSpec:
    return JobSpec(name="job", submission_id="0", display_name="job", **{"pools": (CHIEF,), **more})  # type: ignore[arg-type]


def test_what_a_job_asks_for_is_listed() -> None:
    gpu = Machine(machine_type="n1-standard-8", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=1)
    asked = spec(
        pools=(CHIEF, Pool(role=Role.WORKER, machine=gpu, replicas=2, program=Container(image="gcr.io/p/i"))),
        scheduling=Scheduling(strategy=Strategy.SPOT, priority=3),
        network="n",
    )
    assert set(features.used(asked)) == {
        Feature.MACHINE_TYPE,
        Feature.ACCELERATOR,
        Feature.CONTAINER,
        Feature.DISTRIBUTED,
        Feature.SPOT,
        Feature.PRIORITY,
        Feature.NETWORK,
    }


def test_what_the_backend_does_without_is_said() -> None:
    assert features.notes(spec(service_account="a@b"), LOCAL) == (
        "this machine stands in for the machines of the config",
        "the job runs as you",
    )
    assert features.refusals(spec(service_account="a@b"), LOCAL, "local") == ()


def test_what_the_backend_cannot_do_is_refused_with_its_reason() -> None:
    (error,) = features.refusals(spec(env={"TOKEN": "secret://projects/p/secrets/s"}), LOCAL, "local")
    assert str(error) == (
        "the `local` backend has no references to secrets (`secret://…`): "
        "this machine has no Secret Manager; name a variable of yours instead, as `env:NAME`"
    )


@pytest.mark.parametrize("cluster", ["slurm", "gridengine"])
def test_no_limit_is_forgotten_on_a_cluster(cluster: str) -> None:
    limits = Scheduling(max_wait_s=60, max_cost_usd=1, preempt_after_s=60)
    refused = "".join(map(str, features.refusals(spec(scheduling=limits), load(cluster), cluster)))
    asked = (Feature.MAX_WAIT, Feature.MAX_COST, Feature.REHEARSAL)
    assert [feature for feature in asked if feature not in refused] == []


STUDY = Study(
    metrics=(Metric(name="accuracy", goal=Goal.MAXIMIZE),),
    parameters=(Parameter(name="x", kind=ParameterKind.DOUBLE, minimum=0, maximum=1),),
)


@pytest.mark.parametrize("cluster", ["slurm", "gridengine"])
def test_what_a_study_on_a_cluster_does_without_is_said(cluster: str) -> None:
    asked = spec(study=replace(STUDY, early_stopping=True, max_failed_trials=2))
    assert features.refusals(asked, load(cluster), cluster) == ()
    notes = " ".join(features.notes(asked, load(cluster)))
    assert "searches at random" in notes
    assert "each trial runs to its end" in notes
    assert "all trials are run" in notes
    plain = spec(study=replace(STUDY, algorithm="RANDOM_SEARCH"))
    assert "random" not in " ".join(features.notes(plain, load(cluster)))


def test_trials_on_this_machine_run_to_their_end_and_it_is_said() -> None:
    assert "each trial runs to its end on this machine" in features.notes(
        spec(study=replace(STUDY, early_stopping=True)), LOCAL
    )


@pytest.mark.parametrize("backend", ["local", "slurm", "gridengine"])
def test_nothing_of_a_study_is_forgotten(backend: str) -> None:
    extras: JsonObject = {"observationNoise": "HIGH", "metrics": [], "medianAutomatedStoppingSpec": {}}
    asked = spec(study=replace(STUDY, extras=extras, resume_job="earlier"))
    said = [problem.message for problem in features.refusals(asked, load(backend), backend)]
    assert said[0].startswith(f"the `{backend}` backend has no resuming an earlier study")
    assert said[1:] == [
        f"`observationNoise` has no meaning on the `{backend}` backend",
        f"`safetyConfig` has no meaning on the `{backend}` backend",
    ]


def test_a_field_that_only_vertex_ai_knows_does_not_vanish() -> None:
    place = Place(file="c.yaml", line=9)
    asked = spec(
        pools=(Pool(role=Role.CHIEF, machine=CHIEF.machine, extras={"nfsMounts": []}),),
        places={"workerPoolSpecs[0].nfsMounts": place},
    )
    (error,) = features.refusals(asked, LOCAL, "local")
    assert str(error) == "c.yaml:9: `nfsMounts` has no meaning on the `local` backend"
