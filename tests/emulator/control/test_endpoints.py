"""Where the emulator answers gRPC."""

from __future__ import annotations

from tests.emulator.control.conftest import Running


def test_the_port_of_grpc_is_known_by_that_of_rest(running: Running) -> None:
    assert running.control("GET", "/endpoints") == {"grpcPort": running.endpoints.grpc_port}
