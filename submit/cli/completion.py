"""`submit completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from submit.cli import options

EPILOG = """\b
Examples:
  eval "$(submit completion bash)"                             in ~/.bashrc
  eval "$(submit completion zsh)"                              in ~/.zshrc
  submit completion fish > ~/.config/fish/completions/submit.fish"""


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@options.debug
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    assert kind is not None, "click knows every shell that the argument lets through"
    script = kind(ctx.find_root().command, {}, "submit", "_SUBMIT_COMPLETE")
    click.echo(script.source())
