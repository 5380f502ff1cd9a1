"""What looks like a secret and must not travel by accident. Says what and where, never the content. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from submit.errors import Place, Problem
from submit.package.archive import Member

_NAMES = {
    ".netrc": "a file of passwords",
    "_netrc": "a file of passwords",
    ".pypirc": "a file of passwords",
    ".pgpass": "a file of passwords",
    ".git-credentials": "a file of passwords",
    ".htpasswd": "a file of passwords",
    "credentials.json": "a credentials file",
    "application_default_credentials.json": "Google credentials",
    "id_rsa": "an SSH key",
    "id_dsa": "an SSH key",
    "id_ecdsa": "an SSH key",
    "id_ed25519": "an SSH key",
}
_SUFFIXES = {".p12": "a key store", ".pfx": "a key store", ".jks": "a key store", ".ppk": "a private key"}
_ENV_TEMPLATES = (".example", ".sample", ".template", ".dist")

# A marker alone is not a key: programs that look for keys have it too. A body must follow, in JSON with `\n` as text.
_PRIVATE_KEY = (
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:\s|\\[nr]|[\"',+()]|[A-Z][A-Za-z-]+: [^\n]*\n)*[A-Za-z0-9+/=]{32}"
)
_GOOGLE_JSON = rb'"type"\s*:\s*"(service_account|authorized_user|external_account)"'
_AWS_SECRET = rb"(?i)aws_?secret_?access_?key[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"


def find(members: Mapping[str, Member]) -> tuple[Problem, ...]:
    """One error for each member that looks like a secret."""
    found = {name: kind_of(name, member.data) for name, member in sorted(members.items())}
    return tuple(
        Problem(
            message=f"looks like {kind}, which must not travel with a job",
            place=Place(file=name),
            hint="Take it out of the folder, name it in `.submitignore`, or send it knowingly with `--allow-secrets`.",
        )
        for name, kind in found.items()
        if kind
    )


def kind_of(path: str, data: bytes) -> str | None:
    """What secret a file seems to be, judged by its name and its content."""
    return _by_name(PurePosixPath(path)) or _by_content(data)


def _by_name(path: PurePosixPath) -> str | None:
    name = path.name.lower()
    if name == ".env" or (name.startswith(".env.") and not name.endswith(_ENV_TEMPLATES)):
        return "a file of secret settings"
    if path.parts[-2:] == (".aws", "credentials"):
        return "AWS credentials"
    return _NAMES.get(name) or _SUFFIXES.get(path.suffix.lower())


def _by_content(data: bytes) -> str | None:
    google = re.search(_GOOGLE_JSON, data) if b'"type"' in data else None
    if google and (b'"private_key"' in data or b'"refresh_token"' in data):
        return "a service account's key" if google[1] == b"service_account" else "Google credentials"
    if b"PRIVATE KEY" in data and re.search(_PRIVATE_KEY, data):
        return "a private key"
    if re.search(_AWS_SECRET, data):
        return "AWS credentials"
    return None
