"""The flags of `submit train`, which are the parameters of `submit.train`, and the request that they make.

Some of them are keys of the config: those are checked like what stands in the file, and win over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from submit.assemble import JobFlags
from submit.errors import UsageError
from submit.sizes import parse_bytes
from submit.submission import Request
from submit.target import TargetFlags

_NAMES = "Labels have lower-case letters, digits, `_` and `-`; variables have letters, digits and `_`."


class Flags(TypedDict, total=False):
    """What is left out, or None, is decided by the config, by `[tool.submit]`, or by default."""

    config: str | Path | None
    """YAML with machines and settings (one BASIC machine)."""
    args: Sequence[str] | None
    """The trainer's arguments: what stands behind `--`."""
    overrides: Sequence[str]
    """`--set`: changes of the config, like `"trainingInput.workerCount=4"`."""
    package_path: str | Path | None
    """Folder of the trainer's package (`trainer`)."""
    packages: Sequence[str | Path]
    """More archives to install: files that end in `.tar.gz` or `.whl`."""
    module_name: str | None
    """Module to run (`<package>.task`)."""
    job_name: str | None
    """Name of the job, which no other has (package and UTC time)."""
    job_dir: str | Path | None
    """Where the trainer writes: a folder, or `gs://bucket/path`."""
    staging_bucket: str | None
    """Where the package is staged: `gs://bucket`."""
    region: str | None
    project: str | None
    scale_tier: str | None
    """ML Engine's scale tier, like `basic-gpu`."""
    runtime_version: str | None
    """ML Engine's runtime version, like `"2.11"`."""
    python_version: str | None
    """ML Engine's Python version, like `"3.7"`."""
    labels: Mapping[str, str]
    env: Mapping[str, str]
    """Environment variables of every replica."""
    backend: str | None
    """Where the job runs (`local`)."""
    preflight: bool
    """Whether the trainer's argument parser is tried before anything is sent (True)."""
    allow_secrets: bool
    """Package files even if they look like secrets (False)."""
    max_run_time: str | None
    """The job is ended after this, like `"2h"`."""
    max_cost: str | None
    """The job is ended before it costs more by the list price, like `"20usd"`."""
    max_silence: str | None
    """The job is ended when nothing was written for so long, like `"30m"`."""
    preempt_after: str | None
    """A rehearsal: the machines are taken away once, so long after the start, like `"30s"`."""
    max_package_size: int | str | None
    """A larger package is warned of: bytes, or text like `200MiB`."""
    state_dir: str | Path | None
    """Folder of jobs, logs and caches."""


def request_of(flags: Flags, *, dry_run: bool = False) -> Request:
    args, config, package_path = flags.get("args"), flags.get("config"), flags.get("package_path")
    limit = flags.get("max_package_size")
    return Request(
        config=None if config is None else Path(config),
        overrides=tuple(flags.get("overrides", ())),
        keys=dict(_keys(flags)),
        package_path=None if package_path is None else Path(package_path),
        packages=[_archive(package) for package in flags.get("packages", ())],
        job=JobFlags(
            args=None if args is None else tuple(args),
            module=flags.get("module_name"),
            name=flags.get("job_name"),
            env=frozenset(flags.get("env", {})),
        ),
        target=target_of(flags),
        allow_secrets=flags.get("allow_secrets", False),
        max_package_bytes=None if limit is None else parse_bytes(limit),
        preflight=flags.get("preflight", True),
        dry_run=dry_run,
    )


def target_of(flags: Flags) -> TargetFlags:
    return TargetFlags(
        backend=flags.get("backend"),
        project=flags.get("project"),
        region=flags.get("region"),
        staging_bucket=flags.get("staging_bucket"),
    )


def _archive(package: str | Path) -> Path:
    if str(package).startswith("gs://"):
        hint = "Name it in the config, as `packageUris`; then nothing is packaged."
        raise UsageError(f"--packages: `{package}` is in a bucket, not on this machine", hint=hint)
    return Path(package)


def _keys(flags: Flags) -> Iterator[tuple[str, str]]:
    """`key=value` as `--set` takes it, and the flag as the user wrote it."""
    if tier := flags.get("scale_tier"):
        yield _key("trainingInput.scaleTier", tier.upper().replace("-", "_")), f"--scale-tier {tier}"
    if runtime := flags.get("runtime_version"):
        yield _key("trainingInput.runtimeVersion", runtime), f"--runtime-version {runtime}"
    if python := flags.get("python_version"):
        yield _key("trainingInput.pythonVersion", python), f"--python-version {python}"
    if region := flags.get("region"):
        yield _key("submit.region", region), f"--region {region}"
    if job_dir := flags.get("job_dir"):
        yield _key("submit.job_dir", str(job_dir)), f"--job-dir {job_dir}"
    limits = {"max_run_time": "timeout", "max_cost": None, "max_silence": None, "preempt_after": None}
    for flag, key in limits.items():
        if isinstance(value := flags.get(flag), str):
            yield _key(f"submit.{key or flag}", value), f"--{flag.replace('_', '-')} {value}"
    yield from _named("labels", flags.get("labels", {}))
    yield from _named("env", flags.get("env", {}))


def _named(flag: str, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if not name or set(name) & set(".[]="):  # they have a meaning in the path of a key
            raise UsageError(f"--{flag} {name}={value}: `{name}` cannot be a name", hint=_NAMES)
        yield _key(f"submit.{flag}.{name}", value), f"--{flag} {name}={value}"


def _key(path: str, text: str) -> str:
    """The value as YAML text in double quotes, whatever is in it: https://yaml.org/spec/1.2.2/#57-escaped-characters"""
    escaped = (letter if letter.isprintable() and letter not in '"\\' else f"\\U{ord(letter):08x}" for letter in text)
    return f'{path}="{"".join(escaped)}"'
