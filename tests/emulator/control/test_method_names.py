from __future__ import annotations

import pytest

from submit.emulator.control import known_methods
from submit.emulator.control.method_names import grpc_names, rest_names
from submit.emulator.services import projects


@pytest.mark.parametrize(
    ("verb", "path", "name"),
    [
        ("POST", "/v1/projects/p/locations/r/customJobs", "aiplatform.projects.locations.customJobs.create"),
        ("POST", "/v1/projects/p/locations/r/customJobs", "aiplatform.customJobs.create"),
        ("POST", "/v1/projects/p/locations/r/customJobs", "JobService.CreateCustomJob"),
        ("POST", "/v1beta1/projects/p/locations/r/customJobs/1:cancel", "aiplatform.customJobs.cancel"),
        ("GET", "/ui/projects/p/locations/r/operations/5", "aiplatform.operations.get"),
        ("POST", "/v1/projects/p/jobs", "ml.projects.jobs.create"),
        ("GET", "/v1/projects/p/jobs/j", "ml.jobs.get"),
        ("GET", "/v1/projects/p:getConfig", "ml.projects.getConfig"),
        ("POST", "/v2/entries:list", "logging.entries.list"),
        ("POST", "/v2/entries:list", "LoggingServiceV2.ListLogEntries"),
        ("GET", "/v3/projects/p", "cloudresourcemanager.projects.get"),
        ("POST", "/token", "oauth2.token"),
        ("POST", "/upload/storage/v1/b/x/o", "storage.objects.insert"),
        ("PUT", "/resumable/upload/storage/v1/b/x/o", "storage.objects.insert"),
        ("HEAD", "/storage/v1/b/x", "storage.buckets.get"),
        ("GET", "/download/storage/v1/b/x/o/a%2Fb", "storage.objects.get"),
        ("POST", "/storage/v1/b/x/o/a/rewriteTo/b/y/o/b", "storage.objects.rewrite"),
        ("POST", "/batch/storage/v1", "storage.batch"),
        ("PUT", "/bucket/folder/object", "storage.objects.insert"),
        ("GET", "/bucket/", "storage.objects.list"),
    ],
)
def test_a_request_has_the_names_that_its_clients_use(verb: str, path: str, name: str) -> None:
    assert name in rest_names(verb, path)
    assert known_methods.is_known(name)


def test_a_call_over_grpc_has_the_names_of_rest_too() -> None:
    names = grpc_names("/google.cloud.aiplatform.v1.JobService/CreateCustomJob")
    assert {"JobService.CreateCustomJob", "aiplatform.customJobs.create"} < set(names)
    assert "logging.entries.tail" in grpc_names("/google.logging.v2.LoggingServiceV2/TailLogEntries")
    assert grpc_names("/unknown.Service/Do") == ("Service.Do", "unknown.Service.Do", "unknown.Service/Do")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("JobService.CreateCustomJobs", "JobService.CreateCustomJob"),
        ("storage.object.insert", "storage.objects.insert"),
        ("storage.object.*", "storage.objects.*"),
        ("logging.entrys.list", "logging.entries.list"),
        ("*.creat", "*.create"),
        ("xyzzy", None),
    ],
)
def test_a_name_that_no_method_has_leads_to_the_one_that_is_meant(wrong: str, meant: str | None) -> None:
    assert not known_methods.is_known(wrong)
    assert known_methods.nearest_pattern(wrong) == meant


@pytest.mark.parametrize("pattern", ["*", "*.get", "ML.*", "storage.objects.*", "jobservice.*"])
def test_a_pattern_is_known_if_any_method_fits(pattern: str) -> None:
    assert known_methods.is_known(pattern)


def test_every_path_that_is_served_without_grpc_is_known() -> None:
    for verb, path, _ in projects.routes():
        assert any(map(known_methods.is_known, rest_names(verb, path))), path
