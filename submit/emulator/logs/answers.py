"""Entries as messages of `google.logging.v2`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from submit.emulator.logs.entries import JsonEntry
from submit.emulator.rpc.messages import message_class, pool


def entry_list(entries: Iterable[JsonEntry], next_token: str) -> Any:
    answer = message_class("google.logging.v2.ListLogEntriesResponse")(next_page_token=next_token)
    return _filled(answer, entries)


def tailed(entries: Iterable[JsonEntry]) -> Any:
    return _filled(message_class("google.logging.v2.TailLogEntriesResponse")(), entries)


def _filled(answer: Any, entries: Iterable[JsonEntry]) -> Any:
    """An entry whose fields no message can hold (too deep, too large numbers) is shown without them: one line of a
    trainer must not hide its whole log."""
    from google.protobuf.json_format import ParseDict, ParseError

    for entry in entries:
        try:
            ParseDict(entry, answer.entries.add(), descriptor_pool=pool())
        except (ParseError, ValueError, OverflowError, RecursionError):
            del answer.entries[-1]
            payload = {"message": entry["jsonPayload"]["message"]}
            ParseDict({**entry, "jsonPayload": payload}, answer.entries.add(), descriptor_pool=pool())
    return answer
