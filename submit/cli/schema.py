"""`submit schema`."""

from __future__ import annotations

import click

from submit import config
from submit.cli import options
from submit.cli.render import emit

EPILOG = """\b
Example, for editors that use yaml-language-server:
  submit schema > .vscode/jobdir.schema.json
  # yaml-language-server: $schema=.vscode/jobdir.schema.json"""


@click.command(epilog=EPILOG)
@options.output_format("json", "yaml")
@options.debug
def schema(output: str) -> None:
    """Print the JSON Schema of the config, for editors."""
    emit(config.schema(), output)
