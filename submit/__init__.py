"""jobdir takes a Python trainer from a laptop to any cluster with one command.

From Python, equal to the command line:

    import submit

    job = submit.train(config="configs/gpu.yaml", args=["--arg=42"])
    for entry in job.logs():
        print(entry.message)
    print(job.wait().state)

    submit.preview(config="configs/gpu.yaml")  # what --dry-run shows
    submit.jobs.list_jobs(limit=10, state="FAILED")
    submit.jobs.get("trainer_20260101_120000_ab12").cancel()

`submit.flags.Flags` lists the parameters. What is heavy is imported when it is first used; `__init__.pyi` says what
there is.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {"train": "submit.training", "preview": "submit.training", "Job": "submit.jobs"}


def __getattr__(name: str) -> object:
    if name == "jobs":
        return import_module("submit.jobs")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module `submit` has no attribute `{name}`")
