from __future__ import annotations

import json

import pytest

from trainer.cluster import Cluster, from_environ
from trainer.errors import TrainerError

POOLS = {"workerpool0": ["a:2222"], "workerpool1": ["b:2222", "c:2222"], "workerpool2": ["d:2222"]}
ROLES = {"chief": ["a:2222"], "worker": ["b:2222", "c:2222"], "ps": ["d:2222"]}


def spec(cluster: object, kind: str, index: object = 0) -> str:
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}, "environment": "cloud"})


def test_without_a_cluster_the_process_is_the_chief_of_nobody() -> None:
    assert from_environ({}) == Cluster("chief", 0, "", 0)


@pytest.mark.parametrize(
    ("kind", "role"),
    [("workerpool0", "chief"), ("workerpool1", "worker"), ("workerpool2", "ps"), ("workerpool3", "evaluator")],
)
def test_vertex_ais_pools_are_roles(kind: str, role: str) -> None:
    assert from_environ({"CLUSTER_SPEC": spec(POOLS, kind)}) == Cluster(role, 0, "a:2222", 2)


@pytest.mark.parametrize("kind", ["chief", "worker", "ps", "evaluator"])
def test_tf_config_says_the_same(kind: str) -> None:
    assert from_environ({"TF_CONFIG": spec(ROLES, kind)}) == Cluster(kind, 0, "a:2222", 2)


def test_ml_engine_called_the_chief_master() -> None:
    assert from_environ({"TF_CONFIG": spec({"master": ["a:2222"]}, "master")}) == Cluster("chief", 0, "a:2222", 0)


def test_where_no_chief_is_named_the_first_worker_is_it() -> None:
    cluster = {"worker": ["a:2222", "b:2222"]}
    assert from_environ({"TF_CONFIG": spec(cluster, "worker", 0)}) == Cluster("chief", 0, "a:2222", 1)
    assert from_environ({"TF_CONFIG": spec(cluster, "worker", 1)}) == Cluster("worker", 0, "a:2222", 1)


def test_cluster_spec_wins_over_tf_config() -> None:
    found = from_environ({"CLUSTER_SPEC": spec(POOLS, "workerpool1", 1), "TF_CONFIG": spec(ROLES, "ps")})
    assert found == Cluster("worker", 1, "a:2222", 2)


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"task": {}}', spec(POOLS, "juggler"), spec(POOLS, "ps", "x")])
def test_nonsense_is_an_error_that_names_the_variable(text: str) -> None:
    with pytest.raises(TrainerError, match=r"^CLUSTER_SPEC cannot be understood: "):
        from_environ({"CLUSTER_SPEC": text})
