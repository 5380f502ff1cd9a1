"""Thousands of requests that no client makes, to an emulator as users start it: each is answered, as Google would,
and nothing is lost, shown or left behind outside of its folder."""

from __future__ import annotations

import contextlib
import http.client
import time
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from bench.reliability.fuzzing import control, judge, rest, rpc, storage
from bench.reliability.fuzzing.known import BUCKET, PROJECT, Known
from bench.reliability.fuzzing.wire import Wire
from bench.reliability.site import Site

SLOW_S = 1.0
_KINDS: dict[str, tuple[int, Callable[[Random, Known], Any]]] = {
    "Vertex AI and others, REST": (30, rest.google),
    "gRPC": (20, rpc.call),
    "ML Engine": (12, rest.ml_engine),
    "logging, REST": (8, rest.logging),
    "storage, JSON API": (12, storage.json_api),
    "storage, uploads": (8, storage.upload),
    "storage, XML API": (4, storage.xml_api),
    "storage, batches": (2, storage.batch),
    "control API": (6, control.request),
    "tokens and metadata": (2, rest.other),
    "no HTTP": (2, control.no_http),
}
"""How often each, of about a hundred, and what makes a request."""


class Fuzz:
    def __init__(self, site: Site, seed: int) -> None:
        self._site, self._seed = site, seed
        self.known = Known(_occupied(site))
        host, port = site.url.removeprefix("http://").split(":")
        self._wire = Wire(host, int(port))
        self._channel = rpc.Channel(f"{host}:{site.ask('GET', '/emulator/v1/endpoints')['grpcPort']}")
        self.kinds: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.slow: list[str] = []
        self.longest_s = 0.0

    def run(self, requests: int) -> Iterator[str]:
        """What is wrong; request `n` follows from the seed and from names that the emulator gave."""
        names, weights = list(_KINDS), [weight for weight, _ in _KINDS.values()]
        for number in range(requests):
            choose = Random(f"{self._seed} {number}")
            kind = choose.choices(names, weights)[0]
            if number % 50 == 0:
                _make_bucket(self._site)
            asked = _KINDS[kind][1](choose, self.known)
            self.kinds[kind] += 1
            if wrong := self._wrong(asked):
                yield f"WRONG request {number}: {wrong}; {asked}"
            if kind == "control API":
                _forget_settings(self._site)

    def close(self) -> None:
        self._wire.close()
        self._channel.close()

    def _wrong(self, asked: Any) -> str:
        wrong, took_s = self._asked(asked)
        self.longest_s = max(self.longest_s, took_s)
        if took_s > SLOW_S:  # of two the quicker: the machine may have been busy
            again, again_s = self._asked(asked)
            self.slow.append(f"{took_s:.1f} s and {again_s:.1f} s: {asked}")
            wrong = wrong or again
            if not wrong and again_s > SLOW_S:
                wrong = f"slow twice, {took_s:.1f} s and {again_s:.1f} s"
        return wrong

    def _asked(self, asked: Any) -> tuple[str, float]:
        if isinstance(asked, rpc.Call):
            code, message, body, seconds = self._channel.ask(asked)
            self.answers[code] += 1
            return judge.wrong_code(code, message, body), seconds
        try:
            reply = self._wire.ask(asked)
        except (OSError, http.client.HTTPException) as error:
            self.answers["nothing"] += 1
            return f"no answer: {type(error).__name__}: {error}", 0.0
        self.answers[str(reply.status)] += 1
        if reply.status == 200:
            self.known.learn(reply.body, reply.headers.get("x-guploader-uploadid", ""))
        return judge.wrong_reply(asked, reply), reply.seconds


def run(site: Site, requests: int, seed: int) -> Iterator[str]:
    """Lines for people; those that begin with WRONG say what does not hold."""
    fuzz = Fuzz(site, seed)
    data = site.state / "emulator"
    _forget_settings(site)  # which makes their files
    judge.plant(site.root, data)
    before = judge.around(site.root, data, site.root / "cache")
    with contextlib.closing(fuzz):
        yield from fuzz.run(requests)
    yield from _figures(fuzz)
    after = judge.around(site.root, data, site.root / "cache")
    yield from (f"WRONG outside of the data: {path}" for path in sorted(set(before.items()) ^ set(after.items())))
    yield from _afterwards(site, fuzz.known)


def _figures(fuzz: Fuzz) -> Iterator[str]:
    yield f"  {sum(fuzz.kinds.values())} requests: " + ", ".join(f"{name} {n}" for name, n in fuzz.kinds.most_common())
    yield "  answers: " + ", ".join(f"{code} {count}" for code, count in fuzz.answers.most_common())
    yield f"  longest {fuzz.longest_s:.2f} s; {len(fuzz.slow)} took longer than {SLOW_S:.0f} s"
    yield from (f"    {line[:300]}" for line in fuzz.slow)


def _afterwards(site: Site, known: Known) -> Iterator[str]:
    """A job is created and found as before, everything can be cleared, and the log has no traceback."""
    jobs = f"/v1/projects/{PROJECT}/locations/us-central1/customJobs"
    created = site.ask("POST", jobs, known.custom_job())
    yield f"  {sum('Jobs/' in name or '/jobs/' in name for name in known.names)} jobs were created"
    if site.ask("GET", f"/v1/{created['name']}")["displayName"] != "fuzz":
        yield "WRONG a job that was created afterwards is not found"
    site.ask("POST", "/emulator/v1:reset", {})
    log = (site.state / "emulator/emulator.log").read_text(errors="replace")
    yield from (f"WRONG {line}" for line in judge.tracebacks(log))


def _occupied(site: Site) -> str:
    """Keeps the emulator's only place busy, so that jobs which requests create wait; the address of its package."""
    here = ("--backend", "vertex", "--staging-bucket", "gs://staging", "--async")
    started = site.submit("train", *here, "--", "--seconds", "100000")
    assert started.code == 0, started.err
    (job,) = next(iter(site.jobs().values()))
    while site.ask("GET", f"/v1/{job}")["state"] != "JOB_STATE_RUNNING":
        time.sleep(0.1)
    return next(f"gs://staging/{name}" for name, _ in site.objects() if name.endswith((".tar.gz", ".whl")))


def _make_bucket(site: Site) -> None:
    with contextlib.suppress(urllib.error.HTTPError):  # it is there
        site.ask("POST", f"/storage/v1/b?project={PROJECT}", {"name": BUCKET})


def _forget_settings(site: Site) -> None:
    for path in ("faults", "capacity", "logs"):
        site.ask("DELETE", f"/emulator/v1/{path}")
