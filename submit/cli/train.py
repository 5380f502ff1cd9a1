"""`submit train`."""

from __future__ import annotations

from pathlib import Path

import click

from submit.assemble import JobFlags
from submit.cli import dry_run as dry_run_text
from submit.cli import narrate, options
from submit.cli.errors import show
from submit.cli.follow import follow_to_the_end
from submit.client import Client
from submit.sizes import parse_bytes
from submit.submission import Prepared, Request
from submit.target import TargetFlags

EPILOG = """\b
Examples:
  submit train                                         one standard machine, package `trainer`
  submit train --config configs/gpu.yaml -- --arg=42   everything after `--` goes to the trainer
  submit train --config configs/gpu.yaml --dry-run     show every step, take none
  submit train --config c.yaml --set trainingInput.workerCount=4
  submit jobs stream-logs "$(submit train --async)"    submit now, look later

\b
Log lines go to stdout, everything else to stderr. Ctrl-C leaves the job running."""

folder = click.Path(file_okay=False, path_type=Path)
file = click.Path(dir_okay=False, path_type=Path)


def _files(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[Path]:
    """`a.tar.gz,b.whl`, repeatable."""
    return [Path(name) for value in values for name in value.split(",") if name]


def _size(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    return None if value is None else parse_bytes(value)


@click.command(epilog=EPILOG)
@click.option("--config", "-c", type=file, help="YAML with machines and settings (default: one BASIC machine).")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a key: --set a.b[0].c=value.")
@click.option("--package-path", type=folder, help="Folder of the trainer's package (default: trainer).")
@click.option("--packages", multiple=True, callback=_files, metavar="FILE,...", help="More archives to install.")
@click.option("--module-name", metavar="MODULE", help="Module to run (default: <package>.task).")
@click.option("--job-name", metavar="NAME", help="Name of the job (default: package and UTC time).")
@click.option("--job-dir", metavar="DIR", help="Where the trainer writes: a folder, or gs://bucket/path.")
@click.option("--staging-bucket", metavar="gs://BUCKET", help="Where the package is staged.")
@click.option("--region", help="Region of the job.  [env: CLOUDSDK_COMPUTE_REGION]")
@click.option("--project", help="Project of the job.  [env: CLOUDSDK_CORE_PROJECT]")
@click.option("--scale-tier", metavar="TIER", help="ML Engine's scale tier, e.g. basic-gpu.")
@click.option("--runtime-version", metavar="X.Y", help="ML Engine's runtime version, e.g. 2.11.")
@click.option("--labels", multiple=True, callback=options.pairs, metavar="K=V,...", help="Labels of the job.")
@click.option("--env", multiple=True, callback=options.single_pairs, metavar="K=V", help="Environment variable.")
@click.option("--async/--stream-logs", "detach", default=False, help="Print the handle and return, or follow.")
@click.option("--no-preflight", is_flag=True, help="Do not try the trainer's argument parser before submitting.")
@click.option("--allow-secrets", is_flag=True, help="Package files even if they look like secrets.")
@click.option("--max-package-size", callback=_size, metavar="SIZE", help="Warn above this, e.g. 200MiB.")
@options.backend
@options.dry_run
@options.output_format("text", "json", "yaml")
@options.state_dir
@options.debug
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[-- TRAINER ARGS]")
def train(
    config: Path | None,
    overrides: tuple[str, ...],
    package_path: Path | None,
    packages: list[Path],
    module_name: str | None,
    job_name: str | None,
    job_dir: str | None,
    staging_bucket: str | None,
    region: str | None,
    project: str | None,
    scale_tier: str | None,
    runtime_version: str | None,
    labels: dict[str, str],
    env: dict[str, str],
    detach: bool,
    no_preflight: bool,
    allow_secrets: bool,
    max_package_size: int | None,
    backend: str | None,
    dry_run: bool,
    output: str,
    state_dir: Path | None,
    args: tuple[str, ...],
) -> int:
    """Submit a training job and follow it to its end.

    The package is checked and staged, the config decides the machines, the job is created, its log lines are
    shown as they come, and the exit code is the job's result: 0 if it succeeded, 1 if not.
    """
    target = TargetFlags(backend=backend, project=project, region=region, staging_bucket=staging_bucket)
    request = Request(
        config=config,
        overrides=(*_legacy_flags(scale_tier, runtime_version), *overrides),
        package_path=package_path,
        packages=packages,
        job=JobFlags(args=args, module=module_name, name=job_name, job_dir=job_dir, labels=labels, env=env),
        target=target,
        allow_secrets=allow_secrets,
        max_package_bytes=max_package_size,
        preflight=not no_preflight,
        dry_run=dry_run,
    )
    client = Client(target=target, state_dir=state_dir)
    prepared = client.prepare(request, narrate.progress)
    show(prepared.warnings)
    narrate.job(prepared)
    if dry_run:
        _show_dry_run(prepared, output)
        return 0
    handle = client.submit(prepared)
    if detach:
        click.echo(handle)
        return 0
    narrate.submitted(handle)
    return follow_to_the_end(client, handle, output)


def _legacy_flags(scale_tier: str | None, runtime_version: str | None) -> tuple[str, ...]:
    """ML Engine's flags are keys of its config; they go the way of `--set`, before the user's own."""
    flags = {
        "trainingInput.scaleTier": scale_tier and scale_tier.upper().replace("-", "_"),
        "trainingInput.runtimeVersion": runtime_version and f'"{runtime_version}"',
    }
    return tuple(f"{key}={value}" for key, value in flags.items() if value)


def _show_dry_run(prepared: Prepared, output: str) -> None:
    steps, handle = prepared.steps()
    dry_run_text.show(steps, output)
    narrate.would_be(handle)
