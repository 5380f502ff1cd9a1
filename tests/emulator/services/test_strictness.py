"""What Vertex AI refuses is refused, in its words, with the field's name, and as Google's own classes of errors."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import JobServiceClient
from google.cloud.aiplatform_v1.services.job_service.transports.grpc import JobServiceGrpcTransport

from submit.emulator.services.serve import create
from submit.engine import Engine
from tests.emulator.services.conftest import PACKAGE, PARENT, custom_job
from tests.emulator.services.serving import Server

POOL = "job_spec.worker_pool_specs[0]"
PYTHON = f"{POOL}.python_package_spec"
MACHINE = f"{POOL}.machine_spec"
LABELS = "There can be no more than 64 labels attached to a single resource."
KEY = "projects/p/locations/{}/keyRings/ring/cryptoKeys/key"
L4 = {"machine_type": "g2-standard-8", "accelerator_type": "NVIDIA_L4", "accelerator_count": 1}


@dataclass
class Case:
    """A change of a good job: at a path, another value; `field` is the one that is named, `says` what is said of it."""

    path: str
    value: Any
    field: str
    says: str


CASES = {
    "no name": Case("display_name", "", "display_name", "Required field is not set."),
    "a long name": Case("display_name", "n" * 129, "display_name", "must have at most 128 characters"),
    "a label in capitals": Case("labels", {"Team": "x"}, "labels", LABELS),
    "65 labels": Case("labels", {f"l{n}": "" for n in range(65)}, "labels", LABELS),
    "a long label": Case("labels", {"a": "x" * 65}, "labels", LABELS),
    "no pools": Case("job_spec.worker_pool_specs", [], "job_spec.worker_pool_specs", "Required field is not set."),
    "no program": Case(f"{POOL}.python_package_spec", None, f"{POOL}.task", "Required field is not set."),
    "two chiefs": Case(f"{POOL}.replica_count", 2, f"{POOL}.replica_count", "The replica count of the first"),
    "no module": Case(f"{PYTHON}.python_module", "", f"{PYTHON}.python_module", "Required field is not set."),
    "no package there": Case(
        *(f"{PYTHON}.package_uris", ["gs://stage/none.tar.gz"], f"{PYTHON}.package_uris"),
        "The provided GCS paths [gs://stage/none.tar.gz] cannot be read by the service account of the job.",
    ),
    "101 packages": Case(f"{PYTHON}.package_uris", [PACKAGE] * 101, f"{PYTHON}.package_uris", "at most 100 packages"),
    "101 variables": Case(
        f"{PYTHON}.env", [{"name": f"V{n}"} for n in range(101)], f"{PYTHON}.env", "at most 100 environment variables"
    ),
    "a variable twice": Case(f"{PYTHON}.env", [{"name": "A"}] * 2, f"{PYTHON}.env", "must be unique"),
    "a variable's name": Case(
        f"{PYTHON}.env", [{"name": "a-b"}], f"{PYTHON}.env[0].name", '"a-b" is not a valid C identifier.'
    ),
    "long arguments": Case(f"{PYTHON}.args", ["x" * 50_001] * 2, f"{PYTHON}.args", "100000 characters"),
    "an unknown machine": Case(
        f"{MACHINE}.machine_type", "huge", f"{MACHINE}.machine_type", 'Machine type "huge" is not supported.'
    ),
    "a wrong accelerator": Case(
        *(MACHINE, {"machine_type": "e2-standard-4", "accelerator_type": "NVIDIA_TESLA_T4", "accelerator_count": 1}),
        *(f"{MACHINE}.accelerator_type", 'Accelerator "NVIDIA_TESLA_T4" is not supported for machine type "e2-standa'),
    ),
    "a type without a count": Case(
        *(MACHINE, {"machine_type": "n1-standard-4", "accelerator_type": "NVIDIA_TESLA_T4"}),
        *(f"{MACHINE}.accelerator_type", "Both `accelerator_type` and `accelerator_count` should be specified or"),
    ),
    "a count without a type": Case(
        *(MACHINE, {"machine_type": "n1-standard-4", "accelerator_count": 1}),
        *(f"{MACHINE}.accelerator_type", "Both `accelerator_type` and `accelerator_count` should be specified or"),
    ),
    "a wrong count": Case(
        *(MACHINE, {**L4, "accelerator_count": 3}),
        *(f"{MACHINE}.accelerator_count", 'Accelerator count 3 of "NVIDIA_L4" is not supported for machine type'),
    ),
    "a machine without its accelerator": Case(
        MACHINE, {"machine_type": "a2-highgpu-1g"}, f"{MACHINE}.accelerator_type", "needs its accelerator"
    ),
    "a TPU without its topology": Case(
        MACHINE, {"machine_type": "ct5lp-hightpu-4t"}, f"{MACHINE}.tpu_topology", "Required field is not set for"
    ),
    "a TPU in another topology": Case(
        *(MACHINE, {"machine_type": "ct5lp-hightpu-4t", "tpu_topology": "3x3"}),
        *(f"{MACHINE}.tpu_topology", 'TPU topology "3x3" is not supported for machine type "ct5lp-hightpu-4t"'),
    ),
    "a topology without a TPU": Case(f"{MACHINE}.tpu_topology", "2x2", f"{MACHINE}.tpu_topology", "is not supported"),
    "a small disk": Case(
        *(f"{POOL}.disk_spec", {"boot_disk_size_gb": 50}, f"{POOL}.disk_spec.boot_disk_size_gb"),
        "The boot disk size must be between 100 and 64000 GB.",
    ),
    "an unknown disk": Case(
        f"{POOL}.disk_spec", {"boot_disk_type": "floppy"}, f"{POOL}.disk_spec.boot_disk_type", '"floppy" is not'
    ),
    "a negative time-out": Case(
        "job_spec.scheduling", {"timeout": "-1s"}, "job_spec.scheduling.timeout", "must not be negative"
    ),
    "a wait that is none": Case(
        *("job_spec.scheduling", {"max_wait_duration": "60s"}, "job_spec.scheduling.max_wait_duration"),
        "can only be set with the strategy FLEX_START",
    ),
    "a flexible start without a GPU": Case(
        *("job_spec.scheduling", {"strategy": "FLEX_START"}, "job_spec.scheduling.strategy"),
        "The strategy FLEX_START needs one of NVIDIA_L4",
    ),
    "a service account": Case(
        "job_spec.service_account", "me", "job_spec.service_account", "Invalid service account: me."
    ),
    "an output elsewhere": Case(
        *("job_spec.base_output_directory", {"output_uri_prefix": "/tmp/x"}),
        *("job_spec.base_output_directory.output_uri_prefix", "Invalid Cloud Storage URI: /tmp/x."),
    ),
    "a key's name": Case(
        *("encryption_spec", {"kms_key_name": "key"}, "encryption_spec.kms_key_name"),
        "Invalid resource name: key.",
    ),
    "a key elsewhere": Case(
        *("encryption_spec", {"kms_key_name": KEY.format("europe-west1")}, "encryption_spec.kms_key_name"),
        "is in location `europe-west1`. It must be in the location of the resource, `us-central1`.",
    ),
    "a resource that is not kept": Case(
        *("job_spec.persistent_resource_id", "kept", "job_spec.persistent_resource_id"),
        'The PersistentResource "kept" does not exist.',
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("strict")
    buckets = folder / "buckets"
    (buckets / "stage").mkdir(parents=True)
    (buckets / "stage" / PACKAGE.rpartition("/")[2]).touch()
    locations = {"far": "US", "near": "US-CENTRAL1"}
    with (
        closing(Engine(folder / "engine", cache=cache, bucket_root=buckets)) as engine,
        closing(create(engine, folder, buckets, locations.get)) as services,
        Server(services.app, services.grpc_handlers()) as server,
    ):
        yield server
        assert engine.list() == []


@pytest.fixture(scope="module", params=["rest", "grpc"])
def client(request: pytest.FixtureRequest, server: Server) -> Any:
    if request.param == "grpc":
        return JobServiceClient(transport=JobServiceGrpcTransport(channel=grpc.insecure_channel(server.target)))
    anonymous = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return JobServiceClient(transport="rest", credentials=anonymous, client_options={"api_endpoint": server.url})


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with another value at a path, or without what was there if it is None."""
    body = copy.deepcopy(body)
    *parents, last = path.replace("[0]", ".0").split(".")
    here: Any = body
    for name in parents:
        here = here[int(name)] if name == "0" else here[name]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return body


def refused(client: Any, body: Any, parent: str = PARENT) -> Any:
    with pytest.raises(exceptions.GoogleAPICallError) as caught:
        client.create_custom_job(parent=parent, custom_job=body)
    return caught.value


def fields(error: Any) -> list[str]:
    """Those that the error's details name: a dict over REST, a message over gRPC."""
    (details,) = error.details
    if isinstance(details, dict):
        return [violation["field"] for violation in details["fieldViolations"]]
    return [violation.field for violation in details.field_violations]


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_with_its_field_and_the_services_words(client: Any, name: str) -> None:
    case = CASES[name]
    error = refused(client, changed(custom_job(""), case.path, case.value))
    assert type(error) is (exceptions.InvalidArgument if client.transport.kind == "grpc" else exceptions.BadRequest)
    assert f"List of found errors:\t1.Field: {case.field}; Message: " in error.message
    assert case.says in error.message
    assert fields(error) == [case.field]


def test_everything_that_is_wrong_is_said_at_once(client: Any) -> None:
    body = changed(changed(custom_job(""), "display_name", ""), f"{POOL}.replica_count", 2)
    error = refused(client, body)
    assert fields(error) == ["display_name", f"{POOL}.replica_count"]


def test_a_bucket_in_another_region_is_refused(client: Any) -> None:
    error = refused(
        client, changed(custom_job(""), "job_spec.base_output_directory", {"output_uri_prefix": "gs://far/x"})
    )
    is_grpc = client.transport.kind == "grpc"
    assert type(error) is (exceptions.FailedPrecondition if is_grpc else exceptions.BadRequest)
    assert error.message.endswith(
        "The Cloud Storage bucket of `gs://far/x` is in location `us`. It must be in the same regional location as the "
        "service location `us-central1`."
    )


def test_flexible_pools_are_all_alike_and_end_within_a_week(client: Any) -> None:
    body = changed(custom_job(""), MACHINE, L4)
    second = copy.deepcopy(body["job_spec"]["worker_pool_specs"][0])
    second["machine_spec"] = {**L4, "machine_type": "g2-standard-12"}
    body["job_spec"]["worker_pool_specs"].append(second)
    body["job_spec"]["scheduling"] = {"strategy": "FLEX_START", "timeout": "604801s"}
    error = refused(client, body)
    assert "all worker pools must have the same machine type" in error.message
    assert "the timeout must not exceed 604800 seconds" in error.message


def test_a_job_with_tpus_has_one_pool(client: Any) -> None:
    body = changed(custom_job(""), MACHINE, {"machine_type": "ct5lp-hightpu-4t", "tpu_topology": "2x2"})
    body["job_spec"]["worker_pool_specs"] *= 2
    assert "A job with TPUs must have exactly one worker pool." in refused(client, body).message


@pytest.mark.parametrize("parent", ["projects/demo/locations/mars-1", "projects/demo/locations/-"])
def test_a_location_that_is_none_is_refused(client: Any, parent: str) -> None:
    assert "is not a location of Vertex AI" in refused(client, custom_job(""), parent).message


def test_a_regional_endpoint_refuses_another_region(server: Server) -> None:
    headers = {"host": "europe-west1-aiplatform.googleapis.com"}
    answer = httpx.post(f"{server.url}/v1/{PARENT}/customJobs", json=custom_job(""), headers=headers)
    words = "The provided location ID doesn't match the endpoint. The valid location ID is `europe-west1`."
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, words)


def test_all_unknown_names_are_refused_at_their_places(server: Server) -> None:
    body = changed(custom_job("", typo=1), f"{MACHINE}.machinetype", "n1-standard-4")
    error = httpx.post(f"{server.url}/v1/{PARENT}/customJobs", json=body).json()["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    for words in (
        "Invalid JSON payload received. Unknown name \"typo\" at 'custom_job': Cannot find field.",
        f"Unknown name \"machinetype\" at 'custom_job.{MACHINE}': Cannot find field.",
    ):
        assert words in error["message"]
    named = {violation["field"] for violation in error["details"][0]["fieldViolations"]}
    assert named == {"custom_job", f"custom_job.{MACHINE}"}
