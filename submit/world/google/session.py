"""HTTP over kept connections: time-outs, proxies and repeats.

The standard library's client is enough for JSON calls one after the other, and is loaded in a third of the time that
others take: the whole of `submit jobs describe` should not last longer than its one request.
"""

from __future__ import annotations

import http.client
import time
import weakref
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from submit.errors import ErrorKind, ServiceError, UnansweredError, UnsentError
from submit.world.google.proxy import proxy_for, trusting
from submit.world.google.retries import chance, is_worth_repeating, retry_after_s

TIMEOUT_S = 60.0
PAUSES_S = (0.1, 0.5, 2.0)
"""before the second, third and fourth try of a call that may be repeated; each is shortened by chance"""
DEADLINE_S = 120.0
"""No try is begun later than this after the first one."""


Question = tuple[str, str, bytes | None]
"""Verb, address and body."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Session:
    """One connection per server, opened when it is first needed."""

    def __init__(
        self, environ: Mapping[str, str], *, timeout_s: float = TIMEOUT_S, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._environ = environ
        self._timeout_s = timeout_s
        self._pause = pause
        self._connections: dict[tuple[str, str], http.client.HTTPConnection] = {}
        self._ahead: dict[Question, http.client.HTTPConnection] = {}
        for connections in (self._connections, self._ahead):
            weakref.finalize(self, _close, connections)

    def close(self) -> None:
        for connections in (self._connections, self._ahead):
            _close(connections)

    def send(self, verb: str, url: str, body: bytes | None, headers: Mapping[str, str], *, repeatable: bool) -> Answer:
        """The answer, whatever its status; a `ServiceError` (transient) if none came.

        What may not be repeated is sent once, except when the server was never reached, or has put it off unheard.
        """
        deadline = time.monotonic() + DEADLINE_S
        for pause_s in PAUSES_S:
            pause_s *= chance()
            try:
                answer = self._once(verb, url, body, headers, fresh=not repeatable)
            except ServiceError as error:
                if not (repeatable or isinstance(error, UnsentError)) or time.monotonic() + pause_s > deadline:
                    raise
            else:
                wait_s = retry_after_s(answer.headers)
                if not is_worth_repeating(answer.status, wait_s, repeatable=repeatable):
                    return answer
                pause_s = max(pause_s, wait_s or 0.0)
                if time.monotonic() + pause_s > deadline:
                    return answer
            self._pause(pause_s)
        return self._once(verb, url, body, headers, fresh=True)

    def send_ahead(self, verb: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> None:
        """Lets the server work on what is likely to be sent next, while its last answer is attended to.

        Only for what may be repeated. Whether it was sent, and is answered, is nobody's concern before `send`.
        """
        _close(self._ahead)
        connection = self._connections.pop(_server_key(url), None)
        if connection is None:
            return
        try:
            connection.request(verb, _target(url), body, dict(headers))
        except (OSError, http.client.HTTPException):
            connection.close()
        else:
            self._ahead[verb, url, body] = connection

    def _once(self, verb: str, url: str, body: bytes | None, headers: Mapping[str, str], *, fresh: bool) -> Answer:
        """A kept connection may turn out to be closed, and then nobody knows whether the request was heard: `fresh`."""
        key = _server_key(url)
        sent = self._ahead.pop((verb, url, body), None)
        kept = sent or self._connections.pop(key, None)
        if kept and fresh and not sent:
            kept.close()
            kept = None
        connection = kept or self._connect(*key)
        try:
            if not sent:
                connection.request(verb, _target(url), body, dict(headers))
            response = connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise UnansweredError(_unanswered(url, error), kind=ErrorKind.TRANSIENT, hint=_AGAIN) from error
        if key in self._connections:  # what was sent ahead had one of its own meanwhile
            self._connections.pop(key).close()
        self._connections[key] = connection
        return answer

    def _connect(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        connection = self._connection(scheme, netloc)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            message = _unanswered(f"{scheme}://{netloc}", error)
            raise UnsentError(message, kind=ErrorKind.TRANSIENT, hint=_NETWORK) from error
        return connection

    def _connection(self, scheme: str, netloc: str) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(netloc, timeout=self._timeout_s)
        context = trusting(self._environ)
        proxy = proxy_for(netloc, self._environ)
        if proxy is None:
            return http.client.HTTPSConnection(netloc, timeout=self._timeout_s, context=context)
        connection = http.client.HTTPSConnection(proxy.host, proxy.port, timeout=self._timeout_s, context=context)
        connection.set_tunnel(netloc, headers=dict(proxy.headers))
        return connection


def _server_key(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _close(connections: MutableMapping[Any, http.client.HTTPConnection]) -> None:
    while connections:
        connections.popitem()[1].close()


_AGAIN = "Run the command again; `submit jobs recover` says what became of a job that was on its way."
_NETWORK = "Look at the network, and at the variables that name proxies and endpoints; then run the command again."


def _unanswered(url: str, error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"{_server(url)} did not answer in time"
    reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
    return f"{_server(url)} cannot be reached: {reason}"


def _server(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
