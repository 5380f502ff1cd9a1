"""What YAML 1.1 takes an unquoted word for."""

from __future__ import annotations

import re
from functools import cache

from submit.config.tree import Kind, Scalar

CORE = "tag:yaml.org,2002:"
KINDS: dict[str, Kind] = {
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "boolean",
    "null": "null",
    "timestamp": "date",
    "merge": "text",
    "value": "text",
}
"""YAML's own tags."""


@cache
def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    import yaml

    return yaml.SafeLoader.yaml_implicit_resolvers


def kind_of(text: str) -> Kind:
    """What an unquoted word is."""
    candidates = _resolvers().get(text[:1], ()) if text else _resolvers().get("", ())
    for tag, pattern in candidates:
        if pattern.match(text):
            return KINDS[tag.removeprefix(CORE)]
    return "text"


def yaml_value(scalar: Scalar) -> str:
    """What YAML 1.1 reads from an unquoted word, as text: `2.10` → `2.1`, `0777` → `511`, `no` → `false`."""
    import yaml

    if scalar.kind == "boolean":
        return "true" if scalar.text.lower() in ("true", "yes", "on") else "false"
    tag = next((tag for tag, pattern in _resolvers().get(scalar.text[:1], ()) if pattern.match(scalar.text)), "")
    build = {"int": "construct_yaml_int", "float": "construct_yaml_float"}.get(tag.removeprefix(CORE))
    if build is None:
        return scalar.text
    try:
        return str(getattr(yaml.constructor.SafeConstructor(), build)(yaml.ScalarNode(tag, scalar.text)))
    except (ValueError, OverflowError):
        return scalar.text
