from __future__ import annotations

from submit.emulator.frontdoor.heads import LIMIT, connect_target, split, tolerated


def test_a_head_is_whole_at_its_empty_line() -> None:
    assert split(b"GET / HTTP/1.1\r\nHost: a\r\n") is None
    assert split(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody") == (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"body")
    assert split(b"GET / HTTP/1.1\nHost: a\n\nbody") == (b"GET / HTTP/1.1\nHost: a\n\n", b"body")


def test_what_cannot_become_a_head_is_not_waited_for() -> None:
    tls_hello = b"\x16\x03\x01\x02\x00"
    assert split(tls_hello) == (tls_hello, b"")
    endless = b"G" * (LIMIT + 1)
    assert split(endless) == (endless, b"")


def test_the_identity_encoding_is_dropped_and_nothing_else() -> None:
    head = (
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: identity\r\nX: transfer-encoding: identity\r\n\r\n"
    )
    assert tolerated(head) == b"POST / HTTP/1.1\r\nContent-Length: 0\r\nX: transfer-encoding: identity\r\n\r\n"
    chunked = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert tolerated(chunked) == chunked


def test_a_proxy_is_asked_for_a_host_and_a_port() -> None:
    assert connect_target(b"CONNECT pypi.org:443 HTTP/1.1\r\nHost: pypi.org:443\r\n\r\n") == ("pypi.org", 443)
    assert connect_target(b"CONNECT [::1]:8443 HTTP/1.1\r\n\r\n") == ("::1", 8443)
    assert connect_target(b"GET http://pypi.org/ HTTP/1.1\r\n\r\n") is None
