"""Google's own libraries as the judges; the programs in `programs/` know of no emulator."""

from __future__ import annotations

import pytest

from tests.emulator.clients.conftest import PROJECT, TENSORFLOW, Programs

pytestmark = pytest.mark.slow

DONE, CUT, FAILED = "JOB_STATE_SUCCEEDED", "JOB_STATE_CANCELLED", "JOB_STATE_FAILED"

needs_tensorflow = pytest.mark.skipif(not TENSORFLOW, reason="tensorflow is not installed: it is half a gigabyte")


def test_the_sdk_runs_jobs_of_every_kind_to_their_end(programs: Programs) -> None:
    seen = programs.seen("vertex_sdk")
    assert seen["project"] == PROJECT
    assert seen["states"] == {
        "cancelled": CUT,
        "failed": FAILED,
        "stored": DONE,
        "script": DONE,
        "package": "PIPELINE_STATE_SUCCEEDED",
        "tuned": DONE,
    }
    assert "exited with a non-zero status of 3" in seen["error"]
    assert len(seen["trials"]) == 2
    assert all(0.25 <= value <= 0.5 for value in seen["trials"])


def test_the_sdk_lists_and_deletes(programs: Programs) -> None:
    seen = programs.seen("vertex_sdk")
    assert {"cancelled", "failed", "script"} <= set(seen["listed"])
    assert "stored" not in seen["listed"]
    assert seen["listed over gRPC"] == seen["listed"]
    assert seen["deleted"]


def test_a_trainer_reads_and_writes_buckets_with_googles_library(programs: Programs) -> None:
    programs.seen("vertex_sdk")
    assert (programs.bucket / "from-trainer.txt").read_text() == "HELLO"


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_the_low_level_clients_see_a_jobs_whole_life(programs: Programs, transport: str) -> None:
    seen = programs.seen("low_level")[transport]
    assert (seen["states"], seen["listed"]) == ([DONE, CUT], True)
    assert "does not exist" in seen["after"]


def test_so_does_the_one_for_asyncio(programs: Programs) -> None:
    assert programs.seen("low_level")["asyncio"] == {"states": [DONE, DONE], "listed": True}


def test_the_discovery_client_runs_a_job_of_ml_engine(programs: Programs) -> None:
    assert programs.seen("other_libraries")["ml"] == {"state": "SUCCEEDED", "listed": True}


def test_logging_lists_what_was_written_and_tails_a_job_while_it_runs(programs: Programs) -> None:
    seen = programs.seen("other_libraries")
    lines = ["line 0", "line 1", "line 2"]
    assert seen["logging"] == {"written": [{"loss": 0.5}], "lines": lines}
    assert seen["tailed"] == lines


def test_storage_moves_objects(programs: Programs) -> None:
    seen = programs.seen("other_libraries")["storage"]
    assert seen == {"same": True, "part": "ell", "listed": ["big", "small"]}


def test_gcsfs_shows_buckets_as_files(programs: Programs) -> None:
    assert programs.seen("other_libraries")["gcsfs"] == {
        "size": 11 << 20,
        "read": "hello",
        "listed": ["digits/folder/big", "digits/folder/moved"],
        "after": False,
    }


def test_credentials_are_nobodys_and_the_project_the_users(programs: Programs) -> None:
    assert programs.seen("other_libraries")["project"] == PROJECT


def test_a_program_finds_what_a_virtual_machine_knows_of_itself(programs: Programs) -> None:
    seen = programs.seen("virtual_machine")
    assert (seen["kind"], seen["project"]) == ("google.auth.compute_engine.credentials", PROJECT)
    assert seen["email"].endswith("-compute@developer.gserviceaccount.com")
    assert seen["zone"] == "us-central1-a"
    assert {"zone", "service-accounts/"} <= set(seen["listed"])
    assert seen["without the header"] == 403


def test_the_host_says_which_api_is_asked(programs: Programs) -> None:
    seen = programs.seen("virtual_machine")
    assert seen["statuses"] == {
        "objects": 200,
        "object": 200,
        "no bucket": 404,
        "project": 200,
        "jobs": 200,
        "accounts": 404,
        "another API": 501,
    }
    assert seen["refusal"] == "The emulator does not implement GET compute.googleapis.com/v1/projects/mine"


@needs_tensorflow
def test_tensorflow_reads_and_writes_buckets(programs: Programs) -> None:
    assert programs.seen("tensorflow_files") == {
        "read": "hello",
        "same": True,
        "restored": [1.0, 2.0],
        "size": 256 * 40_000,
        "glob": ["gs://digits/tf/renamed"],
        "listed": ["big", "checkpoints/", "renamed", "small"],
        "after": False,
    }
