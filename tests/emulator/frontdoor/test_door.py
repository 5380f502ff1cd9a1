"""Connections through the front door, with real sockets on both sides of it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.frontdoor.serving import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("door")) as running:
        yield running


@pytest.fixture
def door(served: Served) -> Served:
    return served.behind({})


def request(connection: socket.socket, text: str) -> Any:
    """The JSON that one HTTP request is answered with."""
    connection.sendall(text.encode())
    response = http.client.HTTPResponse(connection)
    response.begin()
    return json.loads(response.read())


def send_all(connection: socket.socket, data: bytes) -> None:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def test_google_is_answered_here_with_a_certificate_in_its_name(door: Served) -> None:
    for host in ("us-central1-aiplatform.googleapis.com", "bucket.storage.googleapis.com"):
        with door.tls(host, "http/1.1") as connection:
            answer = request(connection, f"GET /v1/x HTTP/1.1\r\nHost: {host}\r\n\r\n")
        assert (answer["scheme"], answer["path"], answer["headers"]["host"]) == ("https", "/v1/x", host)


def test_one_connection_takes_many_requests(door: Served) -> None:
    with door.tls("storage.googleapis.com") as connection:
        for size in (0, 70_000, 3):
            body = "x" * size
            head = f"POST /{size} HTTP/1.1\r\nHost: storage.googleapis.com\r\nContent-Length: {size}\r\n\r\n"
            answer = request(connection, head + body)
            assert (answer["path"], answer["size"]) == (f"/{size}", size)


def test_what_tensorflow_sends_is_taken_also_in_pieces_and_its_body_is_not_touched(door: Served) -> None:
    line = "Transfer-Encoding: identity\r\n"
    head = f"POST /o HTTP/1.1\r\nHost: storage.googleapis.com\r\n{line}Content-Length: {len(line)}\r\n\r\n"
    with door.tls("storage.googleapis.com") as connection:
        for piece in (head[:50], head[50:70]):
            connection.sendall(piece.encode())
        answer = request(connection, head[70:] + line)
    assert answer["size"] == len(line)
    assert "transfer-encoding" not in answer["headers"]


def test_a_client_that_only_knows_http2_is_led_to_grpc(door: Served) -> None:
    with door.tls("logging.googleapis.com", "h2") as connection:
        assert connection.selected_alpn_protocol() == "h2"
        connection.sendall(b"PRI * HTTP/2.0\r\n")
        assert connection.recv(100) == b"PRI * HTTP/2.0\r\n"


def test_a_client_that_knows_both_gets_rest(door: Served) -> None:
    with door.tls("storage.googleapis.com", "h2", "http/1.1") as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"


def test_who_does_not_trust_the_authority_gets_no_answer(door: Served) -> None:
    context = ssl.create_default_context()
    with door.through("storage.googleapis.com:443") as connection, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(connection, server_hostname="storage.googleapis.com")


def test_other_hosts_are_reached_unchanged_both_ways(door: Served) -> None:
    data = os.urandom(3_000_000)
    with door.through(f"localhost:{door.echo}") as connection:
        sender = threading.Thread(target=send_all, args=(connection, data))
        sender.start()
        received = bytearray()
        while more := connection.recv(1 << 16):
            received += more
        sender.join()
    assert bytes(received) == data + b"end"


def test_a_host_that_is_not_there_is_said_to_be_so(door: Served) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with door.connect(f"localhost:{port}") as connection:
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert answer.status == 502
            assert f"localhost:{port} cannot be reached" in answer.read().decode()


def test_the_users_own_proxy_is_asked_for_other_hosts(served: Served) -> None:
    served.behind({"https_proxy": f"http://me:p%40ss@127.0.0.1:{served.proxy}", "no_proxy": "localhost"})
    with served.through(f"pypi.example:{served.echo}") as connection:
        connection.sendall(b"hello\n")
        assert connection.recv(100) == b"hello\n"
    assert served.asked[-1].splitlines()[0] == f"CONNECT pypi.example:{served.echo} HTTP/1.1"
    assert "Proxy-Authorization: Basic bWU6cEBzcw==" in served.asked[-1]

    asked = len(served.asked)
    with served.through(f"localhost:{served.echo}") as connection:
        connection.sendall(b"direct\n")
        assert connection.recv(100) == b"direct\n"
    with served.tls("storage.googleapis.com") as connection:
        assert request(connection, "GET / HTTP/1.1\r\nHost: storage.googleapis.com\r\n\r\n")["path"] == "/"
    assert len(served.asked) == asked


def test_a_refusal_of_the_users_own_proxy_is_passed_on(served: Served) -> None:
    served.behind({"HTTPS_PROXY": f"127.0.0.1:{served.proxy}"})
    with served.connect("refused.example:443") as connection:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, b"407 Proxy Authentication Required" in answer.read()) == (502, True)


def test_a_proxy_of_another_kind_is_said_to_be_one(served: Served) -> None:
    served.behind({"https_proxy": "socks5://me:secret@127.0.0.1:1080"})
    with served.connect("pypi.example:443") as connection:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        text = answer.read().decode()
    assert "`https_proxy` names a proxy of the kind `socks5`" in text
    assert "secret" not in text


def test_a_port_without_a_door_is_still_a_rest_port(door: Served) -> None:
    with socket.create_connection(("127.0.0.1", door.port)) as connection:
        answer = request(connection, "GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (answer["scheme"], answer["path"]) == ("http", "/v1/x")
