"""`submit emulator capacity …` and `… preempt`: a cloud that has only so many machines, and takes them away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from submit.cli import options
from submit.cli.emulator_place import data_dir, running
from submit.cli.lazy import OrderedGroup
from submit.cli.render import emit
from submit.emulator.capacity.settings import Settings, SettingsError
from submit.emulator.control.client import ask
from submit.emulator.process import Endpoints
from submit.errors import Place, Problem, UsageError
from submit.world import files

F = TypeVar("F", bound=Callable[..., object])

EPILOG = """\b
Examples:
  submit emulator capacity set us-central1 NVIDIA_TESLA_T4=4 cpus=96
  submit emulator capacity set us-central1 NVIDIA_H100_80GB=stock-out
  submit emulator capacity set --preempt-after 30
  submit emulator capacity set --file capacity.yaml
  submit emulator capacity show
  submit emulator capacity clear"""

_STOCK = {"stock-out": "fail", "refused": "refuse", "in-stock": None}
_OUT = {"fail": "stock-out", "refuse": "refused"}
_NEVER = "never"


@click.group(cls=OrderedGroup, epilog=EPILOG)
def capacity() -> None:
    """Limit the machines of the emulated cloud.

    It has machines without end at first.
    """


@capacity.command(
    "set",
    epilog="""\b
REGION is a region, or `all`. RESOURCE is an accelerator (NVIDIA_TESLA_T4), `cpus`, or the
name of a quota (preemptible_nvidia_t4_gpus). VALUE is
  a number    of the accelerators or vCPUs: a job that needs more is refused (429), one
              that finds too few left stays queued until there are
  unlimited   as at first
  stock-out   jobs are taken, and fail: the region has none
  refused     jobs are refused: the region has none
  in-stock    as at first""",
)
@click.argument("region", required=False, type=options.TEXT)
@click.argument("values", nargs=-1, metavar="[RESOURCE=VALUE]...", type=options.TEXT)
@click.option("--preempt-after", metavar="SECONDS", help="Spot machines are taken away so long after a start; `never`.")
@click.option(
    "--file", "file", type=options.PATH, metavar="FILE", help="YAML with all of it; what was set before is forgotten."
)
@data_dir
@options.state_dir
@options.debug
def set_(
    region: str | None,
    values: tuple[str, ...],
    preempt_after: str | None,
    file: Path | None,
    data_dir: Path | None,
    state_dir: Path | None,
) -> None:
    """Set what a region has, or how long spot machines live."""
    if not (values or preempt_after or file):
        raise UsageError("nothing is to be set", hint="Try: submit emulator capacity set us-central1 NVIDIA_TESLA_T4=4")
    change = _change(region or "", values)
    if preempt_after:
        change["preemptAfter"] = None if preempt_after == _NEVER else _seconds(preempt_after)
    endpoints = running(data_dir, state_dir)
    if file:
        ask(endpoints, "PUT", "/capacity", read_file(file))
    if change:
        ask(endpoints, "PATCH", "/capacity", change)


@capacity.command()
@options.output_format("table", "json", "yaml")
@data_dir
@options.state_dir
@options.debug
def show(output: str, data_dir: Path | None, state_dir: Path | None) -> None:
    """Show limits, what is used of them, and what is out of stock."""
    known = ask(running(data_dir, state_dir), "GET", "/capacity")
    if output != "table":
        emit(known, output)
        return
    for line in _lines(known):
        click.echo(line)


@capacity.command()
@data_dir
@options.state_dir
@options.debug
def clear(data_dir: Path | None, state_dir: Path | None) -> None:
    """Go back to a cloud without limits."""
    ask(running(data_dir, state_dir), "DELETE", "/capacity")


@click.command(epilog="\b\nExample:\n  submit emulator preempt first_job")
@click.argument("job", type=options.TEXT)
@data_dir
@options.state_dir
@options.debug
def preempt(job: str, data_dir: Path | None, state_dir: Path | None) -> None:
    """Take a running job's machines away.

    As it happens to spot machines: the trainer gets SIGTERM and time to end; then the job begins again in empty
    folders, six times at most.
    """
    hint = "`submit jobs list --backend vertex`, or `mlengine`, shows the jobs."
    ask(running(data_dir, state_dir), "POST", f"/jobs/{job.rstrip('/').rpartition('/')[2]}:preempt", hint=hint)


def of_a_start(command: F) -> F:
    """The options of `start` that are about the cloud's behaviour."""
    for option in (
        click.option(
            "--retired-accelerators",
            type=click.Choice(("accept", "refuse")),
            help="What becomes of jobs on accelerators that Google has retired (default: accept, with a warning).",
        ),
        click.option(
            "--realistic",
            is_flag=False,
            flag_value="1",
            type=click.FloatRange(0),
            metavar="[FACTOR]",
            help="Provisioning takes as long as the service's, or that many times as long.",
        ),
        click.option("--capacity", "capacity", type=options.PATH, metavar="FILE", help="YAML: quotas and stock-outs."),
    ):
        command = option(command)
    return command


def changes_of_a_start(capacity: Path | None, realistic: float | None, retired: str | None) -> dict[str, Any]:
    """What those options say, as the capacity's document. Raises UsageError."""
    flags = {"realistic": realistic, "retiredAccelerators": retired}
    return {
        **(read_file(capacity) if capacity else {}),
        **{key: value for key, value in flags.items() if value is not None},
    }


def apply(endpoints: Endpoints, changes: dict[str, Any], *, anew: bool) -> None:
    if changes:
        ask(endpoints, "PUT" if anew else "PATCH", "/capacity", changes)


def read_file(path: Path) -> dict[str, Any]:
    """A capacity that can be set. Raises UsageError with all that is wrong."""
    import yaml

    try:
        document = yaml.safe_load(files.read(path))
        Settings().changed(document)
    except yaml.YAMLError as error:
        raise UsageError(Problem(message=str(error).replace("\n", " "), place=Place(file=str(path)))) from error
    except SettingsError as error:
        place = Place(file=str(path))
        raise UsageError(Problem(message=line, place=place) for line in str(error).splitlines()) from error
    return dict(document)


def _change(region: str, values: tuple[str, ...]) -> dict[str, Any]:
    quotas: dict[str, Any] = {}
    stock: dict[str, Any] = {}
    for pair in values:
        word, sign, value = pair.partition("=")
        if not sign:
            raise UsageError(f"`{pair}` is not RESOURCE=VALUE")
        if value in _STOCK:
            stock[word] = _STOCK[value]
        elif value == "unlimited" or value.isdecimal():
            quotas[word] = None if value == "unlimited" else int(value)
        else:
            raise UsageError(f"`{value}` is not a value: a number, unlimited, {', '.join(_STOCK)}")
    where = "*" if region == "all" else region
    return {key: {where: found} for key, found in (("quotas", quotas), ("stockOuts", stock)) if found}


def _seconds(text: str) -> float:
    try:
        return float(text.removesuffix("s"))
    except ValueError:
        raise UsageError(f"--preempt-after: `{text}` is not a number of seconds") from None


def _lines(known: dict[str, Any]) -> list[str]:
    lines = [
        f"{region}  {metric}  {known['usage'].get(region, {}).get(metric, 0)} of {limit}"
        for region, limits in known["quotas"].items()
        for metric, limit in limits.items()
    ]
    for region, outs in known["stockOuts"].items():
        lines += [f"{region}  {resource}  {_OUT[out]}" for resource, out in outs.items()]
    if known["preemptAfter"] is not None:
        lines.append(f"spot machines are taken away after {known['preemptAfter']:g} s")
    if known["realistic"]:
        lines.append(f"provisioning takes {known['realistic']:g} times as long as the service's")
    return lines or ["no limits"]
