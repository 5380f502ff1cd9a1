"""Several replicas that find each other."""

from __future__ import annotations

from tests.project import Project

MEET = """
    import json, socket

    spec = json.loads(os.environ["CLUSTER_SPEC"])
    me = spec["cluster"][spec["task"]["type"]][spec["task"]["index"]]
    everybody = [address for pool in spec["cluster"].values() for address in pool]
    host, _, port = me.rpartition(":")
    server = socket.create_server((host, int(port)))
    for address in everybody:
        host, _, port = address.rpartition(":")
        for _ in range(200):
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        else:
            sys.exit(f"cannot reach {address}")
    print(spec["task"]["type"], spec["task"]["index"], "reached", len(everybody), flush=True)
    time.sleep(0.5)
"""

DISTRIBUTED = """
    trainingInput:
      scaleTier: CUSTOM
      masterType: standard
      workerType: standard
      workerCount: 2
      parameterServerType: standard
      parameterServerCount: 1
"""


def test_four_replicas_reach_each_other_at_the_addresses_of_the_cluster_spec(project: Project) -> None:
    project.trainer(MEET)
    project.write("config.yaml", DISTRIBUTED)

    done = project.submit("train", "--config", "config.yaml", "--job-name", "meet")

    assert done.code == 0, done.out
    reached = {message for message in project.messages("meet") if " reached " in message}
    assert reached == {
        "workerpool0 0 reached 4",
        "workerpool1 0 reached 4",
        "workerpool1 1 reached 4",
        "workerpool2 0 reached 4",
    }


def test_the_failure_of_a_worker_is_never_a_success(project: Project) -> None:
    project.trainer(
        """
        import json

        task = json.loads(os.environ["CLUSTER_SPEC"])["task"]
        if task == {"type": "workerpool1", "index": 1}:
            time.sleep(0.3)
            sys.exit(9)
        """
    )
    project.write("config.yaml", DISTRIBUTED)

    done = project.submit("train", "--config", "config.yaml", "--job-name", "partial")
    status = project.describe("partial")

    assert done.code == 1
    assert (status["state"], status["exit_code"]) == ("FAILED", 9)
    assert "workerpool1-1" in status["message"]
