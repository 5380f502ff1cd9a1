"""`submit check`: all problems of all files."""

from __future__ import annotations

from pathlib import Path

import click

from submit import config
from submit.cli import options
from submit.cli.errors import show
from submit.cli.render import emit
from submit.errors import Problem, UsageError
from submit.job import Json
from submit.world import files, surroundings

EPILOG = """\b
Examples:
  submit check configs/*.yaml
  submit check config.yaml --format json
  submit check --strict configs/gpu.yaml     also what Vertex AI would be sent, judged by Google's own types"""


@click.command(epilog=EPILOG)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=options.PATH)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key before the check.")
@click.option("--strict", is_flag=True, help="Let Google's own types judge what Vertex AI would be sent.")
@options.output_format("table", "json", "yaml")
@options.debug
def check(paths: tuple[Path, ...], overrides: tuple[str, ...], strict: bool, output: str) -> int:
    """Check config files; show every problem of every file with its line.

    Exits with 0 if no file has an error, else with 2.
    """
    found = {path: _problems(path, overrides, strict=strict) for path in paths}
    everything = [problem for problems in found.values() for problem in problems]
    if output == "table":
        show(everything)
        for path, problems in found.items():
            if not _errors(problems):
                click.echo(f"{path}: fine")
    else:
        emit([_problem_json(problem, path) for path, problems in found.items() for problem in problems], output)
    return UsageError.exit_code if _errors(everything) else 0


def _problems(path: Path, overrides: tuple[str, ...], *, strict: bool) -> tuple[Problem, ...]:
    try:
        text = files.read(path, limit=config.READ_LIMIT)
    except UsageError as error:
        return error.problems
    loaded = config.load(text, str(path), overrides=overrides, today=surroundings.now().date())
    if not strict or loaded.config is None:
        return loaded.problems
    from submit.strict import problems

    return (*loaded.problems, *problems(loaded.config, str(path), surroundings.read()))


def _errors(problems: tuple[Problem, ...] | list[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def _problem_json(problem: Problem, path: Path) -> Json:
    place = problem.place
    return {
        "severity": problem.severity,
        "file": place.file if place else str(path),
        "line": (place.line or None) if place else None,
        "column": (place.column or None) if place else None,
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    }
