"""The clients of `google-cloud-aiplatform`'s JobService: over gRPC, over REST, and with asyncio."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud.aiplatform_v1 import JobServiceAsyncClient, JobServiceClient

from tests.emulator.clients.programs.jobs import custom_job

ENDPOINT = {"api_endpoint": "us-central1-aiplatform.googleapis.com"}
PARENT = "projects/mine/locations/us-central1"
ENDED = ("JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED")


def live(transport: str) -> dict[str, Any]:
    """A job's whole life, and another's that is cut short."""
    client: Any = JobServiceClient(transport=transport, client_options=ENDPOINT)
    done = client.create_custom_job(parent=PARENT, custom_job=custom_job(f"{transport}-done", "print('hello')"))
    cut = client.create_custom_job(
        parent=PARENT, custom_job=custom_job(f"{transport}-cut", "import time; time.sleep(300)")
    )
    client.cancel_custom_job(name=cut.name)

    def ended(name: str) -> str:
        while (state := client.get_custom_job(name=name).state.name) not in ENDED:
            time.sleep(0.1)
        return str(state)

    states = [ended(job.name) for job in (done, cut)]
    query = {"parent": PARENT, "filter": f'display_name="{transport}-done"'}
    listed = [job.name for job in client.list_custom_jobs(request=query)]
    client.delete_custom_job(name=done.name).result(timeout=60)
    try:
        client.get_custom_job(name=done.name)
    except NotFound as error:
        return {"states": states, "listed": listed == [done.name], "after": str(error.message)}
    raise AssertionError("the job is still there")


async def live_asynchronously() -> dict[str, Any]:
    library: Any = JobServiceAsyncClient
    client = library(client_options=ENDPOINT)
    created = [
        await client.create_custom_job(parent=PARENT, custom_job=custom_job(f"async-{n}", f"print({n})"))
        for n in range(2)
    ]

    async def ended(name: str) -> str:
        while (state := (await client.get_custom_job(name=name)).state.name) not in ENDED:
            await asyncio.sleep(0.1)
        return str(state)

    states = await asyncio.gather(*(ended(job.name) for job in created))
    pages = await client.list_custom_jobs(request={"parent": PARENT, "page_size": 1})
    listed = [job.name async for job in pages]
    operation = await client.delete_custom_job(name=created[0].name)
    await operation.result(timeout=60)
    return {"states": states, "listed": {job.name for job in created} <= set(listed)}


seen = {name: live(name) for name in ("grpc", "rest")} | {"asyncio": asyncio.run(live_asynchronously())}
print(json.dumps(seen))
