"""Requests to Google's REST APIs, from the rules of their methods and from ML Engine's schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import submit.emulator.services
from bench.reliability.fuzzing import filters, shapes, values
from bench.reliability.fuzzing.known import PROJECT, Known, word
from bench.reliability.fuzzing.wire import Request
from submit.emulator.rpc.messages import Method, Rule, message_class, methods

_SCHEMA = Path(submit.emulator.services.__file__).parent / "data/ml_v1_job.json"
_VARIABLE = re.compile(r"\{([\w.]+)(?:=([^}]+))?\}")
_SERVED = ("CustomJob", "HyperparameterTuningJob", "TrainingPipeline", "PersistentResource", "Project", "Operation")
_LIST = ("filter", "order_by", "orderBy", "page_size", "pageSize", "page_token", "pageToken", "readMask", "updateMask")
_HEADERS = (
    ("Content-Encoding", "gzip"),
    ("Content-Encoding", "br"),
    ("Content-Type", "text/plain"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Accept-Encoding", "gzip"),
    ("X-HTTP-Method-Override", "GET"),
    ("User-Agent", "google-cloud-sdk gcloud/528 command/gcloud.ai.custom-jobs.stream-logs x"),
    ("X-Goog-Api-Client", "\xff"),
    ("Host", "us-central1-aiplatform.googleapis.com"),
    ("Host", "ml.googleapis.com"),
    ("Transfer-Encoding", "chunked"),
)


def google(choose: Random, known: Known) -> Request:
    """One of the methods that there are, those that are served more often."""
    while True:
        service = choose.choice([name for name in methods() if "logging" not in name])
        method = choose.choice(list(methods()[service].values()))
        if method.rules and (choose.random() < 0.1 or any(name in method.name for name in _SERVED)):
            return _request(method, choose.choice(method.rules), choose, known)


def logging(choose: Random, known: Known) -> Request:
    method = choose.choice([each for each in methods()["google.logging.v2.LoggingServiceV2"].values() if each.rules])
    return _request(method, choose.choice(method.rules), choose, known)


def _request(method: Method, rule: Rule, choose: Random, known: Known) -> Request:
    path = _VARIABLE.sub(lambda found: _variable(found[2] or "*", choose, known), rule.template)
    message = message_class(method.request)
    body = None
    if rule.body:
        field = None if rule.body == "*" else message.DESCRIPTOR.fields_by_name[rule.body]
        body = good_body(method.name, choose, known) if choose.random() < 0.8 else None
        body = shapes.message(field.message_type if field else message.DESCRIPTOR, choose) if body is None else body
    return finished(rule.verb, path, list(_query(message.DESCRIPTOR, choose, known)), body, choose)


def ml_engine(choose: Random, known: Known) -> Request:
    base = f"/v1/projects/{quoted(word(choose, PROJECT, '-'))}"
    job = known.name(choose).rpartition("/")[2] if choose.random() < 0.6 else values.text(choose)
    match choose.randrange(7):
        case 0 | 1 | 2:
            documented = shapes.documented(json.loads(_SCHEMA.read_text())["messages"], "Job", choose)
            body = known.ml_job(choose) if choose.random() < 0.7 else documented
            return finished("POST", f"{base}/jobs", [], body, choose)
        case 3:
            query = [(name, _listed(name, choose, known)) for name in choose.sample(_LIST, choose.randrange(4))]
            return finished("GET", f"{base}/jobs", query, None, choose)
        case 4:
            query = [("updateMask", word(choose, "labels"))]
            return finished("PATCH", f"{base}/jobs/{quoted(job)}", query, {"labels": {"a": "b"}}, choose)
        case 5:
            return finished("POST", f"{base}/jobs/{quoted(job)}:cancel", [], {}, choose)
    tail = choose.choice(("", ":getConfig", "/operations", f"/jobs/{quoted(job)}", f"/operations/{quoted(job)}"))
    return finished("GET", f"{base}{tail}", [], None, choose)


def other(choose: Random, _: Known) -> Request:
    """Tokens, the metadata server, and paths that nobody has."""
    paths = ("/token", "/oauth2/v4/token", "/computeMetadata/v1/", "/computeMetadata/v1/project/project-id", "/v3/x")
    path = choose.choice(paths) if choose.random() < 0.7 else "/" + quoted(values.text(choose))
    headers = (("Metadata-Flavor", _header(word(choose, "Google"))),) if choose.random() < 0.7 else ()
    query = f"?recursive={quoted(word(choose, 'true'))}&alt={quoted(word(choose, 'json', 'text'))}"
    verb, body = choose.choice((("GET", b""), ("POST", b"grant_type=x"), ("POST", b"{"), ("OPTIONS", b"")))
    return Request(verb=verb, target=path + query, headers=headers, body=body)


def good_body(method: str, choose: Random, known: Known) -> Any:
    """A request that would be carried out; None if there is none for the method."""
    match method:
        case "CreateCustomJob":
            return known.custom_job()
        case "CreateHyperparameterTuningJob":
            return known.tuning_job()
        case "ListLogEntries":
            size = choose.choice((0, 1, 1000, -1, 2**31 - 1))
            found = {"filter": filters.log_filter(choose), "pageSize": size, "pageToken": choose.choice(known.tokens)}
            return {"resourceNames": [f"projects/{PROJECT}"], "orderBy": word(choose, "", "timestamp desc"), **found}
        case "WriteLogEntries":
            payload = {"jsonPayload": {"a": values.value(choose)}} if choose.random() < 0.5 else {"textPayload": "x"}
            entry = {"logName": f"projects/{PROJECT}/logs/x", "resource": {"type": "global"}, "severity": 300}
            return {"entries": [{**entry, **payload}], "dryRun": choose.random() < 0.2}
    return None


def finished(verb: str, path: str, query: list[tuple[str, str]], body: Any, choose: Random) -> Request:
    """Half of the bodies with changed values, a tenth with damaged bytes."""
    raw = b""
    if body is not None:
        raw = dumped(values.mutated(body, choose) if choose.random() < 0.5 else body)
        raw = values.damaged(raw, choose) if choose.random() < 0.1 else raw
    target = path + ("?" + "&".join(f"{quoted(name)}={quoted(text)}" for name, text in query) if query else "")
    headers = (choose.choice(_HEADERS),) if choose.random() < 0.08 else ()
    # A body that claims to be in chunks and is not is no HTTP.
    broken = any(name == "Transfer-Encoding" for name, _ in headers)
    return Request(verb=verb, target=target, headers=headers, body=raw, broken=broken)


def dumped(body: Any) -> bytes:
    try:
        return json.dumps(body).encode()
    except ValueError:  # a number of more digits than Python writes
        return b'{"a": ' + b"9" * 5000 + b"}"


def quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="/:.~")[:8000]


def _header(text: str) -> str:
    """Without what would end the header."""
    return re.sub(r"[\x00-\x1f\x7f]", "", text)[:4000]


def _variable(pattern: str, choose: Random, known: Known) -> str:
    """A resource's name: one that there is, one of the right form, or anything."""
    kind = choose.random()
    name = known.name(choose)
    if kind < 0.4 and re.fullmatch(pattern.replace("*", "[^/]+"), name):
        return quoted(name)
    parts = [_part(before, choose) if part == "*" else part for before, part in _with_before(pattern.split("/"))]
    return quoted("/".join(parts))


def _with_before(parts: list[str]) -> Iterator[tuple[str, str]]:
    yield from zip(["", *parts], parts, strict=False)


def _part(collection: str, choose: Random) -> str:
    match collection:
        case "projects":
            return word(choose, PROJECT, PROJECT, "-", "123")
        case "locations":
            return word(choose, "us-central1", "us-central1", "-", "europe-west4")
    return word(choose, "1", "x", "fuzz")


def _query(descriptor: Any, choose: Random, known: Known) -> Iterator[tuple[str, str]]:
    names = [name for field in descriptor.fields for name in (field.name, field.json_name)]
    names += ["alt", "$alt", "fields", "key", "$.xgafv", values.text(choose), "a.b.c"]
    for name in choose.sample(names, min(len(names), choose.choice((0, 0, 1, 2, 4)))):
        yield name, _listed(name, choose, known)


def _listed(name: str, choose: Random, known: Known) -> str:
    match name.replace("_", "").lower():
        case "filter":
            return filters.list_filter(choose)
        case "orderby":
            return word(choose, "create_time desc", "display_name", "labels.a,name asc")
        case "pagesize":
            return word(choose, "1", "0", "1000")
        case "pagetoken":
            return word(choose, *known.tokens[-5:])
        case "$alt" | "alt":
            return word(choose, "json;enum-encoding=int", "json")
    return word(choose, "labels", "a", "1")
