"""The pages of a job are the cloud's: they are shown for jobs that are there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.project import Project

LINKS = """
import sys
from submit.client import Client
client = Client()
print(*client.links(client.handle(sys.argv[1])).values(), sep="\\n")
"""
VERTEX = "vertex://projects/p/locations/us-east1/customJobs/7"


def links(project: Project, handle: str, **environ: str) -> list[str]:
    command = [sys.executable, "-c", LINKS, handle]
    done = subprocess.run(command, env=project.environ | environ, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("handle", "console"),
    [
        (VERTEX, "https://console.cloud.google.com/vertex-ai/locations/us-east1/training/7?project=p"),
        ("mlengine://projects/p/jobs/first", "https://console.cloud.google.com/mlengine/jobs/first?project=p"),
    ],
)
def test_a_job_in_the_cloud_has_a_page_for_itself_and_one_for_its_log(
    project: Project, handle: str, console: str
) -> None:
    first, second = links(project, handle)
    assert first == console
    assert second.startswith("https://console.cloud.google.com/logs/query;query=")


def test_a_job_of_an_emulator_has_none(project: Project) -> None:
    there = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM": "http://127.0.0.1:8085/"}
    assert links(project, VERTEX, **there) == []
    assert links(project, "local://first") == []
