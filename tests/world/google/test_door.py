"""The door to Google over real sockets, against a server that behaves as badly as a service on its worst day."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from submit.backends import mlengine
from submit.errors import ErrorKind, ServiceError, UnansweredError, UnsentError, UsageError
from submit.job import Handle, Json, JsonObject
from submit.steps import Call, Step, Upload, carry_out
from submit.steps import Reply as Answer
from submit.world.google import Google
from submit.world.google.proxy import Proxy, proxy_for
from submit.world.google.session import Session
from tests.backends.examples import TARGET, example
from tests.world.google.scripted import RESET, SILENCE, Act, Reply, Scripted, scripted

GET = Call(api="ml", method="projects.jobs.get", request={"name": "projects/p/jobs/j"})
CREATE = Call(
    api="ml", method="projects.jobs.create", request={"parent": "projects/p", "job": {"jobId": "j"}}, changes=True
)
CANCEL = Call(api="ml", method="projects.jobs.cancel", request={"name": "projects/p/jobs/j"}, changes=True)
BUSY = Reply(status=503, body={"error": {"code": 503, "status": "UNAVAILABLE", "message": "Busy."}})
UNKNOWN = Reply(status=404, body={"error": {"code": 404, "status": "NOT_FOUND", "message": "Not found."}})
JOB: JsonObject = {"jobId": "j"}
PATIENT_S = 30.0


@dataclass
class Site:
    """A server with its script, our door to it, and how long the door would have waited between its tries."""

    server: Scripted
    google: Google
    pauses: list[float] = field(default_factory=list)

    @property
    def creations(self) -> int:
        return sum(target.startswith("POST") and target.endswith("/jobs") for target in self.server.targets)


@contextmanager
def site(*acts: Act, timeout_s: float = PATIENT_S, **environ: str) -> Iterator[Site]:
    with scripted(*acts) as server:
        pauses: list[float] = []
        there = {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": server.url for api in ("ML", "STORAGE", "LOGGING")}
        with closing(Google(there | environ, timeout_s=timeout_s, pause=pauses.append)) as google:
            yield Site(server, google, pauses)


def test_what_only_reads_is_asked_again_after_growing_pauses() -> None:
    with site(BUSY, BUSY, Reply(body=JOB)) as here:
        assert here.google.call(GET) == JOB
        assert len(here.server.heard) == 3
        first, second = here.pauses
        assert 0 < first < second


@pytest.mark.parametrize("status", [429, 503])
def test_the_service_says_when_to_come_back(status: int) -> None:
    later = Reply(status=status, body=BUSY.body, headers={"Retry-After": "7"})
    with site(later, Reply(body=JOB)) as here:
        assert here.google.call(GET) == JOB
        assert here.pauses == [7.0]


def test_a_used_up_quota_without_a_time_is_tried_again_and_then_told() -> None:
    words: JsonObject = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded."}}
    full = Reply(status=429, body=words)
    with site(full, full, full, full) as here, pytest.raises(ServiceError, match="ML Engine: Quota exceeded") as caught:
        here.google.call(GET)
    assert caught.value.kind is ErrorKind.QUOTA


@pytest.mark.parametrize("act", [BUSY, RESET, Reply(body=JOB, cut=3)])
def test_a_creation_that_may_have_been_done_is_sent_once(act: Act) -> None:
    with site(act) as here, pytest.raises(ServiceError) as caught:
        here.google.call(CREATE)
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert (here.creations, here.pauses) == (1, [])


def test_a_creation_without_an_answer_in_time_is_sent_once() -> None:
    with site(SILENCE, timeout_s=0.3) as here, pytest.raises(UnansweredError, match="did not answer in time"):
        here.google.call(CREATE)
    assert here.creations == 1


@pytest.mark.parametrize(("status", "kind"), [(500, ServiceError), (502, UnansweredError), (504, UnansweredError)])
def test_a_server_in_between_that_gave_up_does_not_know_what_was_done(status: int, kind: type[ServiceError]) -> None:
    with site(Reply(status=status, body={})) as here, pytest.raises(ServiceError) as caught:
        here.google.call(CREATE)
    assert (type(caught.value), caught.value.kind, here.creations) == (kind, ErrorKind.TRANSIENT, 1)


@pytest.mark.parametrize("act", [RESET, Reply(body=JOB, cut=3)])
@pytest.mark.parametrize("call", [GET, CANCEL])
def test_what_does_no_harm_twice_is_sent_again_when_the_connection_broke(call: Call, act: Act) -> None:
    with site(act, Reply(body=JOB)) as here:
        assert here.google.call(call) == JOB
        assert len(here.server.heard) == 2


def test_a_creation_does_not_use_a_connection_that_may_be_dead() -> None:
    with site(Reply(body=JOB, close=True), Reply(body=JOB)) as here:
        here.google.call(GET)
        here.google.call(CREATE)
        assert [request.connection for request in here.server.heard] == [0, 1]


def test_calls_that_only_read_share_a_connection() -> None:
    with site(Reply(body=JOB), Reply(body=JOB)) as here:
        here.google.call(GET)
        here.google.call(GET)
        assert [request.connection for request in here.server.heard] == [0, 0]


LIST = Call(api="logging", method="entries.list", request={"resourceNames": ["projects/p"]})
SECOND = replace(LIST, request={**LIST.request, "pageToken": "2"})
FIRST_PAGE, LAST_PAGE = Reply(body={"nextPageToken": "2"}), Reply(body={"entries": []})


def test_the_next_page_of_a_log_is_asked_for_while_this_one_is_read() -> None:
    asked = threading.Event()
    with site(FIRST_PAGE, replace(LAST_PAGE, first=asked.set)) as here:
        here.google.call(LIST)
        assert asked.wait(PATIENT_S)
        assert here.google.call(SECOND) == LAST_PAGE.body
        assert [heard.json for heard in here.server.heard] == [LIST.request, SECOND.request]


def test_a_page_that_was_asked_for_and_not_given_is_asked_for_again() -> None:
    with site(FIRST_PAGE, RESET, LAST_PAGE) as here:
        here.google.call(LIST)
        assert here.google.call(SECOND) == LAST_PAGE.body


def test_other_questions_meanwhile_are_not_given_the_next_page() -> None:
    asked = threading.Event()
    with site(FIRST_PAGE, replace(LAST_PAGE, first=asked.set), Reply(body=JOB)) as here:
        here.google.call(LIST)
        assert asked.wait(PATIENT_S)
        assert here.google.call(GET) == JOB
        assert here.google.call(SECOND) == LAST_PAGE.body
        assert len(here.server.heard) == 3


def test_a_server_that_was_never_reached_has_done_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    pauses: list[float] = []
    google = Google({"CLOUDSDK_API_ENDPOINT_OVERRIDES_ML": url}, pause=pauses.append)
    with pytest.raises(UnsentError, match="cannot be reached: connection refused"):
        google.call(CREATE)
    assert len(pauses) == 3  # nothing was sent, so that a creation may be tried again


def test_the_users_own_proxy_is_told_who_asks() -> None:
    full = Reply(status=407)
    with scripted(full, full, full, full) as proxy:
        environ = {"https_proxy": proxy.url.replace("//", "//me:p%40ss@")}
        session = Session(environ, pause=lambda _: None)
        with closing(session), pytest.raises(UnsentError) as caught:
            session.send("GET", "https://ml.example/v1/jobs", None, {}, repeatable=True)
    assert "p@ss" not in str(caught.value)
    assert proxy.targets[0] == "CONNECT ml.example:443"
    assert base64.b64decode(proxy.heard[0].headers["proxy-authorization"].removeprefix("Basic ")) == b"me:p@ss"


@pytest.mark.parametrize("address", ["socks5://proxy.example:1080", "http://", "http://proxy.example:port"])
def test_a_proxy_that_does_not_speak_http_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="does not name a proxy that speaks HTTP"):
        proxy_for("ml.googleapis.com", {"HTTPS_PROXY": address})


def test_certificates_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name in ("empty.pem", "nowhere.pem"):
        file = str(tmp_path / name)
        session = Session({"REQUESTS_CA_BUNDLE": file})
        with pytest.raises(UsageError, match=f"the certificates `{file}` cannot be used"):
            session.send("GET", "https://ml.googleapis.com/v1/projects/p/jobs", None, {}, repeatable=True)


def test_a_proxy_is_gone_around_for_the_hosts_that_its_user_excepts() -> None:
    environ = {"https_proxy": "proxy.example:3128", "no_proxy": ".googleapis.com"}
    assert proxy_for("ml.googleapis.com", environ) is None
    assert proxy_for("ml.example", environ) == Proxy("proxy.example", 3128, {})


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("old\n")
    return file


DENIED = Reply(status=401, body={"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "Who?"}})


def test_a_token_that_is_no_longer_good_is_replaced_once(token: Path) -> None:
    refused = Reply(status=401, body=DENIED.body, first=lambda: token.write_text("new"))
    with site(refused, Reply(body=JOB), CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=str(token)) as here:
        assert here.google.call(CREATE) == JOB
        assert [request.headers["authorization"] for request in here.server.heard] == ["Bearer old", "Bearer new"]


def test_whoever_is_refused_learns_how_to_log_in_and_no_token_is_shown(token: Path) -> None:
    with (
        site(DENIED, DENIED, CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=str(token)) as here,
        pytest.raises(ServiceError) as caught,
    ):
        here.google.call(GET)
    assert caught.value.kind is ErrorKind.DENIED
    (problem,) = caught.value.problems
    assert "gcloud auth application-default login" in problem.hint
    assert "old" not in str(caught.value)


def test_a_token_file_that_is_not_there_is_named() -> None:
    with (
        site(CLOUDSDK_AUTH_ACCESS_TOKEN_FILE="/nowhere/token") as here,
        pytest.raises(
            ServiceError, match="the file `/nowhere/token`, which CLOUDSDK_AUTH_ACCESS_TOKEN_FILE names, cannot be read"
        ),
    ):
        here.google.call(GET)


DATA = b"archive"
MD5 = base64.b64encode(hashlib.md5(DATA, usedforsecurity=False).digest()).decode()
THERE = Reply(body={"name": "a.tar.gz", "size": str(len(DATA)), "md5Hash": MD5, "generation": "5"})
OTHER = Reply(body={"name": "a.tar.gz", "size": "3", "md5Hash": "xxx", "generation": "4"})
UPLOAD = Upload(data=DATA, to="gs://b/a.tar.gz", digest="d")


def test_an_object_that_is_there_is_not_sent_again() -> None:
    with site(THERE) as here:
        here.google.upload(UPLOAD)
        assert here.server.targets == ["GET /storage/v1/b/b/o/a.tar.gz"]


def test_an_upload_replaces_only_what_was_seen() -> None:
    with site(OTHER, THERE) as here:
        here.google.upload(UPLOAD)
        sent = here.server.heard[1]
        assert sent.target == "/upload/storage/v1/b/b/o?uploadType=multipart&ifGenerationMatch=4"
        assert DATA in sent.body
        assert MD5.encode() in sent.body


def test_an_upload_whose_answer_was_lost_is_seen_to_be_done() -> None:
    conflict = Reply(status=412, body={"error": {"code": 412, "message": "At least one of the pre-conditions …"}})
    with site(UNKNOWN, RESET, conflict, THERE) as here:
        here.google.upload(UPLOAD)
    with site(UNKNOWN, conflict, OTHER) as here, pytest.raises(ServiceError, match="pre-conditions") as caught:
        here.google.upload(UPLOAD)
    assert caught.value.kind is ErrorKind.EXISTS


BUCKET = Reply(body={"location": "US-CENTRAL1", "locationType": "region"})


def submitted(here: Site) -> Handle:
    def perform(step: Step) -> Answer:
        match step:
            case Upload():
                here.google.upload(step)
                return None
            case Call(api="clock"):
                return None
            case Call():
                return here.google.call(step)
        raise AssertionError(step)

    return carry_out(mlengine.submit(example("cpu"), TARGET), perform)


def test_a_creation_whose_answer_was_lost_is_looked_for_and_found() -> None:
    ours: Json = {"jobId": "first", "labels": {"jobdir-submission": "0123456789abcdef0123456789abcdef"}}
    with site(BUCKET, THERE, RESET, Reply(body=ours)) as here:
        assert submitted(here) == Handle("mlengine", "projects/my-project/jobs/first")
        assert here.creations == 1
        assert here.server.targets[-1] == "GET /v1/projects/my-project/jobs/first"


def test_a_request_that_is_refused_is_told_in_the_services_words() -> None:
    words: JsonObject = {
        "error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "Field: region Error: no such region."}
    }
    wrong = Reply(status=400, body=words)
    with (
        site(BUCKET, THERE, wrong) as here,
        pytest.raises(ServiceError, match="ML Engine: Field: region Error: no such region") as caught,
    ):
        submitted(here)
    assert caught.value.kind is ErrorKind.INVALID
    assert here.creations == 1
