"""`/emulator/v1/endpoints`: where gRPC is answered, for clients that were told one address only.

The port is another one after each start, so it is asked for whenever a channel is opened.
"""

from __future__ import annotations

from typing import Any

from submit.emulator.services.json_app import Question, Routes

PATH = "/emulator/v1/endpoints"


def routes(grpc_port: int) -> Routes:
    async def show(_: Question) -> dict[str, Any]:
        return {"grpcPort": grpc_port}

    return [("GET", PATH, show)]
