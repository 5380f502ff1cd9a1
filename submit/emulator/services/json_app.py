"""APIs without message types: JSON in, JSON out, over ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from submit.emulator.rpc.caller import Caller, caller
from submit.emulator.rpc.http import App, Receive, Request, Scope, Send, read_json, serve
from submit.emulator.rpc.templates import Template


class Question(NamedTuple):
    """What a route is asked; `body` is what the JSON says, None if there is none."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any


Answer: TypeAlias = Callable[[Question], Awaitable[Any]]
Routes: TypeAlias = list[tuple[str, str, Answer]]
"""Verb, path template and who answers."""


class JsonApp:
    """What none of the routes is for goes on to `otherwise`; the first that fits answers."""

    def __init__(self, routes: Routes, otherwise: App) -> None:
        self._routes = [(verb, Template.parse(template), answer) for verb, template, answer in routes]
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("latin-1")
        for verb, template, answer in self._routes:
            variables = template.match(path) if verb == scope["method"] else None
            if variables is not None:
                await serve(scope, receive, send, partial(_answer, answer, variables))
                return
        await self._otherwise(scope, receive, send)


async def _answer(answer: Answer, variables: Mapping[str, str], request: Request) -> Any:
    caller.set(Caller(request.headers))
    return await answer(Question(variables, dict(request.query), _parsed(request)))


def _parsed(request: Request) -> Any:
    """A form, as tokens are asked for, is no JSON, and nothing that an answer depends on."""
    if not request.body.strip() or "form" in request.headers.get("content-type", ""):
        return None
    return read_json(request.body)
