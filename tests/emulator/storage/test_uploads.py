from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator

import pytest

from submit.emulator.storage.errors import StorageError
from submit.emulator.storage.related import Related, boundary
from submit.emulator.storage.resumable import Chunk, parse_content_range
from tests.emulator.storage.serving import Service


def taken_apart(body: bytes, size: int, limit: bytes = b"==b==") -> tuple[dict[str, object], str, bytes]:
    """The body as it arrives in chunks of `size` bytes."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    async def run() -> tuple[dict[str, object], str, bytes]:
        related = Related(chunks(), limit)
        resource, kind = await related.open()
        return resource, kind, b"".join([chunk async for chunk in related.content()])

    return asyncio.run(run())


def related_body(content: bytes, end: bytes = b"\r\n", headers: bytes = b"") -> bytes:
    lines = [
        b"--==b==", b"Content-Type: application/json", b"", b'{"name": "x"}',
        b"--==b==", b"Content-Type: text/plain" + headers, b"", content, b"--==b==--", b"",
    ]  # fmt: skip
    return end.join(lines)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["crlf", "lf"])
@pytest.mark.parametrize("content", [b"", b"hello", b"\r\n", b"a\n--==b", b"--==b", b"\r.", b"\n\n", b"x" * 100])
def test_a_multipart_body_is_taken_apart_byte_by_byte(content: bytes, end: bytes, size: int) -> None:
    assert taken_apart(related_body(content, end), size) == ({"name": "x"}, "text/plain", content)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_base64_content_is_decoded(size: int) -> None:
    content = os.urandom(500)
    body = related_body(base64.encodebytes(content), headers=b"\r\nContent-Transfer-Encoding: base64")
    assert taken_apart(body, size)[2] == content


@pytest.mark.parametrize("body", [b"", b"--==b==\r\n\r\n{}", related_body(b"cut")[:-12], b"nothing of this kind"])
def test_a_body_that_is_not_whole_is_refused(body: bytes) -> None:
    with pytest.raises(StorageError) as caught:
        taken_apart(body, 10)
    assert caught.value.code == 400


@pytest.mark.parametrize("text", ["boundary=ab", 'boundary="ab"', "boundary='ab'", "BOUNDARY=ab; charset=x"])
def test_boundaries_are_read_in_every_quotation(text: str) -> None:
    assert boundary(f"multipart/related; {text}") == b"ab"


def test_content_ranges_say_chunks_status_and_totals() -> None:
    assert parse_content_range("bytes 0-9/20") == Chunk(start=0, total=20)
    assert parse_content_range("bytes 5-*/*") == Chunk(start=5, total=None)
    assert parse_content_range("bytes */20") == Chunk(start=None, total=20)
    assert parse_content_range("bytes */*") == Chunk(start=None, total=None)
    for wrong in ("bytes x-y/z", f"bytes 0-{'9' * 5000}/*", f"bytes {'9' * 5000}-*/*", f"bytes */{'9' * 5000}"):
        with pytest.raises(StorageError):
            parse_content_range(wrong)


def test_a_header_of_a_part_with_many_spaces_is_read_at_once() -> None:
    spaces = b" " * 1_000_000
    body = related_body(b"hello", headers=b"\r\nContent-Transfer-Encoding: a" + spaces + b"b")
    assert taken_apart(body, 65_536) == ({"name": "x"}, "text/plain", b"hello")


def begin(service: Service, bucket: str, name: str, query: str = "") -> str:
    answer = service.call("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=resumable&name={name}{query}", {})
    assert answer.status == 200
    return answer.headers["location"].removeprefix(service.url)


def test_a_resumable_upload_goes_on_where_it_was_cut(service: Service, bucket: str) -> None:
    content = os.urandom(1000)
    session = begin(service, bucket, "x")
    status = service.call("PUT", session, headers={"Content-Range": "bytes */*"})
    assert (status.status, status.headers.get("range")) == (308, None)
    first = service.call("PUT", session, content[:600], {"Content-Range": "bytes 0-599/1000"})
    assert (first.status, first.headers["range"]) == (308, "bytes=0-599")
    gap = service.call("PUT", session, content[700:], {"Content-Range": "bytes 700-999/1000"})
    assert gap.status == 503
    again = service.call("PUT", session, content[500:], {"Content-Range": "bytes 500-999/1000"})
    assert (again.status, again.json["size"]) == (200, "1000")
    assert service.call("PUT", session, headers={"Content-Range": "bytes */1000"}).json == again.json
    assert (service.buckets / bucket / "x").read_bytes() == content


def test_a_precondition_of_a_session_is_checked_at_its_end(service: Service, bucket: str) -> None:
    session = begin(service, bucket, "x", "&ifGenerationMatch=0")
    service.put(bucket, "x", b"faster")
    assert service.call("PUT", session, b"slower").status == 412
    assert (service.buckets / bucket / "x").read_bytes() == b"faster"
    assert service.call("PUT", session, b"slower").status == 404


def test_a_cancelled_session_is_gone(service: Service, bucket: str) -> None:
    session = begin(service, bucket, "x")
    assert service.call("DELETE", session).status == 499
    assert service.call("PUT", session, b"late").status == 404


@pytest.mark.parametrize(
    "header",
    [
        {"X-Goog-Hash": "crc32c=AAAAAA=="},
        {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="},
    ],
)
def test_content_that_is_not_what_was_declared_is_refused(
    service: Service, bucket: str, header: dict[str, str]
) -> None:
    answer = service.call("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name=x", b"data", header)
    assert answer.status == 400
    assert "doesn't match calculated" in answer.json["error"]["message"]
    assert list((service.buckets / bucket).iterdir()) == []


def test_nothing_stays_of_uploads_that_were_refused(service: Service, bucket: str) -> None:
    service.put(bucket, "x", b"1")
    service.put(bucket, "x&ifGenerationMatch=0", b"2")
    service.call("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name=x", b"3", {"X-Goog-Hash": "md5=no"})
    assert list((service.buckets / ".storage" / "incoming").iterdir()) == []


def test_a_resource_that_is_too_long_is_refused(service: Service) -> None:
    answer = service.call("POST", "/storage/v1/b?project=demo", b"[" * (9 * 1024 * 1024))
    assert (answer.status, answer.json["error"]["code"]) == (413, 413)


def test_values_of_other_types_are_refused(service: Service, bucket: str) -> None:
    service.put(bucket, "x", b"1")
    for body in ({"metadata": 3}, {"metadata": {"a": 1}}, {"contentType": 5}, {"acl": "all"}, {"acl": [1]}):
        assert service.call("PATCH", f"/storage/v1/b/{bucket}/o/x", body).status == 400
    assert service.call("PATCH", f"/storage/v1/b/{bucket}/o/x", b"[1]").status == 400
    for value in (b"1", b"0", b"false", b'""', b"[]"):
        assert service.call("PATCH", f"/storage/v1/b/{bucket}", b'{"versioning": ' + value + b"}").status == 400
    assert service.put(bucket, "x", b"2").status == 200


def test_what_is_taken_away_of_every_resource_is_as_at_its_creation(service: Service, bucket: str) -> None:
    service.put(bucket, "x", b"1")
    for target in (f"/storage/v1/b/{bucket}", f"/storage/v1/b/{bucket}/o/x"):
        nothing = {"storageClass": None, "iamConfiguration": None, "softDeletePolicy": None}
        assert service.call("PATCH", target, nothing).json["storageClass"] == "STANDARD"
        assert service.call("PUT", target, {}).json["storageClass"] == "STANDARD"
    assert service.call("GET", f"/storage/v1/b/{bucket}/o/x?alt=media").body == b"1"
