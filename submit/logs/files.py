"""Logs in files that grow, on this machine or a shared disk; also if they are rotated or truncated meanwhile.

A cursor names the file by its device and inode, and the byte behind what was read.
"""

from __future__ import annotations

from typing import cast

from submit.logs.lines import entries
from submit.status import JsonObject, LogPage
from submit.steps import Conversation, Read


def page(path: str, cursor: str, wait_s: float, *, ended: bool) -> Conversation[LogPage]:
    """The entries behind the cursor. `ended`: nobody writes any more, so that what is there is all.

    A file that was rotated is read to its end before the one that took its place; one that was truncated, from its
    beginning.
    """
    file, _, position = cursor.rpartition("@")
    read = Read(source=path, file=file, position=int(position or 0), wait_s=0.0 if ended else wait_s)
    reply = cast(JsonObject, (yield read))
    text, more = str(reply["data"]), bool(reply.get("more"))
    return LogPage(
        entries=entries(text),
        cursor=f"{reply['file']}@{reply['position']}" if reply.get("file") else cursor,
        ended=ended and not more,
        more=more,
    )
