"""`submit emulator capacity` and `preempt`, with an emulator that runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.project import Project, wait_until

VERTEX = ("--backend", "vertex", "--staging-bucket", "gs://staging")
CAPACITY = ("emulator", "capacity")


@pytest.fixture
def emulated(project: Project) -> Iterator[Project]:
    project.write("capacity.yaml", "quotas: {us-central1: {cpus: 8}}\npreemptAfter: 60\n")
    with project.emulator("--capacity", "capacity.yaml", "--retired-accelerators", "refuse"):
        yield project


def test_capacity_is_set_shown_kept_and_cleared(emulated: Project) -> None:
    known = emulated.submit(*CAPACITY, "show", "--format", "json").json
    assert known["quotas"] == {"us-central1": {"custom_model_training_cpus": 8}}
    assert (known["preemptAfter"], known["retiredAccelerators"]) == (60, "refuse")
    assert emulated.submit(*CAPACITY, "set", "all", "NVIDIA_L4=stock-out", "NVIDIA_TESLA_T4=4").code == 0
    assert emulated.submit(*CAPACITY, "set", "us-central1", "cpus=unlimited", "--preempt-after", "never").code == 0
    emulated.submit("emulator", "stop")
    emulated.submit("emulator", "start")
    assert emulated.submit(*CAPACITY, "show").out.splitlines() == [
        "*  custom_model_training_nvidia_t4_gpus  0 of 4",
        "*  NVIDIA_L4  stock-out",
    ]
    assert emulated.submit(*CAPACITY, "show", "--format", "json").json["retiredAccelerators"] == "accept"
    assert emulated.submit(*CAPACITY, "clear").code == 0
    assert emulated.submit(*CAPACITY, "show").out == "no limits\n"


def test_a_preempted_job_begins_again_and_a_queued_one_cannot_be_preempted(emulated: Project) -> None:
    emulated.trainer('print("up", flush=True); time.sleep(60)')
    handle = emulated.submit("train", *VERTEX, "--async").out.strip()
    wait_until(lambda: "up" in emulated.messages(handle), timeout=40)
    assert emulated.submit("emulator", "preempt", handle).code == 0
    wait_until(lambda: emulated.messages(handle).count("up") == 2, timeout=40)
    assert any(line.startswith("Terminated by service. ") for line in emulated.messages(handle))
    emulated.submit("jobs", "cancel", handle)
    emulated.submit("jobs", "wait", handle, "--timeout", "30")
    over = emulated.submit("emulator", "preempt", handle)
    job = handle.rpartition("/")[2]
    assert over.code == 3
    assert over.err.startswith(f"error: the job `{job}` is cancelled: only one that runs can be preempted\n")
    assert "hint: `submit jobs list --backend vertex`" in over.err
    assert emulated.submit("emulator", "preempt", "nobody").code == 3


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("set",), "nothing is to be set"),
        (("set", "us-central1", "cpus"), "`cpus` is not RESOURCE=VALUE"),
        (("set", "us-central1", "cpus=many"), "`many` is not a value"),
        (("set", "--preempt-after", "soon"), "`soon` is not a number of seconds"),
    ],
)
def test_what_cannot_be_meant_is_refused(project: Project, argv: tuple[str, ...], words: str) -> None:
    done = project.submit(*CAPACITY, *argv)
    assert (done.code, words in done.err) == (2, True)


def test_a_file_that_is_no_capacity_is_refused_before_anything_is_started(project: Project) -> None:
    project.write("capacity.yaml", "quotas: {us-centrall1: {cpu: 8}}\n")
    done = project.submit("emulator", "start", "--capacity", "capacity.yaml")
    assert done.code == 2
    assert "capacity.yaml: `us-centrall1` is not a region; did you mean `us-central1`?" in done.err
    assert "capacity.yaml: quotas.us-centrall1: `cpu` is neither" in done.err
    assert project.submit("emulator", "status").code == 3
