"""Requests to Cloud Storage: the JSON API, uploads of all kinds, the XML API and batches."""

from __future__ import annotations

import gzip
from random import Random
from urllib.parse import quote

from bench.reliability.fuzzing import values
from bench.reliability.fuzzing.known import BUCKET, Known, word
from bench.reliability.fuzzing.rest import dumped
from bench.reliability.fuzzing.wire import Request
from submit.emulator.storage.routes import JSON_API

_OBJECTS = ("a", "a", "run/model.txt", "日本語", "empty")
_QUERY = (
    *("alt", "fields", "generation", "ifGenerationMatch", "ifGenerationNotMatch", "ifMetagenerationMatch", "matchGlob"),
    *("delimiter", "endOffset", "startOffset", "includeTrailingDelimiter", "maxResults", "pageToken", "prefix", "name"),
    *(
        "project",
        "projection",
        "softDeleted",
        "sourceGeneration",
        "ifSourceGenerationMatch",
        "versions",
        "contentEncoding",
    ),
    *("userProject", "uploadType", "upload_id", "uploads", "uploadId", "partNumber", "rewriteToken", "predefinedAcl"),
)
_RESOURCE = {
    "name": "a",
    "contentType": "text/plain",
    "contentEncoding": "gzip",
    "metadata": {"a": "b"},
    "md5Hash": "1B2M2Y8AsgTpgAmy7PhCfg==",
    "crc32c": "AAAAAA==",
    "customTime": "2026-11-21T03:33:37Z",
    "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 1}}]},
    "labels": {"a": "b"},
    "location": "US",
    "storageClass": "STANDARD",
    "versioning": {"enabled": True},
    "sourceObjects": [{"name": "a", "generation": "1", "objectPreconditions": {"ifGenerationMatch": "1"}}],
    "destination": {"contentType": "text/plain"},
    "bindings": [{"role": "roles/storage.admin", "members": ["user:a"]}],
    "acl": [{"entity": "allUsers", "role": "READER"}],
}
_CONTENT_RANGES = (
    *(
        "bytes 0-3/8",
        "bytes 4-7/8",
        "bytes 0-3/4",
        "bytes */*",
        "bytes */8",
        "bytes 0-3/*",
        "bytes 0-*/*",
        "bytes 3-0/4",
    ),
    *("bytes 9999999999999999999-99999999999999999999/*", "bytes -1-3/4", "bytes", "octets 0-3/4", "bytes ٣-٤/5", ""),
    *("bytes 0-3/" + "9" * 5000, "bytes 0-3/3", "bytes " + "9" * 5000 + "-*/*"),
)
_RANGES = ("bytes=0-0", "bytes=-1", "bytes=5-1", "bytes=0-" + "9" * 5000, "bytes=a-b", "bytes=0-1,3-4", "x", "bytes=-0")


def json_api(choose: Random, _: Known) -> Request:
    (verb, pattern), _handler = choose.choice(list(JSON_API.items()))
    path = _filled(pattern, choose)
    if verb == "GET" and choose.random() < 0.2:
        return _request("GET", "/download/storage/v1/" + path, b"", choose)
    if verb == "DELETE" and pattern == "b/{}" and choose.random() < 0.9:
        verb = "GET"  # nearly all other requests need the bucket
    body = {key: _RESOURCE[key] for key in choose.sample(sorted(_RESOURCE), choose.randrange(6))}
    body = values.mutated(body, choose) if choose.random() < 0.5 else body
    return _request(verb, "/storage/v1/" + path, b"" if verb in ("GET", "DELETE") else dumped(body), choose)


def upload(choose: Random, known: Known) -> Request:
    base, content = f"/upload/storage/v1/b/{_bucket(choose)}/o", choose.choice((b"", b"abcd", b"x" * 100_000))
    name = quoted(_object(choose))
    match choose.randrange(5):
        case 0:
            return _request("POST", f"{base}?uploadType=media&name={name}", content, choose)
        case 1:
            body = b"\r\n".join(_parts(dumped(values.mutated(_RESOURCE, choose)), content, b"--b"))
            body = values.damaged(body, choose) if choose.random() < 0.5 else body
            kind = word(choose, "multipart/related; boundary=b", 'multipart/related; boundary="b"', "multipart/related")
            return _request("POST", f"{base}?uploadType=multipart", body, choose, ("Content-Type", _header(kind)))
        case 2:
            body = dumped(values.mutated(_RESOURCE, choose))
            return _request("POST", f"{base}?uploadType=resumable&name={name}", body, choose)
    session = quoted(choose.choice(known.sessions[-5:]))
    verb = choose.choice(("PUT", "PUT", "PUT", "POST", "DELETE"))
    said = ("Content-Range", choose.choice(_CONTENT_RANGES))
    return _request(verb, f"/upload/storage/v1/b/{BUCKET}/o?upload_id={session}", content[:4], choose, said)


def xml_api(choose: Random, known: Known) -> Request:
    verb = choose.choice(("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"))
    session, number = quoted(choose.choice(known.sessions[-5:])), quoted(word(choose, "1", "2"))
    query = choose.choice(("", "", "?uploads", f"?uploadId={session}&partNumber={number}", f"?uploadId={session}"))
    part = "<Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>"
    body = choose.choice((b"", b"abcd", f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()))
    body = values.damaged(body, choose) if choose.random() < 0.2 else body
    said = ("x-goog-if-generation-match", _header(word(choose, "0", "1")))
    return _request(verb, f"/{_bucket(choose)}/{quoted(_object(choose))}{query}", body, choose, said)


def batch(choose: Random, known: Known) -> Request:
    calls = []
    for number in range(choose.choice((0, 1, 3, 3, 101))):
        inner = json_api(choose, known)
        head = f"{inner.verb} {inner.target[:500]} HTTP/1.1\r\nContent-Length: {len(inner.body)}\r\n\r\n"
        outer = f"Content-Type: application/http\r\nContent-ID: <{word(choose, 'x')}+{number}>\r\n\r\n"
        calls.append(outer.encode("utf-8", "replace") + head.encode() + inner.body)
    body = b"".join(b"--b\r\n" + call + b"\r\n" for call in calls) + b"--b--"
    body = values.damaged(body, choose) if choose.random() < 0.4 else body
    kind = (
        "Content-Type",
        choose.choice(("multipart/mixed; boundary=b", "multipart/mixed", "multipart/mixed; boundary=")),
    )
    return Request(verb="POST", target="/batch/storage/v1", headers=(kind,), body=body)


def _request(verb: str, target: str, body: bytes, choose: Random, *said: tuple[str, str]) -> Request:
    query = [f"{name}={quoted(_text(name, choose))}" for name in choose.sample(_QUERY, choose.choice((0, 0, 1, 2, 3)))]
    target += ("&" if "?" in target else "?") + "&".join(query) if query else ""
    headers = [*said]
    if choose.random() < 0.2:
        headers.append(("Range", choose.choice(_RANGES)))
    if choose.random() < 0.05:
        headers.append(choose.choice((("X-Goog-Hash", "crc32c=x,md5=="), ("X-Goog-Hash", "md5=" + "=" * 50))))
    if choose.random() < 0.05:
        headers.append(("Content-Encoding", "gzip"))
        body = gzip.compress(body) if choose.random() < 0.5 else body
    return Request(verb=verb, target=target, headers=tuple(headers), body=body)


def _text(name: str, choose: Random) -> str:
    good = {
        "alt": ("media", "json"),
        "fields": ("items(name,size)", "a/b/c", "*", "items(" * 200, "(((", "a(b,c(d/e)),f"),
        "matchGlob": ("**/*.txt", "{a,b}*", "[a-", "*" * 300, "*a" * 40 + "b", "{" * 300 + "}" * 300, "[!a]", "[z-a]"),
        "maxResults": ("1", "0", "1000"),
        "uploadType": ("media", "multipart", "resumable"),
    }
    return word(choose, *good.get(name, ("1", "a", "true", "/")))


def _filled(pattern: str, choose: Random) -> str:
    """`{}` after `b` is a bucket, after `o` an object."""
    parts, before = [], ""
    for part in pattern.split("/"):
        name = _bucket(choose) if before == "b" else quoted(_object(choose))
        parts.append(name if part == "{}" else part)
        before = part
    return "/".join(parts)


def _bucket(choose: Random) -> str:
    return quoted(choose.choice((BUCKET,) * 9 + (values.text(choose),)))


def _object(choose: Random) -> str:
    return word(choose, *_OBJECTS)


def _parts(resource: bytes, content: bytes, mark: bytes) -> list[bytes]:
    return [
        mark,
        b"Content-Type: application/json",
        b"",
        resource,
        mark,
        b"Content-Type: a/b",
        b"",
        content,
        mark + b"--",
    ]


def _header(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:1000]


def quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")[:8000]
