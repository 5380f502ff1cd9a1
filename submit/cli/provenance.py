"""`submit jobs diff` and `submit jobs rerun`, and what `describe --provenance` shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import click

from submit.cli import narrate, options
from submit.cli.named import find, one_job
from submit.cli.render import emit
from submit.client import Client
from submit.status import Handle, Json, JsonObject


@click.command(
    epilog="\b\nExamples:\n  submit jobs diff JOB1 JOB2\n  submit jobs diff JOB1 JOB2 --format json | jq .arguments",
)
@click.argument("one", type=options.TEXT, metavar="JOB1")
@click.argument("other", type=options.TEXT, metavar="JOB2")
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def diff(one: str, other: str, output: str, state_dir: Path | None) -> None:
    """Show the differences between two jobs: code, config, arguments, environment.

    Both were submitted from this state folder.
    """
    from submit import reruns
    from submit.provenance import compare

    client, _ = find((), state_dir)
    made = [reruns.made_of(client, client.handle(name)) for name in (one, other)]
    found = compare.differences(*made)
    if output != "table":
        emit(cast(JsonObject, found), output)
        return
    for part, lines in found.items():
        click.secho(f"{part}{'' if lines else ': the same'}", bold=True)
        for line in lines:
            click.echo(f"  {line}")


@click.command(
    epilog="\b\nExamples:\n  submit jobs rerun JOB\n  submit jobs rerun JOB --async --env HF_TOKEN=env:HF_TOKEN",
)
@one_job
@click.option("--async/--stream-logs", "detach", default=False, help="Print the handle and return, or follow.")
@click.option("--env", multiple=True, callback=options.single_pairs, metavar="K=V", help="Changes a variable.")
@options.dry_run
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def rerun(job: str, detach: bool, env: dict[str, str], dry_run: bool, output: str, state_dir: Path | None) -> int:
    """Submit the same package, arguments and machines again, under a new name.

    Values that looked like secrets were not kept: give them again by `--env`.
    """
    from submit import reruns
    from submit.cli import submitting

    client, (handle,) = find((job,), state_dir)
    prepared = reruns.again(client, handle, env)
    narrate.job(prepared)
    if dry_run:
        submitting.show_dry_run(prepared, output)
        return 0
    return submitting.submit(client, prepared, output, detach=detach)


def provenance_json(client: Client, handle: Handle) -> JsonObject:
    from submit import reruns

    made = reruns.made_of(client, handle)
    return {**made.known, "installed": made.installed}


def provenance_lines(known: JsonObject) -> Iterator[str]:
    """For people: what one asks first; all of it is in the JSON."""
    git, job = known.get("git"), cast(JsonObject, known["job"])
    facts: dict[str, Json] = {"tool": f"{known['tool']}, Python {known['python']}"}
    if isinstance(git, dict):
        changed = cast("list[str]", git["changed"])
        facts["commit"] = f"{git['commit']} ({git['branch']})"
        facts["changed"] = f"{len(changed)} files: {', '.join(changed[:5])}" if changed else "nothing"
    for package in cast("list[JsonObject]", known["packages"]):
        files = cast("list[str]", package.get("files") or [])
        facts[f"package {package['filename']}"] = f"{len(files)} files, sha256 {package['digest']}"
    for number, pool in enumerate(cast("list[JsonObject]", job["pools"])):
        args = cast("list[str]", cast(JsonObject, pool.get("program") or {}).get("args") or [])
        facts[f"arguments of pool {number}"] = " ".join(args)
    installed = known.get("installed")
    if isinstance(installed, dict):
        packages = cast("list[str]", installed["packages"])
        facts["installed"] = f"Python {installed['python']}, {', '.join(packages)}"
    yield ""
    yield from (f"{key:<10} {value}" for key, value in facts.items() if value)
