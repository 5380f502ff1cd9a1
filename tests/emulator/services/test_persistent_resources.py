from __future__ import annotations

import re
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.aiplatform_v1 import JobServiceClient, PersistentResourceServiceClient
from google.cloud.aiplatform_v1.types import PersistentResource

from tests.emulator.services.conftest import PARENT, Emulator, custom_job, over_rest


@pytest.fixture
def client(emulator: Emulator) -> Any:
    return over_rest(PersistentResourceServiceClient, emulator)


def kept(machine_type: str = "n1-standard-4") -> dict[str, Any]:
    return {"resource_pools": [{"machine_spec": {"machine_type": machine_type}, "replica_count": 1}]}


def create(client: Any, name: str = "kept", **more: str) -> Any:
    return client.create_persistent_resource(
        parent=PARENT, persistent_resource_id=name, persistent_resource=kept(**more)
    )


def test_a_resource_is_made_found_and_deleted(client: Any) -> None:
    operation = create(client)
    assert re.fullmatch(rf"{PARENT}/operations/\d+", operation.operation.name)
    resource = operation.result(timeout=10)
    assert (resource.name, resource.state) == (f"{PARENT}/persistentResources/kept", PersistentResource.State.RUNNING)
    assert [found.name for found in client.list_persistent_resources(parent=PARENT)] == [resource.name]
    assert client.reboot_persistent_resource(name=resource.name).result(timeout=10).name == resource.name
    client.delete_persistent_resource(name=resource.name).result(timeout=10)
    with pytest.raises(exceptions.NotFound):
        client.get_persistent_resource(name=resource.name)


def test_its_operations_can_be_polled(client: Any) -> None:
    name = create(client).operation.name
    assert client.get_operation({"name": name}).done
    with pytest.raises(exceptions.NotFound):
        client.get_operation({"name": f"{PARENT}/operations/1"})


def test_a_name_is_taken_once(client: Any) -> None:
    create(client)
    with pytest.raises(exceptions.Conflict, match="already exists"):
        create(client)


def test_its_machines_must_exist(client: Any) -> None:
    with pytest.raises(exceptions.BadRequest, match='Machine type "huge" is not supported'):
        create(client, machine_type="huge")


def test_a_job_may_use_one_that_is_there(client: Any, emulator: Emulator) -> None:
    jobs = over_rest(JobServiceClient, emulator)
    body = custom_job("")
    body["job_spec"]["persistent_resource_id"] = "kept"
    with pytest.raises(exceptions.BadRequest, match='The PersistentResource "kept" does not exist'):
        jobs.create_custom_job(parent=PARENT, custom_job=body)
    create(client)
    assert jobs.create_custom_job(parent=PARENT, custom_job=body).job_spec.persistent_resource_id == "kept"
