"""`google.cloud.location.Locations`: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from submit import catalogue
from submit.emulator.rpc.errors import not_found
from submit.emulator.rpc.messages import message_class
from submit.emulator.services.jobs import Location
from submit.emulator.services.listing import page

SERVICE = "google.cloud.location.Locations"


async def _get(request: Any) -> Any:
    region = Location.parse(request.name).region
    if region not in catalogue.regions():
        raise not_found(f"Location {region} is not found or access is unauthorized.")
    return message_class("google.cloud.location.Location")(name=request.name, location_id=region)


async def _list(request: Any) -> Any:
    named = [{"name": f"{request.name}/locations/{region}", "id": region} for region in catalogue.regions()]
    found, token = page(named, request.page_size, request.page_token, request.name)
    response = message_class("google.cloud.location.ListLocationsResponse")(next_page_token=token)
    for location in found:
        response.locations.add(name=location["name"], location_id=location["id"])
    return response


def methods() -> dict[str, Callable[..., Any]]:
    return {"GetLocation": _get, "ListLocations": _list}
