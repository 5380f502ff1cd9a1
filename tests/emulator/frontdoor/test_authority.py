from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from submit.emulator.frontdoor.authority import certificates
from submit.emulator.frontdoor.roots import bundle


def test_many_at_once_get_the_same_certificates(tmp_path: Path) -> None:
    def authority(_: int) -> bytes:
        return certificates(tmp_path / "door").authority.read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(authority, range(8)))) == 1


def test_the_key_is_its_owners_and_the_authoritys_is_nowhere(tmp_path: Path) -> None:
    made = certificates(tmp_path / "door")
    assert made.key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "door").stat().st_mode & 0o777 == 0o700
    keys = [path for path in (tmp_path / "door").iterdir() if b"PRIVATE KEY" in path.read_bytes()]
    assert keys == [made.key]
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(made.server, made.key)  # raises if they do not belong together


def test_the_bundle_holds_the_users_roots_and_ours(tmp_path: Path) -> None:
    made = certificates(tmp_path / "door")
    company = certificates(tmp_path / "company").authority
    together = bundle(tmp_path, made.authority, {"SSL_CERT_FILE": str(company), "REQUESTS_CA_BUNDLE": str(company)})
    content, system = together.read_bytes(), Path(ssl.get_default_verify_paths().openssl_cafile)
    for path in (company, made.authority):
        assert content.count(path.read_bytes()) == 1
    assert not system.is_file() or system.read_bytes() in content
    assert len(ssl.create_default_context(cafile=str(together)).get_ca_certs()) >= 2


def test_a_bundle_that_was_handed_out_is_not_changed(tmp_path: Path) -> None:
    made = certificates(tmp_path / "door")
    first = bundle(tmp_path, made.authority, {})
    content = first.read_bytes()
    other = bundle(tmp_path, made.authority, {"SSL_CERT_FILE": str(certificates(tmp_path / "company").authority)})
    assert other != first
    assert bundle(tmp_path, made.authority, {}) == first
    assert first.read_bytes() == content


def test_variables_that_name_no_file_are_no_harm(tmp_path: Path) -> None:
    made = certificates(tmp_path / "door")
    missing = {"SSL_CERT_FILE": str(tmp_path / "missing"), "CURL_CA_BUNDLE": ""}
    assert bundle(tmp_path, made.authority, missing) == bundle(tmp_path, made.authority, {})
