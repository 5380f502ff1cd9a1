"""`/emulator/v1/logs`: the settings of the logging side as a resource."""

from __future__ import annotations

import dataclasses
from typing import Any

from submit.emulator.logs.settings import Controls
from submit.emulator.services.json_app import Question, Routes

PATH = "/emulator/v1/logs"


def routes(controls: Controls) -> Routes:
    async def show(_: Question) -> dict[str, Any]:
        return dataclasses.asdict(controls.settings)

    async def change(question: Question) -> dict[str, Any]:
        controls.change(question.body)
        return await show(question)

    async def reset(question: Question) -> dict[str, Any]:
        controls.reset()
        return await show(question)

    return [("GET", PATH, show), ("PATCH", PATH, change), ("DELETE", PATH, reset)]
