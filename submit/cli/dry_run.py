"""Steps as a dry run shows them: everything that would be sent, nothing left out but the bytes of an upload."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count

import click

from submit.cli.render import emit
from submit.sizes import show_bytes
from submit.status import JsonObject
from submit.steps import Call, Command, Read, Step, Upload


def show(steps: Iterable[Step], output: str) -> None:
    """On stdout: numbered text, or one JSON or YAML list."""
    if output in ("json", "yaml"):
        emit([step_json(step) for step in steps], output)
        return
    for number, step in enumerate(steps, 1):
        click.echo("\n".join(step_lines(number, step)))


def step_json(step: Step) -> JsonObject:
    match step:
        case Upload(data=data, to=to, digest=digest):
            return {"step": "upload", "to": to, "bytes": len(data), "sha256": digest, **_host(step)}
        case Call(api=api, method=method, request=request):
            return {"step": "call", "api": api, "method": method, "request": request}
        case Command(argv=argv, stdin=stdin):
            return {"step": "command", "argv": list(argv), "stdin": stdin, **_host(step)}
        case Read(source=source, position=position):
            return {"step": "read", "source": source, "position": position}


def _host(step: Upload | Command) -> JsonObject:
    return {"host": step.host} if step.host else {}


def step_lines(number: int, step: Step) -> list[str]:
    match step:
        case Upload(data=data, to=to, digest=digest):
            place = f"{step.host}:{to}" if step.host else to
            return [
                f"{number}. upload {show_bytes(len(data))} to {place}",
                f"   sha256 {digest}, skipped if it is there",
            ]
        case Call(api=api, method=method, request=request):
            body = json.dumps(request, indent=2, ensure_ascii=False).split("\n")
            return [f"{number}. call {api} {method}", *(f"   {line}" for line in body)]
        case Command():
            first, *more = _command_lines(step)
            return [f"{number}. run", first, *more] if more else [f"{number}. run {first}"]
        case Read(source=source, position=position):
            return [f"{number}. read {source} from {position}"]


def _command_lines(step: Command) -> list[str]:
    """To be pasted into a shell anywhere: commands run in the home folder, and what they read follows as it is."""
    import shlex

    line = shlex.join(step.argv)
    line = f"ssh {shlex.quote(step.host)} {shlex.quote(line)}" if step.host else f"(cd && {line})"
    if not step.stdin:
        return [line]
    read = step.stdin.removesuffix("\n").split("\n")  # no `splitlines`: a shell knows no other ends of lines
    end = next(word for word in ("EOF" + "_" * n for n in count()) if word not in read)
    return [f"{line} <<'{end}'", *read, end]
