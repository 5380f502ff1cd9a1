"""What the official client never sends or never shows."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.emulator.storage.serving import Service


def test_unknown_paths_say_so_and_name_the_path(service: Service, bucket: str) -> None:
    for method, path in (
        ("GET", "/storage/v1/nothing/here"),
        ("POST", f"/storage/v1/b/{bucket}/notificationConfigs"),
        ("GET", f"/storage/v1/b/{bucket}/o/x/iam/unknown"),
        ("DELETE", "/storage/v1/b"),
    ):
        answer = service.call(method, path, b"{}" if method == "POST" else b"")
        assert answer.status == 501
        assert f"{method} {path}" in answer.json["error"]["message"]


def test_errors_have_the_service_s_envelope(service: Service, bucket: str) -> None:
    answer = service.call("GET", f"/storage/v1/b/{bucket}/o/none")
    message = f"No such object: {bucket}/none"
    assert answer.status == 404
    assert answer.json == {
        "error": {
            "code": 404,
            "message": message,
            "errors": [{"message": message, "domain": "global", "reason": "notFound"}],
        }
    }
    plain = service.call("GET", f"/storage/v1/b/{bucket}/o/none?alt=media")
    assert (plain.status, plain.body) == (404, message.encode())


def test_links_follow_the_host_that_the_client_asked(service: Service, bucket: str) -> None:
    target = f"/upload/storage/v1/b/{bucket}/o?uploadType=resumable&name=a%2Fb"
    asked = {"Host": "my.host:1234", "X-Forwarded-Proto": "https"}
    location = service.call("POST", target, {}, asked).headers["location"]
    assert location.startswith(f"https://my.host:1234/upload/storage/v1/b/{bucket}/o?uploadType=resumable&name=a%2Fb&")


def test_packed_content_is_unpacked_for_those_who_cannot(service: Service, bucket: str) -> None:
    packed = gzip.compress(b"text " * 1000)
    service.put(bucket, "x&contentEncoding=gzip", packed)
    target = f"/storage/v1/b/{bucket}/o/x?alt=media"
    assert service.call("GET", target).body == b"text " * 1000
    raw = service.call("GET", target, headers={"Accept-Encoding": "gzip"})
    assert (raw.body, raw.headers["content-encoding"]) == (packed, "gzip")


def test_content_that_is_not_packed_as_it_says_is_shown_as_it_is(service: Service, bucket: str) -> None:
    for content in (b"", b"text"):
        service.put(bucket, "x&contentEncoding=gzip", content)
        answer = service.call("GET", f"/storage/v1/b/{bucket}/o/x?alt=media")
        assert (answer.status, answer.body) == (200, content)


def test_stored_text_cannot_forge_headers(service: Service, bucket: str) -> None:
    service.put(bucket, "x", b"1")
    service.call("PATCH", f"/storage/v1/b/{bucket}/o/x", {"cacheControl": "a\r\nSet-Cookie: b"})
    answer = service.call("GET", f"/storage/v1/b/{bucket}/o/x?alt=media")
    assert answer.status == 200
    assert "set-cookie" not in answer.headers


def test_xml_puts_gets_heads_and_deletes(service: Service, bucket: str) -> None:
    headers = {"Content-Type": "text/x", "x-goog-meta-k": "v", "x-goog-if-generation-match": "0"}
    assert service.call("PUT", f"/{bucket}/a/b%20c", b"xml", headers).status == 200
    assert service.call("PUT", f"/{bucket}/a/b%20c", b"xml", headers).status == 412
    found = service.call("GET", f"/storage/v1/b/{bucket}/o/a%2Fb%20c").json
    assert (found["contentType"], found["metadata"]) == ("text/x", {"k": "v"})
    assert service.call("GET", f"/{bucket}/a/b%20c").body == b"xml"
    head = service.call("HEAD", f"/{bucket}/a/b%20c")
    assert (head.status, head.headers["content-length"], head.body) == (200, "3", b"")
    by_host = service.call("GET", "/a/b%20c", headers={"Host": f"{bucket}.storage.googleapis.com"})
    assert by_host.body == b"xml"
    assert service.call("DELETE", f"/{bucket}/a/b%20c").status == 204
    missing = service.call("GET", f"/{bucket}/a/b%20c")
    assert (missing.status, b"<Code>NoSuchKey</Code>" in missing.body) == (404, True)


def test_parts_of_another_upload_are_not_taken(service: Service, bucket: str) -> None:
    begun = service.call("POST", f"/{bucket}/x?uploads", b"")
    upload = begun.body.partition(b"<UploadId>")[2].partition(b"<")[0].decode()
    assert service.call("PUT", f"/{bucket}/x?partNumber=0&uploadId={upload}", b"1").status == 400
    assert service.call("PUT", f"/{bucket}/x?partNumber=1&uploadId=../../x", b"1").status == 404
    assert service.call("PUT", f"/{bucket}/x?partNumber=1&uploadId={upload}", b"1").status == 200
    assert service.call("POST", f"/{bucket}/y?uploadId={upload}", b"<PartNumber>1</PartNumber>").status == 404
    assert service.call("POST", f"/{bucket}/x?uploadId={upload}", b"<PartNumber>2</PartNumber>").status == 400
    assert service.call("DELETE", f"/{bucket}/x?uploadId={upload}").status == 204
    assert list((service.buckets / ".storage" / "incoming").glob(f"{upload}*")) == []


@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_a_batch_answers_each_call_under_its_id(service: Service, bucket: str, line_end: str) -> None:
    service.put(bucket, "x", b"1")
    calls = [f"GET /storage/v1/b/{bucket}/o/x?fields=name HTTP/1.1", f"DELETE /storage/v1/b/{bucket}/o/y HTTP/1.1"]
    lines = []
    for number, call in enumerate(calls):
        lines += ["--b", "Content-Type: application/http", f"Content-ID: <id+{number}>", "", call, "", ""]
    body = line_end.join([*lines, "--b--", ""]).encode()
    answer = service.call("POST", "/batch/storage/v1", body, {"Content-Type": "multipart/mixed; boundary='b'"})
    assert answer.status == 200
    first, second = answer.body.split(b"--batch_")[1:3]
    assert b"Content-ID: <response-id+0>" in first
    assert b"HTTP/1.1 200 OK" in first
    assert json.loads(first.strip().rpartition(b"\r\n\r\n")[2]) == {"name": "x"}
    assert b"Content-ID: <response-id+1>" in second
    assert b"HTTP/1.1 404 Not Found" in second
