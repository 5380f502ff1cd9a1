"""The door to what `gcloud` and the application default credentials know of the user: settings, no secrets.

https://cloud.google.com/sdk/docs/configurations
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

QUOTA_PROJECT = "auth/quota_project"
"""our name for the project of the application default credentials"""
_WANTED = ("core/project", "compute/region", "ai/region")


def settings(environ: Mapping[str, str]) -> dict[str, str]:
    """`section/property` of the active configuration; what cannot be read is as good as not there."""
    folder = _folder(environ)
    if folder is None:
        return {}
    name = environ.get("CLOUDSDK_ACTIVE_CONFIG_NAME") or _text(folder / "active_config").strip() or "default"
    known = _properties(_text(folder / "configurations" / f"config_{name}"))
    found = {key: known[key] for key in _WANTED if known.get(key)}
    project = _project(environ, folder)
    return found | ({QUOTA_PROJECT: project} if project else {})


def _folder(environ: Mapping[str, str]) -> Path | None:
    if environ.get("CLOUDSDK_CONFIG"):
        return Path(environ["CLOUDSDK_CONFIG"]).expanduser()
    if environ.get("APPDATA"):  # Windows
        return Path(environ["APPDATA"], "gcloud")
    return Path(environ["HOME"], ".config", "gcloud") if environ.get("HOME") else None


def _properties(text: str) -> dict[str, str]:
    if not text:
        return {}
    import configparser  # only where there is something to read

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {f"{section}/{name}": value for section in parser.sections() for name, value in parser.items(section)}


def _project(environ: Mapping[str, str], folder: Path) -> str:
    """The project that pays for the user's calls, or that of a service account."""
    named = environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    text = _text(Path(named).expanduser() if named else folder / "application_default_credentials.json")
    try:
        known = json.loads(text) if text else {}
    except ValueError:
        return ""
    project = (known.get("quota_project_id") or known.get("project_id")) if isinstance(known, dict) else None
    return project if isinstance(project, str) else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
