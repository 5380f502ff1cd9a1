"""`submit emulator …`: Google's APIs on loopback."""

from __future__ import annotations

import importlib.util
import shlex
from pathlib import Path

import click

from submit.cli import narrate, options
from submit.cli.render import emit
from submit.emulator import environment, process
from submit.errors import UsageError
from submit.target import Surroundings
from submit.world import files, surroundings

EPILOG = """\b
Examples:
  submit emulator start
  eval "$(submit emulator env)"
  gcloud storage buckets create gs://b
  submit emulator stop"""

EXIT_NOT_RUNNING = 3

data_dir = click.option(
    "--data-dir", type=options.Name(), help="Folder of its jobs, logs and buckets (default: in the state folder)."
)


@click.group(epilog=EPILOG)
def emulator() -> None:
    """Serve Google's job and storage APIs on this machine; jobs are really run.

    It listens on loopback only.
    """


@emulator.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port of the REST APIs (default: a free one).")
@data_dir
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def start(port: int, data_dir: Path | None, output: str, state_dir: Path | None) -> None:
    """Start the emulator in the background, or show where it runs."""
    if importlib.util.find_spec("uvicorn") is None:
        raise UsageError("the emulator needs `uvicorn`", hint="Install it: pip install 'jobdir[emulator]'")
    around = surroundings.read(state_dir)
    endpoints = process.start(_data(around, data_dir), port, around.cache_dir)
    _show(endpoints, output)


@emulator.command()
@data_dir
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def status(data_dir: Path | None, output: str, state_dir: Path | None) -> int:
    """Show where the emulator runs; exit 3 if it does not."""
    endpoints = process.status(_data(surroundings.read(state_dir), data_dir))
    if endpoints is None:
        click.echo("no emulator is running", err=True)
        return EXIT_NOT_RUNNING
    _show(endpoints, output)
    return 0


@emulator.command()
@data_dir
@options.state_dir
@options.debug
def stop(data_dir: Path | None, state_dir: Path | None) -> None:
    """Stop the emulator. Jobs that run go on; all is there when it is started again."""
    stopped = process.stop(_data(surroundings.read(state_dir), data_dir))
    click.echo("stopped" if stopped else "no emulator is running", err=True)


@emulator.command()
@data_dir
@options.state_dir
@options.debug
def env(data_dir: Path | None, state_dir: Path | None) -> int:
    """Print the variables with which gcloud and Google's libraries find the emulator, for `eval`."""
    around = surroundings.read(state_dir)
    data = _data(around, data_dir)
    endpoints = process.status(data)
    if endpoints is None:
        click.echo("no emulator is running: submit emulator start", err=True)
        return EXIT_NOT_RUNNING
    files.write(data / "token", b"local")
    for name, value in environment.variables(endpoints, data, around.environ).items():
        click.echo(f"export {name}={shlex.quote(value)}")
    return 0


def _data(around: Surroundings, data_dir: Path | None) -> Path:
    return around.cwd / data_dir if data_dir else around.state_dir / "emulator"


def _show(endpoints: process.Endpoints, output: str) -> None:
    if output != "table":
        emit({"pid": endpoints.pid, "url": endpoints.url, "grpc_port": endpoints.grpc_port}, output)
        return
    click.echo(endpoints.url)
    narrate.say("emulator", f"process {endpoints.pid}, REST {endpoints.url}, gRPC 127.0.0.1:{endpoints.grpc_port}")
    narrate.say("use it", 'eval "$(submit emulator env)"')
