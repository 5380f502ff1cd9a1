"""`submit train`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from submit.cli import options
from submit.cli.arguments import TrainerCommand

if TYPE_CHECKING:
    from submit.flags import Flags

EPILOG = """\b
Examples:
  submit train                                         one standard machine, package `trainer`
  submit train --config configs/gpu.yaml -- --arg=42   everything after `--` goes to the trainer
  submit train --config configs/gpu.yaml --dry-run     show every step, take none
  submit train --config c.yaml --set trainingInput.workerCount=4
  submit jobs stream-logs "$(submit train --async)"    submit now, look later

\b
Log lines go to stdout, everything else to stderr. Ctrl-C leaves the job running."""

SECTIONS = {
    "What runs": ("package_path", "packages", "module_name", "env"),
    "Where it runs": ("config", "overrides", "backend", "project", "region", "staging_bucket", "job_dir"),
    "As ML Engine users know it": ("scale_tier", "runtime_version", "python_version"),
    "Limits": ("max_run_time", "max_cost", "max_silence", "preempt_after"),
    "The job": ("job_name", "labels", "detach", "dry_run", "output"),
    "Checks": ("no_preflight", "allow_secrets", "max_package_size"),
    "Other options": (),
}


def _files(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """`a.tar.gz,b.whl`, repeatable."""
    return [name for value in values for name in value.split(",") if name]


text, path = options.TEXT, options.PATH


@click.command(cls=TrainerCommand, sections=SECTIONS, epilog=EPILOG)
@click.option(
    "--config", "-c", type=path, metavar="FILE", help="YAML with machines and settings (default: one BASIC machine)."
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key: --set a.b[0].c=value; repeatable."
)
@click.option("--package-path", type=path, metavar="FOLDER", help="Folder of the trainer's package (default: trainer).")
@click.option(
    "--packages", multiple=True, callback=_files, metavar="FILE,...", help="More archives to install; repeatable."
)
@click.option("--module-name", type=text, metavar="MODULE", help="Module to run (default: <package>.task).")
@click.option("--job-name", type=text, metavar="NAME", help="Name of the job (default: package and UTC time).")
@click.option("--job-dir", type=text, metavar="DIR", help="Where the trainer writes: a folder, or gs://bucket/path.")
@click.option("--staging-bucket", type=text, metavar="gs://BUCKET", help="Where the package is staged.")
@options.region
@options.project
@click.option("--scale-tier", type=text, metavar="TIER", help="Scale tier, e.g. basic-gpu.")
@click.option("--runtime-version", type=text, metavar="X.Y", help="Runtime version, e.g. 2.11.")
@click.option("--python-version", type=text, metavar="X.Y", help="Python version, e.g. 3.7.")
@click.option(
    "--labels", multiple=True, callback=options.pairs, metavar="K=V,...", help="Labels of the job; repeatable."
)
@click.option(
    "--env",
    multiple=True,
    callback=options.single_pairs,
    metavar="K=V",
    help="Environment variable of every replica; repeatable.",
)
@click.option(
    "--async/--stream-logs", "detach", default=False, help="Print the handle and return, or follow (default)."
)
@click.option("--max-run-time", type=text, metavar="TIME", help="End the job after this, e.g. 2h.")
@click.option("--max-cost", type=text, metavar="AMOUNT", help="End the job before it costs more, e.g. 20usd.")
@click.option(
    "--max-silence", type=text, metavar="TIME", help="End the job if it writes nothing for so long, e.g. 30m."
)
@click.option("--preempt-after", type=text, metavar="TIME", help="Rehearse that machines are taken away, e.g. 30s.")
@click.option("--no-preflight", is_flag=True, help="Do not try the trainer's argument parser before submitting.")
@click.option("--allow-secrets", is_flag=True, help="Package files even if they look like secrets.")
@click.option("--max-package-size", callback=options.size, metavar="SIZE", help="Warn above this, e.g. 200MiB.")
@options.backend
@options.dry_run
@options.output_format("table", "json", "yaml")
@options.state_dir
@options.debug
def train(detach: bool, dry_run: bool, output: str, no_preflight: bool, **flags: Unpack[Flags]) -> int:
    """Submit a training job and follow it to its end.

    The package is checked and staged, the config decides the machines, the job is created, its log lines are
    shown as they come, and the exit code is the job's result: 0 if it succeeded, 1 if not.
    """
    from submit.cli import submitting  # its help is asked for as well, and needs none of that

    flags["preflight"] = not no_preflight
    return submitting.run(flags, output, detach=detach, dry_run=dry_run)
