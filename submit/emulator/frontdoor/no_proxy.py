"""`no_proxy`: the hosts to which programs connect without a proxy. Pure.

There is no standard; this is what curl and Python's `urllib` agree on. https://curl.se/docs/manpage.html#--noproxy
"""

from __future__ import annotations

from collections.abc import Mapping


def exempt(environ: Mapping[str, str]) -> list[str]:
    """Names as they are written, in small letters: `localhost`, `.corp.example`, `*`."""
    text = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return [name for name in text.lower().replace(" ", "").split(",") if name]


def covers(name: str, host: str) -> bool:
    """Whether a name stands for the host: for itself and all that is below it."""
    domain = name.lstrip("*.")
    return not domain or host == domain or host.endswith(f".{domain}")
