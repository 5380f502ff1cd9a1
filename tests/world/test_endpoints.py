"""Where Google's APIs are."""

from __future__ import annotations

import pytest

from submit.errors import ErrorKind, ServiceError
from submit.world.google.endpoints import grpc_target

OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING"


@pytest.mark.parametrize(
    ("override", "target"),
    [
        ("", "logging.googleapis.com:443"),
        ("https://logging-mine.p.googleapis.com/", "logging-mine.p.googleapis.com:443"),
        ("https://proxy.example:8443", "proxy.example:8443"),
    ],
)
def test_grpc_is_answered_where_rest_is(override: str, target: str) -> None:
    assert grpc_target("logging", {OVERRIDE: override} if override else {}) == target


def test_an_emulator_that_is_not_there_may_come_again() -> None:
    with pytest.raises(ServiceError, match=r"http://127\.0\.0\.1:9 cannot be reached") as caught:
        grpc_target("logging", {OVERRIDE: "http://127.0.0.1:9/"})
    assert caught.value.kind is ErrorKind.TRANSIENT
