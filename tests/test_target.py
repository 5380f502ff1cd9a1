from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from submit.errors import UsageError
from submit.job import Config, Json
from submit.target import Surroundings, TargetFlags, resolve


def around(**environ: str) -> Surroundings:
    return Surroundings(environ=environ, cwd=Path("/work"), state_dir=Path("/state"), cache_dir=Path("/cache"))


def config(backend: str | None = None, region: str | None = None) -> Config:
    return Config(pools=(), dialect="ml-engine", backend=backend, region=region)


FLAG = TargetFlags(backend="flag", region="flag")
ENVIRON = {"SUBMIT_BACKEND": "environ", "CLOUDSDK_COMPUTE_REGION": "environ"}
PROJECT: Mapping[str, Json] = {"backend": "project", "region": "project"}


@pytest.mark.parametrize(
    ("flags", "environ", "yaml", "project", "expected"),
    [
        (FLAG, ENVIRON, config("yaml"), PROJECT, "flag"),
        (TargetFlags(), ENVIRON, config("yaml"), PROJECT, "environ"),
        (TargetFlags(), {}, config("yaml"), PROJECT, "yaml"),
        (TargetFlags(), {}, config(), PROJECT, "project"),
        (TargetFlags(), {}, None, {}, "local"),
    ],
)
def test_the_backend_is_taken_from_the_strongest_voice(
    flags: TargetFlags, environ: dict[str, str], yaml: Config | None, project: Mapping[str, Json], expected: str
) -> None:
    assert resolve(flags, around(**environ), yaml, project).backend == expected


def test_the_region_of_the_config_wins_over_that_of_the_environment() -> None:
    assert resolve(TargetFlags(), around(**ENVIRON), config(region="yaml"), PROJECT).region == "yaml"
    assert resolve(FLAG, around(**ENVIRON), config(region="yaml"), PROJECT).region == "flag"
    assert resolve(TargetFlags(), around(), None, {}).region == "us-central1"


@pytest.mark.parametrize(
    ("flags", "environ", "project", "gcloud", "expected"),
    [
        ("flag", {"GOOGLE_CLOUD_PROJECT": "environ"}, {"project": "file"}, {"core/project": "gcloud"}, "flag"),
        (None, {"GOOGLE_CLOUD_PROJECT": "environ", "CLOUDSDK_CORE_PROJECT": "x"}, {"project": "file"}, {}, "environ"),
        (None, {"CLOUDSDK_CORE_PROJECT": "environ"}, {"project": "file"}, {"core/project": "gcloud"}, "environ"),
        (None, {}, {"project": "file"}, {"core/project": "gcloud"}, "file"),
        (None, {}, {}, {"core/project": "gcloud", "auth/quota_project": "quota"}, "gcloud"),
        (None, {}, {}, {"auth/quota_project": "quota"}, "quota"),
        (None, {}, {}, {}, None),
    ],
)
def test_the_project_is_taken_from_the_same_places_as_by_gcloud(
    flags: str | None, environ: dict[str, str], project: dict[str, Json], gcloud: dict[str, str], expected: str | None
) -> None:
    there = around(**environ)._replace(gcloud=gcloud)
    assert resolve(TargetFlags(project=flags), there, None, project).project == expected


def test_a_region_of_the_cloud_sdk_is_better_than_none() -> None:
    there = around()._replace(gcloud={"compute/region": "compute", "ai/region": "ai"})
    assert resolve(TargetFlags(), there, None, {}).region == "ai"
    assert resolve(TargetFlags(), there, None, PROJECT).region == "project"
    assert resolve(TargetFlags(), around(CLOUDSDK_AI_REGION="ai", CLOUDSDK_COMPUTE_REGION="c"), None, {}).region == "ai"


def test_what_is_no_bucket_cannot_stage_packages() -> None:
    staged = resolve(TargetFlags(staging_bucket="gs://bucket/folder"), around(), None, {})
    assert staged.staging_bucket == "gs://bucket/folder"
    with pytest.raises(UsageError, match="`bucket` is not a bucket like `gs://bucket/folder`"):
        resolve(TargetFlags(staging_bucket="bucket"), around(), None, {})


def test_buckets_are_folders_of_the_state_unless_they_are_moved() -> None:
    assert resolve(TargetFlags(), around(), None, {}).bucket_root == "/state/buckets"
    assert resolve(TargetFlags(), around(SUBMIT_BUCKET_ROOT="/b"), None, {}).bucket_root == "/b"
