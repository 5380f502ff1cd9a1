"""The authorities to trust: those that the user trusts already, and ours."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from submit.emulator.frontdoor.authority import private

VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HTTPLIB2_CA_CERTS",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "NODE_EXTRA_CA_CERTS",
)
"""Each takes the place of the roots that a library would trust otherwise, so that all of them must be in the file."""


def bundle(folder: Path, authority: Path, environ: Mapping[str, str]) -> Path:
    """A file in the folder with all of them; one that was handed out is never changed."""
    content = b"\n".join([*_contents(_users(environ)), authority.read_bytes()])
    path = folder / f"roots-{hashlib.sha256(content).hexdigest()[:12]}.pem"
    if not path.exists():
        private(path, content)
    return path


def _users(environ: Mapping[str, str]) -> Iterator[str]:
    """Files of roots: those that the environment names, and the system's; without any, those of Python's libraries."""
    named = [environ[name] for name in VARIABLES if environ.get(name)]
    system = ssl.get_default_verify_paths().openssl_cafile
    found = [name for name in (*named, system) if Path(name).is_file()]
    yield from found
    if not found:
        import certifi

        yield certifi.where()


def _contents(files: Iterable[str]) -> list[bytes]:
    """Each once: the variables often name the same file, or copies of it."""
    return list(dict.fromkeys(Path(name).read_bytes() for name in dict.fromkeys(files)))
