"""`fields=items(name,size),nextPageToken`: https://cloud.google.com/storage/docs/json_api#partial-response."""

from __future__ import annotations

from typing import Any

Fields = dict[str, "Fields"]


def parse_fields(text: str) -> Fields:
    """The tree of the fields that are wanted; an empty one (and `*`) wants everything."""
    root: Fields = {}
    open_, word = [root], ""
    for character in text:
        if character == "(":
            open_.append(_descend(open_[-1], word))
            word = ""
        elif character in ",)":
            _descend(open_[-1], word)
            word = ""
            if character == ")" and len(open_) > 1:
                open_.pop()
        else:
            word += character
    _descend(open_[-1], word)
    return root


def only(value: Any, fields: Fields) -> Any:
    if not fields or "*" in fields:
        return value
    if isinstance(value, list):
        return [only(item, fields) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: only(value[key], fields[key]) for key in value if key in fields}


def _descend(node: Fields, path: str) -> Fields:
    for part in path.strip().split("/"):
        if part:
            node = node.setdefault(part, {})
    return node
