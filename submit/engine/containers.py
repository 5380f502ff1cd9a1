"""Removing containers whose launcher was killed: nobody else would, since they are not its descendants."""

from __future__ import annotations

import contextlib

_PATIENCE_S = 20.0


def remove_containers(runtime: str, **labels: str) -> None:
    """Removes, running or not, the containers that `submit/launcher.py` has given all of these `jobdir.` labels.

    `runtime` is docker or podman; if it is gone or does not answer, so be it.
    """
    import subprocess  # only here: it would slow down every first job

    filters = [part for name, value in labels.items() for part in ("--filter", f"label=jobdir.{name}={value}")]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        found = _output([runtime, "ps", "--all", "--quiet", "--no-trunc", *filters])
        if found:
            _output([runtime, "rm", "--force", *found])


def _output(argv: list[str]) -> list[str]:
    import subprocess

    quiet = subprocess.DEVNULL
    run = subprocess.run(argv, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, timeout=_PATIENCE_S, check=True)
    return run.stdout.decode().split()
