"""Late entries, quotas and refusals on request, as clients see them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.api_core.exceptions import OutOfRange, PermissionDenied
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import TailLogEntriesRequest

from submit.emulator.logs.lateness import Lateness
from tests.emulator.logs.conftest import Emulator
from tests.project import wait_until

LOG = "projects/demo/logs/mine"


def settings(emulator: Emulator, verb: str = "PATCH", **changes: Any) -> httpx.Response:
    return httpx.request(verb, f"{emulator.url}/emulator/v1/logs", json=changes or None, timeout=30)


def write(emulator: Emulator, *texts: str, times: tuple[str, ...] = ()) -> None:
    entries = [{"textPayload": text} for text in texts]
    for entry, time in zip(entries, times, strict=False):
        entry["timestamp"] = time
    answer = emulator.post("write", logName=LOG, resource={"type": "global"}, entries=entries)
    assert answer.status_code == 200, answer.text


def listed(emulator: Emulator) -> list[str]:
    return [entry["textPayload"] for entry in emulator.ask(pageSize=1000).get("entries", ())]


class Tail:
    """What a tail has brought so far, read in a thread."""

    def __init__(self, target: str, window_s: float) -> None:
        self.texts: list[str] = []
        self.suppressed: dict[str, int] = {}
        self.begun, self._changed = threading.Event(), threading.Condition()
        self._channel = grpc.insecure_channel(target)
        self._client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=self._channel))
        self._request = TailLogEntriesRequest(
            resource_names=["projects/demo"], buffer_window=timedelta(seconds=window_s)
        )
        self._stop = threading.Event()
        self.ended: Exception | None = None
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _requests(self) -> Iterator[Any]:
        yield self._request
        self._stop.wait(60)

    def _read(self) -> None:
        try:
            for answer in self._client.tail_log_entries(requests=self._requests()):
                with self._changed:
                    self.texts += [entry.text_payload for entry in answer.entries]
                    for info in answer.suppression_info:
                        count = self.suppressed.get(info.reason.name, 0) + info.suppressed_count
                        self.suppressed[info.reason.name] = count
                    self._changed.notify_all()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            self.ended = error

    def wait_for(self, count: int) -> list[str]:
        """As soon as so many entries have come or were suppressed."""
        self.wait_until(lambda: len(self.texts) + sum(self.suppressed.values()) >= count)
        return self.texts

    def wait_until(self, holds: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(holds, 30), f"{self.texts}, {self.suppressed}, {self.ended}"

    def begin(self, emulator: Emulator) -> None:
        """Until entries that are written are surely not skipped as what was there before."""
        for attempt in range(1000):
            write(emulator, f"begin {attempt}")
            with self._changed:
                if self._changed.wait_for(lambda: bool(self.texts), 0.05):
                    break
        write(emulator, "begun")
        self.wait_until(lambda: "begun" in self.texts)
        self.texts.clear()

    def wait_for_end(self) -> Exception | None:
        self._thread.join(30)
        return self.ended

    def close(self) -> None:
        self._stop.set()
        self._channel.close()
        self._thread.join(30)


@pytest.fixture
def tail(emulator: Emulator) -> Iterator[Any]:
    tails: list[Tail] = []

    def start(window_s: float = 0.0) -> Tail:
        tails.append(Tail(emulator.target, window_s))
        return tails[-1]

    yield start
    for each in tails:
        each.close()


def test_nothing_is_late_or_refused_unless_somebody_asks_for_it(emulator: Emulator) -> None:
    shown = settings(emulator, "GET").json()
    assert (shown["late_share"], shown["list_quota_per_minute"], shown["tail_refused"]) == (0, None, False)


def test_everything_that_is_wrong_with_settings_is_said_together_and_changes_nothing(emulator: Emulator) -> None:
    before = settings(emulator, "GET").json()
    answer = settings(emulator, late_share=2, tail_refused="yes", lateness=1, seed=3, late_by_s=True)
    assert answer.status_code == 400
    lines = answer.json()["error"]["message"].splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["late_share", "tail_refused"]
    assert lines[2].startswith("`lateness` is no setting; there are late_share,")
    assert lines[3] == "late_by_s: True is not possible"
    assert settings(emulator, "GET").json() == before


def test_late_entries_are_not_listed_before_their_time(emulator: Emulator) -> None:
    write(emulator, "before")
    settings(emulator, late_share=1, late_by_s=86_000)
    write(emulator, *(str(number) for number in range(50)))
    assert listed(emulator) == ["before"]
    assert settings(emulator, "DELETE").json()["late_share"] == 0
    write(emulator, "after")
    assert listed(emulator) == ["before", "after"]


def test_when_an_entry_came_never_changes(emulator: Emulator, tmp_path: Path) -> None:
    settings(emulator, late_share=1, late_by_s=0.1)
    write(emulator, *(str(number) for number in range(20)))
    wait_until(lambda: len(listed(emulator)) == 20)
    there = emulator.ask(pageSize=1000)["entries"]
    last = max(there, key=lambda entry: entry["receiveTimestamp"])
    assert last["receiveTimestamp"] > last["timestamp"]
    received = f'receiveTimestamp>="{last["receiveTimestamp"]}"'
    assert emulator.ask(filter=received)["entries"] == [last]
    settings(emulator, late_by_s=86_000, seed=3)
    settings(emulator, "DELETE")
    assert emulator.ask(pageSize=1000)["entries"] == there
    again = Lateness(tmp_path / "logs" / "late.json")  # as after a restart
    as_written = [{**entry, "receiveTimestamp": entry["timestamp"]} for entry in there]
    assert list(again.visible(as_written, math.inf)) == there


def test_the_same_entries_are_late_for_every_reader_and_the_seed_chooses_them(emulator: Emulator) -> None:
    settings(emulator, late_share=0.5, late_by_s=86_000, seed=1)
    write(emulator, *(str(number) for number in range(100)))
    first = listed(emulator)
    assert 25 < len(first) < 75
    assert listed(emulator) == first
    assert len(emulator.ask(pageSize=1000, orderBy="timestamp desc")["entries"]) == len(first)


def test_a_tail_brings_each_entry_once_also_the_late_ones(emulator: Emulator, tail: Any) -> None:
    reader = tail()
    reader.begin(emulator)
    settings(emulator, late_share=0.3, late_by_s=0.5)
    texts = [f"line {number}" for number in range(200)]
    write(emulator, *texts)
    found = reader.wait_for(200)
    assert sorted(found) == sorted(texts)
    assert found != texts


def test_what_was_on_its_way_when_a_tail_began_still_comes(emulator: Emulator, tail: Any) -> None:
    settings(emulator, late_share=0.5, late_by_s=5)
    write(emulator, *(f"line {number}" for number in range(40)))
    reader = tail()
    reader.begin(emulator)
    coming = {f"line {number}" for number in range(40)} - set(listed(emulator))
    reader.wait_until(lambda: coming <= set(reader.texts))


def test_the_buffer_window_puts_entries_in_order(emulator: Emulator, tail: Any) -> None:
    reader = tail(window_s=1.0)
    reader.begin(emulator)
    write(emulator, "second", times=("2026-11-20T01:00:02Z",))
    write(emulator, "first", times=("2026-11-20T01:00:01Z",))
    assert reader.wait_for(2) == ["first", "second"]


def test_what_a_client_does_not_take_is_suppressed_and_counted(emulator: Emulator, tail: Any) -> None:
    reader = tail(window_s=0.2)
    reader.begin(emulator)
    settings(emulator, tail_buffer=10)
    write(emulator, *(f"{number:03}" for number in range(100)))
    assert reader.wait_for(100)[-10:] == [f"{number:03}" for number in range(90, 100)]
    assert reader.suppressed == {"NOT_CONSUMED": 90}


def test_what_is_above_the_rate_is_suppressed_and_counted(emulator: Emulator, tail: Any) -> None:
    reader = tail()
    reader.begin(emulator)
    settings(emulator, tail_entries_per_s=5)
    write(emulator, *(str(number) for number in range(100)))
    reader.wait_for(100)
    assert reader.suppressed["RATE_LIMIT"] == 100 - len(reader.texts) >= 85


def test_a_tail_may_be_refused(emulator: Emulator, tail: Any) -> None:
    settings(emulator, tail_refused=True)
    refusal = tail().wait_for_end()
    assert isinstance(refusal, PermissionDenied)
    assert "Permission denied for all log views" in str(refusal)


def test_a_tail_ends_with_its_session(emulator: Emulator, tail: Any) -> None:
    settings(emulator, tail_session_s=0.2)
    end = tail().wait_for_end()
    assert isinstance(end, OutOfRange)
    assert "maximum allowed duration of 0.2s" in str(end)


def test_the_quota_of_reads_is_used_up_in_googles_words(emulator: Emulator) -> None:
    settings(emulator, list_quota_per_minute=2)
    assert [emulator.post("list").status_code for _ in range(3)] == [200, 200, 429]
    error = emulator.post("list").json()["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED"
    assert error["message"].startswith("Quota exceeded for quota metric 'Read requests' and limit 'Read requests per")
    assert error["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    other = {"resourceNames": ["projects/other"]}
    assert httpx.post(f"{emulator.url}/v2/entries:list", json=other, timeout=30).status_code == 200
    settings(emulator, list_quota_per_minute=None)
    assert emulator.post("list").status_code == 200
