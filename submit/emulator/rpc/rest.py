"""Answers REST: an ASGI application over the methods of some services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from submit.emulator.rpc.answer import Answer, JsonText, message_of
from submit.emulator.rpc.caller import Caller, caller
from submit.emulator.rpc.errors import unimplemented
from submit.emulator.rpc.http import Receive, Request, Scope, Send, serve
from submit.emulator.rpc.messages import Method, Rule, message_class, methods
from submit.emulator.rpc.templates import Template
from submit.emulator.rpc.transcoding import merge_json, merge_parameters, set_field, to_json


class Route(NamedTuple):
    rule: Rule
    template: Template
    method: Method
    function: Callable[..., Any] | None


class RestApp:
    """Serves `{service: {method: coroutine}}`. A method that there is, but not here, is answered 501."""

    def __init__(self, services: Mapping[str, Mapping[str, Callable[..., Any]]]) -> None:
        routes = [
            Route(rule, Template.parse(rule.template), method, implementation.get(name))
            for service, implementation in services.items()
            for name, method in methods()[service].items()
            for rule in method.rules
        ]
        # What is served first, then the most specific: several libraries repeat the mixins' rules.
        routes.sort(key=lambda route: (route.function is None, -route.template.literals))
        self._routes: dict[int, list[Route]] = {}
        for route in routes:
            self._routes.setdefault(route.rule.template.count("/"), []).append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await serve(scope, receive, send, partial(self._answer, receive))

    async def _answer(self, receive: Receive, request: Request) -> dict[str, Any] | JsonText:
        caller.set(Caller(request.headers, receive))
        route, variables = self._route(request)
        if route.function is None or route.method.kind != "unary_unary":
            raise unimplemented(f"{request.verb} {request.path} ({route.method.service}.{route.method.name})")
        message = message_class(route.method.request)()
        _fill(message, route.rule, request, variables)
        answer = await route.function(message)
        if "enum-encoding=int" in dict(request.query).get("$alt", ""):
            return to_json(message_of(answer), enums_as_numbers=True)
        return answer.to_text() if isinstance(answer, Answer) else to_json(answer)

    def _route(self, request: Request) -> tuple[Route, Mapping[str, str]]:
        for route in self._routes.get(request.path.count("/"), ()):
            if route.rule.verb == request.verb:
                variables = route.template.match(request.path)
                if variables is not None:
                    return route, variables
        raise unimplemented(f"{request.verb} {request.path}")


def _fill(message: Any, rule: Rule, request: Request, variables: Mapping[str, str]) -> None:
    if rule.body and request.body.strip():
        target = message if rule.body == "*" else getattr(message, rule.body)
        target.SetInParent()
        merge_json(target, request.body, "" if rule.body == "*" else rule.body)
    merge_parameters(message, request.query)
    for path, text in variables.items():
        set_field(message, path, text)
