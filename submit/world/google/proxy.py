"""The way to Google that the user's variables name: a proxy for HTTPS, and whom to trust behind it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from submit.errors import UsageError

if TYPE_CHECKING:
    import ssl


class Proxy(NamedTuple):
    """`headers` say who asks, if its address has a name and a password."""

    host: str
    port: int
    headers: Mapping[str, str]


def proxy_for(netloc: str, environ: Mapping[str, str]) -> Proxy | None:
    """None if there is none, or it is to be gone around. Raises UsageError for one that speaks something else."""
    address = environ.get("https_proxy") or environ.get("HTTPS_PROXY")
    if not address:
        return None
    from urllib import request

    no_proxy = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if request.proxy_bypass_environment(netloc, {"no": no_proxy}):  # type: ignore[attr-defined] # not in typeshed
        return None
    return _parsed(address)


def roots(environ: Mapping[str, str]) -> str | None:
    """A file of certificates; None: the system's."""
    return environ.get("REQUESTS_CA_BUNDLE") or environ.get("SSL_CERT_FILE") or None


def trusting(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Raises UsageError if the file of certificates cannot be used."""
    import ssl

    file = roots(environ)
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        message = f"the certificates `{file}` cannot be used: {(error.strerror or str(error)).lower()}"
        hint = "Name a file of certificates (PEM) in REQUESTS_CA_BUNDLE or SSL_CERT_FILE, or unset them."
        raise UsageError(message, hint=hint) from error


def _parsed(address: str) -> Proxy:
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host = None
    if parts.scheme != "http" or not host:
        hint = "Name one like http://proxy.example:3128, or the services in `no_proxy`."
        raise UsageError("`https_proxy` does not name a proxy that speaks HTTP", hint=hint)
    if parts.username is None:
        return Proxy(host, port, {})
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy(host, port, {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"})
