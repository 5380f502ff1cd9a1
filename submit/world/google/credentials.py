"""Who we are for Google: application default credentials, or the login of `gcloud`.

https://cloud.google.com/docs/authentication/application-default-credentials
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from submit.errors import ErrorKind, ServiceError, UnsentError
from submit.world.google.proxy import proxy_for, roots

_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_LOGIN = "Log in with `gcloud auth application-default login`, or name a key in GOOGLE_APPLICATION_CREDENTIALS."
_NETWORK = "Look at the network, and at the variables that name proxies; then run the command again."
_GCLOUD_TIMEOUT_S = 30


class Credentials:
    """Tokens for requests; Google's library is only loaded where one is needed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._google: Any = None
        self._from_gcloud: str | None = None

    def token(self) -> str:
        """A token that is valid now; a `ServiceError` (denied) says how to log in."""
        file = self._environ.get("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE")
        if file:
            return _read_token(Path(file))
        if self._from_gcloud is None and self._google is None:
            self._google = _application_default(self._environ.get("GOOGLE_APPLICATION_CREDENTIALS"))
            self._from_gcloud = None if self._google else _gcloud_token()
        return self._from_gcloud or self._refreshed()

    def for_library(self) -> Any:
        """As Google's own clients take them."""
        from google.oauth2.credentials import Credentials as Bearer

        token = self.token()
        return self._google or Bearer(token)  # type: ignore[no-untyped-call] # Google's library has no types

    def anonymous(self) -> Any:
        from google.auth.credentials import AnonymousCredentials

        return AnonymousCredentials()  # type: ignore[no-untyped-call] # as above

    def forget(self) -> None:
        """After a token was refused: the next one is asked for anew."""
        self._google = self._from_gcloud = None

    def _refreshed(self) -> str:
        import google.auth.exceptions
        from google.auth.transport.urllib3 import Request

        if not self._google.valid:
            try:
                request = Request(_Pools(self._environ))  # type: ignore[no-untyped-call] # Google's library has no types
                self._google.refresh(request)
            except google.auth.exceptions.TransportError as error:
                message = f"nobody gives a token: {str(error).removesuffix('.')}"
                raise UnsentError(message, kind=ErrorKind.TRANSIENT, hint=_NETWORK) from error
            except google.auth.exceptions.GoogleAuthError as error:
                message = f"the credentials cannot be refreshed: {str(error).removesuffix('.')}"
                raise ServiceError(message, kind=ErrorKind.DENIED, hint=_LOGIN) from error
        return str(self._google.token)


class _Pools:
    """As one of urllib3's for Google's library, by the user's own proxy, and trusting whom the user trusts.

    The library's transport over `requests` would do so by itself; it takes 50 ms longer to load.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def request(self, verb: str, url: str, **known: Any) -> Any:
        import urllib3

        parts = urlsplit(url)  # a machine of Google's asks its metadata server over plain HTTP
        proxy = proxy_for(parts.netloc, self._environ) if parts.scheme == "https" else None
        bundle = roots(self._environ)
        if proxy is None:
            return urllib3.PoolManager(ca_certs=bundle).request(verb, url, **known)
        address = f"http://{proxy.host}:{proxy.port}"
        pools = urllib3.ProxyManager(address, proxy_headers=dict(proxy.headers), ca_certs=bundle)
        return pools.request(verb, url, **known)


def _read_token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        reason = (error.strerror or "").lower()
        message = f"the file `{file}`, which CLOUDSDK_AUTH_ACCESS_TOKEN_FILE names, cannot be read: {reason}"
        raise ServiceError(message, kind=ErrorKind.DENIED) from error


def _application_default(named: str | None) -> Any:
    """None if there are none; those that were named on purpose have to be good."""
    import google.auth
    import google.auth.exceptions

    try:
        return google.auth.default(scopes=_SCOPES)[0]
    except google.auth.exceptions.DefaultCredentialsError as error:
        if named is None:
            return None
        reason = str(error.args[0]).partition("\n")[0].removesuffix(".")
        message = f"the key `{named}`, which GOOGLE_APPLICATION_CREDENTIALS names, cannot be used: {reason}"
        raise ServiceError(message, kind=ErrorKind.DENIED, hint=_LOGIN) from error


def _gcloud_token() -> str:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        raise ServiceError("there are no Google credentials", kind=ErrorKind.DENIED, hint=_LOGIN)
    command = [gcloud, "auth", "print-access-token", "--quiet"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GCLOUD_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceError("`gcloud` gives no token", kind=ErrorKind.DENIED, hint=_LOGIN) from error
    if done.returncode or not done.stdout.strip():
        raise ServiceError("nobody is logged in to Google Cloud", kind=ErrorKind.DENIED, hint=_LOGIN)
    return done.stdout.strip()
