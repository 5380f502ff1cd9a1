from __future__ import annotations

import pytest

from submit.emulator.control.method_names import grpc_names, rest_names


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


def test_a_call_over_grpc_has_the_names_of_rest_too() -> None:
    names = grpc_names("/google.cloud.aiplatform.v1.JobService/CreateCustomJob")
    assert {"JobService.CreateCustomJob", "aiplatform.customJobs.create"} < set(names)
    assert "logging.entries.tail" in grpc_names("/google.logging.v2.LoggingServiceV2/TailLogEntries")
    assert grpc_names("/unknown.Service/Do") == ("Service.Do", "unknown.Service.Do", "unknown.Service/Do")
