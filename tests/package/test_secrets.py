"""What looks like a secret is refused; every sample is made here, so that none lies in the repository."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from submit.package import build
from submit.package.secrets import kind_of
from tests.package.trees import grow, refusal


def private_key(kind: str = "RSA ") -> str:
    body = base64.encodebytes(os.urandom(300)).decode()
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}-----END {kind}PRIVATE KEY-----\n"


def google(kind: str, field: str) -> bytes:
    return json.dumps({"type": kind, field: private_key("")}, indent=2).encode()


SECRETS = {
    "deploy.pem": (private_key().encode(), "a private key"),
    "key": (private_key("OPENSSH ").encode(), "a private key"),
    "settings.py": (f"KEY = '''{private_key('EC ')}'''".encode(), "a private key"),
    "config.json": (json.dumps({"key": private_key("")}).encode(), "a private key"),
    "sa.json": (google("service_account", "private_key"), "a service account's key"),
    "adc.json": (google("authorized_user", "refresh_token"), "Google credentials"),
    "conf.ini": (f"aws_secret_access_key = {base64.b64encode(bytes(30)).decode()}\n".encode(), "AWS credentials"),
    ".aws/credentials": (b"", "AWS credentials"),
    ".env": (b"TOKEN=1", "a file of secret settings"),
    ".env.production": (b"TOKEN=1", "a file of secret settings"),
    "credentials.json": (b"{}", "a credentials file"),
    "application_default_credentials.json": (b"{}", "Google credentials"),
    ".netrc": (b"", "a file of passwords"),
    ".pypirc": (b"", "a file of passwords"),
    "id_rsa": (b"", "an SSH key"),
    "store.p12": (b"", "a key store"),
}

HARMLESS = {
    "ca.pem": b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "id_rsa.pub": b"ssh-rsa AAAA",
    "find_keys.py": b"MARKER = '-----BEGIN RSA PRIVATE KEY-----'\nif MARKER in text: raise ValueError\n",
    ".env.example": b"TOKEN=",
    "schema.json": b'{"type": "service_account"}',
    "readme.md": b"set aws_secret_access_key=YOUR_KEY",
}


@pytest.mark.parametrize("path", SECRETS)
def test_a_secret_is_recognised(path: str) -> None:
    data, kind = SECRETS[path]
    assert kind_of(path, data) == kind


@pytest.mark.parametrize("path", HARMLESS)
def test_what_only_resembles_a_secret_is_not_held_up(path: str) -> None:
    assert kind_of(path, HARMLESS[path]) is None


def test_all_secrets_are_named_with_the_way_around_and_never_shown(tmp_path: Path) -> None:
    files = {"trainer/__init__.py": "", "trainer/.env": "PASSWORD=hunter2", "trainer/keys/a.pem": private_key()}
    error = refusal(grow(tmp_path, files) / "trainer")
    assert [str(problem) for problem in error.problems] == [
        "trainer/.env: looks like a file of secret settings, which must not travel with a job",
        "trainer/keys/a.pem: looks like a private key, which must not travel with a job",
    ]
    assert all("`--allow-secrets`" in problem.hint for problem in error.problems)
    assert "hunter2" not in repr(error.problems)


def test_a_secret_that_was_allowed_once_is_refused_without_the_flag(tmp_path: Path) -> None:
    folder = grow(tmp_path, {"trainer/__init__.py": "", "trainer/.env": "x"}) / "trainer"
    cache = tmp_path / "cache"
    assert "trainer/.env" in build(folder, cache=cache, allow_secrets=True).package.files
    with pytest.raises(Exception, match="looks like a file of secret settings"):
        build(folder, cache=cache)


def test_a_secret_that_submitignore_names_stays_at_home(tmp_path: Path) -> None:
    files = {"trainer/__init__.py": "", "trainer/.env": "x", "trainer/.submitignore": ".env\n"}
    assert build(grow(tmp_path, files) / "trainer", cache=None).package.files == (
        "PKG-INFO",
        "setup.py",
        "trainer/__init__.py",
    )
