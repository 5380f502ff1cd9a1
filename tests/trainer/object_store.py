"""As much of Cloud Storage's JSON API as the trainer uses, over objects in memory, for Google's own client library.

https://cloud.google.com/storage/docs/json_api/v1/objects
"""

from __future__ import annotations

import base64
import json
import re
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

BUCKET = "bucket"


class ObjectStore(ThreadingHTTPServer):
    """One bucket, at `url`. `objects` maps names to contents."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"

    def listing(self, prefix: str, delimiter: str) -> list[str]:
        below = {name: name[len(prefix) :] for name in self.objects if name.startswith(prefix)}
        return sorted(name for name, rest in below.items() if not delimiter or delimiter not in rest)


@contextmanager
def serving() -> Iterator[ObjectStore]:
    with ObjectStore() as store:
        thread = threading.Thread(target=store.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield store
        finally:
            store.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: ObjectStore
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path == f"/storage/v1/b/{BUCKET}/o":
            names = self.server.listing(query.get("prefix", ""), query.get("delimiter", ""))
            self._answer(200, {"kind": "storage#objects", "items": [self._resource(name) for name in names]})
        elif (name := self._object(url.path)) in self.server.objects:
            self._answer(200, self.server.objects[name])
        else:
            self._not_found()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if urlsplit(self.path).path != f"/upload/storage/v1/b/{BUCKET}/o":
            return self._not_found()
        boundary = b"--" + self.headers["Content-Type"].partition("boundary=")[2].strip("\"'").encode()
        _, about, content, _ = body.split(boundary)
        name = json.loads(about.partition(b"\r\n\r\n")[2])["name"]
        self.server.objects[name] = content.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        return self._answer(200, self._resource(name))

    def do_DELETE(self) -> None:
        if self.server.objects.pop(self._object(urlsplit(self.path).path), None) is None:
            return self._not_found()
        return self._answer(204, b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Keeps the requests off stderr."""

    def _object(self, path: str) -> str:
        match = re.fullmatch(rf"(?:/download)?/storage/v1/b/{BUCKET}/o/(.+)", path)
        return unquote(match[1]) if match else ""

    def _resource(self, name: str) -> dict[str, str]:
        return {"kind": "storage#object", "name": name, "bucket": BUCKET, "generation": "1"} | {
            "size": str(len(self.server.objects[name])),
            "crc32c": base64.b64encode(struct.pack(">I", google_crc32c.value(self.server.objects[name]))).decode(),
        }

    def _not_found(self) -> None:
        self._answer(404, {"error": {"code": 404, "message": "no such thing"}})

    def _answer(self, status: int, body: bytes | Mapping[str, object]) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
