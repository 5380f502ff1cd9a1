"""Steps as a dry run shows them: everything that would be sent, nothing left out but the bytes of an upload."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from submit.cli.render import emit
from submit.job import JsonObject
from submit.sizes import show_bytes
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
            body = json.dumps(request, indent=2, ensure_ascii=False).splitlines()
            return [f"{number}. call {api} {method}", *(f"   {line}" for line in body)]
        case Command(argv=argv, stdin=stdin):
            import shlex

            line = shlex.join(argv)
            line = f"ssh {shlex.quote(step.host)} {shlex.quote(line)}" if step.host else line
            return [f"{number}. run {line}", *(f"   | {line}" for line in stdin.splitlines())]
        case Read(source=source, position=position):
            return [f"{number}. read {source} from {position}"]
