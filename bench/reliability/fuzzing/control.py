"""Requests to the control API, and such that are no HTTP at all."""

from __future__ import annotations

from random import Random

from bench.reliability.fuzzing import values
from bench.reliability.fuzzing.known import Known, word
from bench.reliability.fuzzing.rest import finished, quoted
from bench.reliability.fuzzing.wire import Request

_FAULT = {"method": "*.CreateCustomJob", "answer": "503", "count": 1, "after": 0, "retryAfter": 1.5, "probability": 0.5}
_LOGS = {"late_share": 0.5, "late_by_s": 1.0, "seed": 1, "list_quota_per_minute": 60, "tail_session_s": 1.0}
_CAPACITY = {
    "quotas": {"us-central1": {"cpus": 100}, "*": {"NVIDIA_TESLA_T4": 1}},
    "stockOuts": {"us-central1": {"NVIDIA_TESLA_T4": "fail"}},
    "preemptAfter": 3600,
    "realistic": 0,
    "retiredAccelerators": "accept",
}
_BROKEN = (
    ("Content-Length", "5"),  # and nothing comes
    ("Content-Length", "-1"),
    ("Content-Length", "1e3"),
    ("Content-Length", "9" * 40),
    ("Transfer-Encoding", "chunked"),
    ("Transfer-Encoding", "gzip, chunked"),
    ("Expect", "100-continue\r\nContent-Length: 10"),
    ("", "no name"),
    ("X", "a\x00b"),
    ("X", "x" * 100_000),
)


def request(choose: Random, known: Known) -> Request:
    job = quoted(known.name(choose).rpartition("/")[2])
    verb, path, body = choose.choice(
        (
            ("POST", "faults", _FAULT),
            ("GET", "faults", None),
            ("DELETE", "faults/" + quoted(values.text(choose)), None),
            ("PATCH", "logs", _LOGS),
            ("GET", "logs", None),
            ("PATCH", "capacity", _CAPACITY),
            ("PUT", "capacity", _CAPACITY),
            ("GET", "capacity", None),
            ("POST", f"jobs/{word(choose, job) if choose.random() < 0.5 else 'x'}:preempt", {}),
            ("GET", "endpoints", None),
            (choose.choice(("GET", "POST", "TRACE")), quoted(values.text(choose)), None),
        )
    )
    return finished(verb, f"/emulator/v1/{quoted(path) if verb == 'POST' else path}", [], body, choose)


def no_http(choose: Random, _: Known) -> Request:
    paths = ("/storage/v1/b", "/v2/entries:list", "/v1/projects/fuzzed/jobs", "/emulator/v1/faults", "/a\x00b", "", "*")
    verb = choose.choice(("GET", "POST", "PUT", "", "get", "G\x00T", "PRI", "X" * 5000))
    body = choose.choice((b"", b"{}", b"5\r\nab", b"zz\r\n\r\n", b"\x16\x03\x01\x00", b"x" * 10_000))
    return Request(verb=verb, target=choose.choice(paths), headers=(choose.choice(_BROKEN),), body=body, broken=True)
