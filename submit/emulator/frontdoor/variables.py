"""The variables that lead a program's HTTPS through the front door. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from submit.emulator.frontdoor import roots
from submit.emulator.frontdoor.hosts import is_google
from submit.emulator.frontdoor.no_proxy import covers, exempt

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_OURS = ("storage.googleapis.com", "accounts.google.com", "metadata.google.internal")


def variables(rest: str, bundle: Path, credentials: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` is the user's own; what it exempts from its proxy stays exempt, if that is not Google."""
    around = ",".join(dict.fromkeys([*(name for name in exempt(environ) if not _covers_google(name)), *_LOOPBACK]))
    proxies = dict.fromkeys(("https_proxy", "HTTPS_PROXY", "grpc_proxy"), f"http://{rest}")
    exemptions = ("no_proxy", "NO_PROXY", *(["no_grpc_proxy"] if "no_grpc_proxy" in environ else []))
    return {
        **proxies,
        **dict.fromkeys(exemptions, around),
        **dict.fromkeys(roots.VARIABLES, str(bundle)),
        # Application default credentials that are nobody's, so that nobody's real ones are read or refreshed.
        "GOOGLE_APPLICATION_CREDENTIALS": str(credentials),
        # google-auth needs both to find a metadata server.
        "GCE_METADATA_HOST": rest,
        "GCE_METADATA_IP": rest,
    }


def _covers_google(name: str) -> bool:
    """`.googleapis.com` and `*` would lead around the door; behind it, the door itself heeds them."""
    return is_google(name.lstrip("*.").partition(":")[0]) or any(covers(name, host) for host in _OURS)
