"""The door to Google's public REST APIs: calls in JSON, uploads into buckets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from submit import __version__
from submit.errors import ErrorKind, ServiceError
from submit.sizes import show_bytes
from submit.status import Json
from submit.steps import Call, Upload
from submit.world.google import large, objects, replies
from submit.world.google.credentials import Credentials
from submit.world.google.endpoints import base, grpc_target, is_loopback
from submit.world.google.methods import as_http, is_repeatable
from submit.world.google.proxy import roots
from submit.world.google.session import TIMEOUT_S, Answer, Session

if TYPE_CHECKING:
    from submit.world.google.tailing import Channel, Tails

_ABOUT = {"aiplatform": "Vertex AI", "ml": "ML Engine", "logging": "Cloud Logging", "storage": "Cloud Storage"}

_GRPC_ROOTS = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
"""which gRPC reads itself"""


class Google:
    """Answers calls as the service does; a refusal is a `ServiceError` of its kind with Google's own words."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        timeout_s: float | None = None,
        pause: Callable[[float], None] = time.sleep,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._environ = environ
        self._progress = progress
        self._session = Session(environ, timeout_s=timeout_s or _timeout_s(environ), pause=pause)
        self._credentials = Credentials(environ)
        self._tails: Tails | None = None

    def close(self) -> None:
        self._session.close()
        if self._tails:
            self._tails.close()

    def call(self, call: Call) -> Json:
        if call.method == "entries.tail":
            return self._tail(call)
        verb, path, data, kind = _as_sent(call)
        answer = self._send(call.api, verb, path, data, kind, repeatable=is_repeatable(call))
        reply = replies.read(answer.status, answer.body, _ABOUT[call.api])
        if call.method == "entries.list" and isinstance(reply, dict) and (token := reply.get("nextPageToken")):
            self._send_ahead(replace(call, request={**call.request, "pageToken": token}))
        return reply

    def _send_ahead(self, call: Call) -> None:
        """A log is read page by page: the next one is on its way while this one is shown."""
        verb, path, data, kind = _as_sent(call)
        address = base(call.api, path, self._environ) + path
        self._session.send_ahead(verb, address, data, {**kind, **self._identity(address)})

    def _tail(self, call: Call) -> Json:
        from submit.world.google.tailing import Tails  # threads, and in them Google's library

        self._tails = self._tails or Tails(self._channel)
        return self._tails.read(call.request)

    def _channel(self) -> Channel:
        from submit.world.google.tailing import Channel

        target = grpc_target("logging", self._environ)
        if is_loopback(base("logging", "", self._environ)):
            return Channel(target, None)
        trusted = None if self._environ.get(_GRPC_ROOTS) else roots(self._environ)
        return Channel(target, self._credentials.token(), trusted)

    def upload(self, upload: Upload) -> None:
        """Nothing is sent if the object is there with the same bytes."""
        bucket, name = objects.split(upload.to)
        there = self._object(bucket, name)
        if there is not None and objects.has_bytes(there, upload.data):
            return
        send = self._send_chunks if len(upload.data) > large.LARGE_BYTES else self._send_at_once
        try:
            send(upload, bucket, name, objects.generation(there))
        except ServiceError as error:
            if error.kind is not ErrorKind.EXISTS:
                raise
            there = self._object(bucket, name)  # somebody, or our own lost try, was faster
            if there is None or not objects.has_bytes(there, upload.data):
                raise

    def _send_at_once(self, upload: Upload, bucket: str, name: str, generation: str) -> None:
        path, headers, body = objects.multipart(bucket, name, upload.data, generation)
        answer = self._send("storage", "POST", path, body, headers, repeatable=True)
        replies.read(answer.status, answer.body, f"Cloud Storage, `{upload.to}`")

    def _send_chunks(self, upload: Upload, bucket: str, name: str, generation: str) -> None:
        endpoint, total = base("storage", "", self._environ), len(upload.data)
        large.upload(
            upload.data,
            bucket,
            name,
            endpoint=endpoint,
            credentials=self._credentials.anonymous() if self._is_nobody(endpoint) else self._credentials.for_library(),
            generation=generation,
            progress=lambda sent: self._progress(f"uploaded {show_bytes(sent)} of {show_bytes(total)}"),
        )

    def _object(self, bucket: str, name: str) -> Mapping[str, Json] | None:
        try:
            found = self.call(Call(api="storage", method="objects.get", request={"bucket": bucket, "object": name}))
        except ServiceError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        return found if isinstance(found, dict) else None

    def _send(
        self, api: str, verb: str, path: str, body: bytes | None, headers: Mapping[str, str], *, repeatable: bool
    ) -> Answer:
        address = base(api, path, self._environ)

        def send() -> Answer:
            return self._session.send(
                verb, address + path, body, {**headers, **self._identity(address)}, repeatable=repeatable
            )

        answer = send()
        if answer.status == 401 and "authorization" in self._identity(address):
            self._credentials.forget()
            answer = send()
        return answer

    def _identity(self, address: str) -> dict[str, str]:
        """Nobody in particular towards this machine, unless a token was given on purpose."""
        agent = {"User-Agent": f"jobdir/{__version__}", "Accept": "application/json"}
        if self._is_nobody(address):
            return agent
        return {**agent, "authorization": f"Bearer {self._credentials.token()}"}

    def _is_nobody(self, address: str) -> bool:
        return is_loopback(address) and not self._environ.get("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE")


def _as_sent(call: Call) -> tuple[str, str, bytes | None, dict[str, str]]:
    """Verb, path, body and the header that says what the body is."""
    verb, path, body = as_http(call)
    if body is None:
        return verb, path, None, {}
    return verb, path, json.dumps(body).encode(), {"Content-Type": "application/json"}


def _timeout_s(environ: Mapping[str, str]) -> float:
    """As gcloud has it: its hidden property `core/http_timeout`, in seconds."""
    text = environ.get("CLOUDSDK_CORE_HTTP_TIMEOUT", "")
    return float(text) if text.isdecimal() and int(text) > 0 else TIMEOUT_S
