"""`submit emulator start`, `status` and `stop`."""

from __future__ import annotations

from pathlib import Path

import click

from submit.cli import emulator_capacity, narrate
from submit.cli import options as shared
from submit.cli.emulator_place import data_dir, data_folder
from submit.cli.render import emit
from submit.emulator import process
from submit.emulator.options import LOOPBACK, Options, is_loopback
from submit.errors import UsageError
from submit.world import surroundings

START_EPILOG = """\b
Examples:
  submit emulator start
  submit emulator start --port 8085 --concurrency 4
  submit emulator start --capacity capacity.yaml --realistic 0.1"""

STATUS_EPILOG = """\b
Examples:
  submit emulator status
  submit emulator status --format json | jq -r .url"""

EXIT_NOT_RUNNING = 3
OPEN = "i-know-that-anyone-can-run-code"


@click.command(epilog=START_EPILOG)
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), metavar="PORT", help="Of the REST APIs (default: a free one)."
)
@click.option("--concurrency", type=click.IntRange(1), metavar="N", help="Jobs at once (default: one per core).")
@click.option("--host", default=LOOPBACK, show_default=True, metavar="ADDRESS", help="IP address to listen on.")
@click.option(f"--{OPEN}", "is_open", is_flag=True, help="Needed for a --host that is not loopback.")
@emulator_capacity.of_a_start
@data_dir
@shared.output_format("table", "json", "yaml")
@shared.state_dir
@shared.debug
def start(
    port: int,
    concurrency: int | None,
    host: str,
    is_open: bool,
    capacity: Path | None,
    realistic: float | None,
    retired_accelerators: str | None,
    data_dir: Path | None,
    output: str,
    state_dir: Path | None,
) -> None:
    """Start the emulator in the background, or show where it runs."""
    _check_host(host, is_open=is_open)
    changes = emulator_capacity.changes_of_a_start(capacity, realistic, retired_accelerators)
    around = surroundings.read(state_dir)
    options = Options(cache=str(around.cache_dir), host=host, port=port, concurrency=concurrency)
    endpoints = process.start(data_folder(around, data_dir), options)
    emulator_capacity.apply(endpoints, changes, anew=capacity is not None)
    _show(endpoints, output)


@click.command(epilog=STATUS_EPILOG)
@data_dir
@shared.output_format("table", "json", "yaml")
@shared.state_dir
@shared.debug
def status(data_dir: Path | None, output: str, state_dir: Path | None) -> int:
    """Show where the emulator runs; exit 3 if it does not."""
    endpoints = process.status(data_folder(surroundings.read(state_dir), data_dir))
    if endpoints is None:
        click.echo("no emulator is running", err=True)
        return EXIT_NOT_RUNNING
    _show(endpoints, output)
    return 0


@click.command()
@data_dir
@shared.state_dir
@shared.debug
def stop(data_dir: Path | None, state_dir: Path | None) -> None:
    """Stop the emulator. Jobs that run go on; all is there when it is started again."""
    stopped = process.stop(data_folder(surroundings.read(state_dir), data_dir))
    click.echo("stopped" if stopped else "no emulator is running", err=True)


def _check_host(host: str, *, is_open: bool) -> None:
    try:
        closed = is_loopback(host)
    except ValueError as error:
        raise UsageError(f"--host: `{host}` is not an IP address") from error
    if not closed and not is_open:
        message = f"--host: who reaches {host} can run any code as you: nobody is asked for a password"
        raise UsageError(message, hint=f"If that is what you want: --{OPEN}")
    if not closed:
        narrate.say("WARNING", click.style(f"anyone who reaches {host} can now run code as you", fg="red", bold=True))


def _show(endpoints: process.Endpoints, output: str) -> None:
    if output != "table":
        emit({"pid": endpoints.pid, "url": endpoints.url, "grpc_port": endpoints.grpc_port}, output)
        return
    click.echo(endpoints.url)
    narrate.say("emulator", f"process {endpoints.pid}, REST {endpoints.url}, gRPC {endpoints.grpc}")
    narrate.say("use it", 'eval "$(submit emulator env)"')
