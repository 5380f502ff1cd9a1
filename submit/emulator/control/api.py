"""The control API: `/emulator/v1/…` beside Google's paths; `docs/emulator.md` describes it."""

from __future__ import annotations

from typing import Any

from submit.emulator.control.faults import FaultBook, FaultError
from submit.emulator.control.guard import LocalOnly
from submit.emulator.rpc.errors import bad_request, not_found, unimplemented
from submit.emulator.rpc.http import App, Receive, Scope, Send, send_json
from submit.emulator.services.json_app import JsonApp, Question, Routes

PREFIX = "/emulator/"


class FaultsApi:
    def __init__(self, book: FaultBook) -> None:
        self._book = book

    async def add(self, question: Question) -> Any:
        try:
            return self._book.add(question.body).to_json()
        except FaultError as error:
            raise bad_request(str(error)) from error

    async def list(self, _: Question) -> Any:
        return {"faults": [fault.to_json() for fault in self._book.all()]}

    async def remove(self, question: Question) -> Any:
        if not self._book.remove(question.path["fault"]):
            raise not_found(f"there is no fault `{question.path['fault']}`; it may have struck as often as it was to")
        return {}

    async def clear(self, _: Question) -> Any:
        self._book.clear()
        return {}

    def routes(self) -> Routes:
        return [
            ("POST", "/emulator/v1/faults", self.add),
            ("GET", "/emulator/v1/faults", self.list),
            ("DELETE", "/emulator/v1/faults", self.clear),
            ("DELETE", "/emulator/v1/faults/{fault}", self.remove),
        ]


def control_app(routes: Routes) -> App:
    return LocalOnly(JsonApp(routes, otherwise=_unknown))


async def _unknown(scope: Scope, _: Receive, send: Send) -> None:
    error = unimplemented(f"{scope['method']} {scope['path']}")
    await send_json(send, {}, error.http_status, error.to_json())
