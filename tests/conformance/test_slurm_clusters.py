"""Replicas on several nodes of a real Slurm cluster find and reach each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from submit.job import State
from submit.testing.conformance import messages
from submit.testing.site import Site
from tests.clusters import slurm
from tests.clusters.configs import pools, section
from tests.clusters.trainers import MEETS, REACHES

pytestmark = pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing())

ROLES = """
workerPoolSpecs:
  - {machineSpec: {machineType: n1-standard-4}}
  - {machineSpec: {machineType: n1-standard-4}, replicaCount: 1}
  - {machineSpec: {machineType: n1-standard-4}, replicaCount: 1}
"""
GPUS = """
workerPoolSpecs:
  - machineSpec: {machineType: n1-standard-8, acceleratorType: NVIDIA_TESLA_T4, acceleratorCount: 2}
submit: {slurm: {gpu_type: h100, cpus: 2, memory: 1GiB}}
"""
FAILS = """
import os, sys, time
if os.environ["RANK"] == "1":
    sys.exit(9)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Slurm]:
    with slurm.running(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


def test_ranks_meet_at_the_master(site: Site) -> None:
    handle = site.submit(MEETS, config=pools(3))
    assert site.end(handle).state is State.SUCCEEDED
    assert messages(site.log(handle), "met ") == ["met 1 2 of 3"]


def test_roles_reach_each_other_and_end_with_the_chief(site: Site) -> None:
    handle = site.submit(REACHES, config=ROLES)
    status = site.end(handle)
    said = sorted(messages(site.log(handle), "reached "))
    assert status.state is State.SUCCEEDED, status
    assert [text.rpartition(" on ")[0] for text in said] == [
        f"reached 3 as {role} 0" for role in ("chief", "ps", "worker")
    ]
    assert len({text.rpartition(" on ")[2] for text in said}) == 3, "a node for each"


def test_a_replica_that_fails_ends_the_job(site: Site) -> None:
    status = site.end(site.submit(FAILS, config=pools(3)))
    assert (status.state, status.exit_code) == (State.FAILED, 9)


def test_gpus_are_given_by_type_and_number(site: Site) -> None:
    handle = site.submit("import os; print('gpus', os.environ['CUDA_VISIBLE_DEVICES'], flush=True)", config=GPUS)
    assert site.end(handle).state is State.SUCCEEDED
    assert messages(site.log(handle), "gpus ") == ["gpus 0,1"]


def test_variables_and_arguments_are_not_taken_for_shell(site: Site) -> None:
    source = "import json, os, sys; print('got', json.dumps([os.environ['A'], sys.argv[1:]]), flush=True)"
    text = "a '$(id)' \"b\" `id` \\ ; é\n"
    handle = site.submit(source, config=pools() + section("env", A=text))
    assert site.end(handle).state is State.SUCCEEDED
    (said,) = messages(site.log(handle), "got ")
    assert json.loads(said.removeprefix("got "))[0] == text


def test_a_job_without_a_job_dir_has_one_that_outlives_it(site: Site) -> None:
    source = "import os, sys; os.makedirs(sys.argv[-1]); open(sys.argv[-1] + '/model', 'w').close()"
    prepared = site.prepared(source)
    handle = site.create(replace(prepared, spec=replace(prepared.spec, job_dir=None)))
    status = site.end(handle)
    assert status.state is State.SUCCEEDED
    model = Path(status.job_dir or "") / "model"
    assert model == Path(site.around.environ["HOME"]) / ".jobdir" / "output" / handle.path / "model"
    site.delete(handle)
    assert model.exists()
