"""Jobs of several pools: they find each other, and one's failure is everybody's."""

from __future__ import annotations

import sys

import pytest

from tests.engine.site import Site

# Every replica serves at its own address, then connects to all the others and says whom it has met there.
MEET = """
import json, os, socket, threading, time
spec = json.loads(os.environ['CLUSTER_SPEC'])
me = (spec['task']['type'], spec['task']['index'])
addresses = {(pool, i): a for pool, list_ in spec['cluster'].items() for i, a in enumerate(list_)}
def at(replica): host, port = addresses[replica].split(':'); return host, int(port)
server = socket.create_server(at(me), backlog=16)
def serve():
    while True:
        server.accept()[0].sendall(f'{me[0]}-{me[1]}'.encode())
threading.Thread(target=serve, daemon=True).start()
met = []
for other in sorted(addresses):
    while other != me:
        try:
            with socket.create_connection(at(other), timeout=5) as s: met.append(s.recv(99).decode()); break
        except ConnectionRefusedError: time.sleep(0.01)
print('met', *met)
time.sleep(60 if me[0] == 'workerpool2' else 1)
"""
SLEEP = "import time; time.sleep(60)"


def test_chief_workers_and_parameter_server_reach_each_other(site: Site) -> None:
    pools = [site.pool("chief", MEET), site.pool("worker", MEET, replicas=2), site.pool("ps", MEET)]
    job = site.run("cluster", pools=pools)
    assert job["state"] == "SUCCEEDED", job
    names = ["workerpool0-0", "workerpool1-0", "workerpool1-1", "workerpool2-0"]
    assert [(replica["name"], replica["state"]) for replica in job["replicas"]] == [(n, "SUCCEEDED") for n in names]
    met = {entry["replica"]: entry["message"] for entry in site.log("cluster") if entry["stream"]}
    assert met == {name: "met " + " ".join(other for other in names if other != name) for name in names}


def test_a_workers_failure_ends_the_job_though_the_chief_would_succeed(site: Site) -> None:
    job = site.run("strict", pools=[site.pool("chief", SLEEP), site.pool("worker", "import sys; sys.exit(4)")])
    assert (job["state"], job["cause"], job["exit_code"]) == ("FAILED", "exit code", 4)
    assert job["message"].startswith("The replica workerpool1-0 exited with a non-zero status of 4.")
    assert [replica["state"] for replica in job["replicas"]] == ["CANCELLED", "FAILED"]


def test_a_workers_failure_after_the_chiefs_success_is_still_a_failure(site: Site) -> None:
    worker = "import sys, time; time.sleep(0.5); sys.exit(5)"
    job = site.run("late", pools=[site.pool("chief", ""), site.pool("worker", worker)])
    assert (job["state"], job["exit_code"]) == ("FAILED", 5)


def test_workers_may_finish_after_the_chief(site: Site) -> None:
    worker = "import time; time.sleep(0.5); print('finished')"
    job = site.run("patient", pools=[site.pool("chief", ""), site.pool("worker", worker)])
    assert job["state"] == "SUCCEEDED"
    assert site.output("patient") == ["finished"]


def test_a_worker_that_never_ends_does_not_hold_the_job(site: Site) -> None:
    pools = [site.pool("chief", ""), site.pool("worker", SLEEP), site.pool("evaluator", SLEEP)]
    job = site.run("leave", pools=pools, worker_grace_s=0.2)
    assert (job["state"], job["cause"]) == ("SUCCEEDED", None)
    assert [replica["state"] for replica in job["replicas"]] == ["SUCCEEDED"] * 3


def test_a_parameter_server_that_stumbles_when_its_chief_leaves_is_no_failure(site: Site) -> None:
    ps = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(1)); time.sleep(60)"
    job = site.run("orderly", pools=[site.pool("chief", "import time; time.sleep(0.3)"), site.pool("ps", ps)])
    assert job["state"] == "SUCCEEDED"


def test_only_the_replica_that_crashed_is_started_again(site: Site) -> None:
    crash = "import os, pathlib\nm = pathlib.Path('mark')\nif not m.exists(): m.touch(); os.abort()"
    pools = [site.pool("chief", "import time; time.sleep(0.6)"), site.pool("worker", crash, replicas=2)]
    job = site.run("partial", pools=pools)
    assert job["state"] == "SUCCEEDED"
    assert [replica["restarts"] for replica in job["replicas"]] == [0, 1, 1]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_cancelling_ends_every_replica(site: Site) -> None:
    site.create("crowd", pools=[site.pool("chief", "print('up')\n" + SLEEP), site.pool("worker", SLEEP, replicas=2)])
    site.wait_for_output("crowd", "up")
    site.engine.cancel("crowd")
    job = site.wait("crowd")
    assert [replica["state"] for replica in job["replicas"]] == ["CANCELLED"] * 3
    assert site.processes("crowd") == []
