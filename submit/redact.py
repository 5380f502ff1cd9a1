"""Takes secrets out of what is written down or shown: one function for text, and its forms for arguments and variables.

It knows secrets by their own look (tokens of services, keys, passwords in addresses) and by the names that they go by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

GONE = "[redacted]"

_NAME = (
    r"(?:[\w.-]*[_.-])?(?:pass(?:words?|wd|phrase)|pwd|secrets?|token|credentials?|auth|"
    r"(?:api|access|private|signing|account|encryption|ssh|secret)[_.-]?keys?(?:[_.-]?id)?)"
    r"(?:[_.-](?:value|base64|b64|json|key))?"
)
_TOKENS = (
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
    r"(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS
    r"|\bAIza[\w-]{35}|\bya29\.[\w.-]{20,}|\bGOCSPX-[\w-]{20,}|\b1//[\w-]{30,}"  # Google
    r"|\bgh[pousr]_\w{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{20,}"
    r"|\bhf_[A-Za-z0-9]{20,}|\bsk-[\w-]{20,}|\bpypi-[\w-]{30,}|\bnpm_\w{30,}|\bdckr_pat_[\w-]{20,}"
    r"|\bxox[abeoprs]-[\w-]{10,}|\b[rs]k_(?:live|test)_\w{16,}"
    r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"  # JSON Web Tokens
)
_BEARER = r"(?i)\b(Bearer|Basic|Token) +[\w.~+/=-]{8,}"
_ADDRESS = r"(?i)(\b[a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]*@|(\b[a-z][a-z0-9+.-]*://)[^\s/@:]{16,}@"
_PAIR = (
    rf"(?i)(?<![\w.-])(-{{0,2}}[\"']?{_NAME}[\"']?)(\s*[=:]\s*|(?<=\w)\s+(?=[^\s-]))"
    r"(\"[^\"\n]*\"|'[^'\n]*'|[^\s,;&\"'})\]]+)"
)
_NAMES_HAVE = ("pass", "pwd", "secret", "token", "cred", "auth", "key")
_SECRETS_HAVE = (
    *_NAMES_HAVE,
    *(
        "akia",
        "asia",
        "aiza",
        "ya29.",
        "gocspx-",
        "1//",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
    ),
    *("hf_", "sk-", "pypi-", "npm_", "dckr_pat_", "xox", "k_live_", "k_test_", "eyj", "bearer ", "basic ", "@"),
)
"""A look for words: compiling the patterns costs 20 ms, which a submission without secrets need not wait for."""


def text(value: str) -> str:
    """The same without secrets; how much there was is not to be seen either."""
    if not _may_have(value, _SECRETS_HAVE):
        return value
    value = re.sub(_TOKENS, GONE, value)
    value = re.sub(_BEARER, rf"\1 {GONE}", value)
    value = re.sub(_ADDRESS, lambda found: f"{found[1] or found[2]}{GONE}@", value)
    return re.sub(_PAIR, _without_value, value)


def _without_value(pair: re.Match[str]) -> str:
    """Only a flag has its value behind a blank: a sentence about a password is left as it is."""
    name, sign, value = pair.groups()
    if (not sign.strip() and not name.startswith("--")) or is_reference(value.strip("\"'")):
        return pair[0]
    return f"{name}{sign}{GONE}"


def arguments(values: Sequence[str]) -> list[str]:
    """Of a command line: `--token=x`, `--token x`, and what looks like a secret by itself."""
    found: list[str] = []
    for before, value in zip(("", *values), values, strict=False):
        named = re.fullmatch(r"--?[\w-]+", before) and is_secret_name(before.lstrip("-"))
        found.append(GONE if named and not value.startswith("-") else text(value))
    return found


def variables(values: Mapping[str, str]) -> dict[str, str]:
    return {name: variable(name, value) for name, value in values.items()}


def variable(name: str, value: str) -> str:
    if is_reference(value):
        return value
    return GONE if is_secret_name(name) and value else text(value)


def is_secret_name(name: str) -> bool:
    return _may_have(name, _NAMES_HAVE) and re.fullmatch(_NAME, name, re.IGNORECASE) is not None


def variable_of(value: str) -> str | None:
    """The name in `env:NAME`."""
    return value.removeprefix("env:") if value.startswith("env:") and is_reference(value) else None


def _may_have(value: str, words: Sequence[str]) -> bool:
    lower = value.lower()
    return any(word in lower for word in words)


def is_reference(value: str) -> bool:
    """What says where a secret is, and is none."""
    return value == GONE or re.fullmatch(r"secret://.+|env:[A-Za-z_]\w*", value) is not None
