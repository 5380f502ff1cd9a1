"""Whether `python -m module` would find something to run among packaged modules. Pure."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

from submit.errors import Problem
from submit.package.archive import Member
from submit.preflight.reach import reached_from
from submit.suggest import nearest

_PARSERS = (
    rb"\b(argparse|optparse|ArgumentParser|parse_args|parse_known_args|click|typer|absl|app\.run|fire|"
    rb"jsonargparse|configargparse|simple_parsing|HfArgumentParser|tyro|tap|hydra|plac|defopt)\b"
)  # those that the child can stop, directly or through argparse


def missing(module: str, modules: Sequence[str]) -> Problem | None:
    """An error if the module is not there, cannot be run, or is hidden by Python's own."""
    top = module.partition(".")[0]
    if module in modules and top in sys.stdlib_module_names:
        return Problem(
            message=f"`{module}` would not be found: `{top}` is the name of a module of Python itself, which wins",
            hint="Rename the package.",
        )
    packages = {name.rpartition(".")[0] for name in modules}
    if module in packages and f"{module}.__main__" not in modules:
        hint = f"Name one of its modules{_such_as(module, modules)}, or add `{module.replace('.', '/')}/__main__.py`."
        return Problem(message=f"`{module}` is a package that cannot be run", hint=hint)
    if module in modules or f"{module}.__main__" in modules:
        return None
    return Problem(message=f"module `{module}` is not in the package", hint=_hint(module, modules))


def parses_arguments(module: str, sites: Sequence[Mapping[str, Member]]) -> bool:
    """Whether the module, or what it imports from the packages, mentions a library that parses arguments.

    If not, running the trainer would not be stopped by anything: it would train.
    """
    sources = {path: member.data for site in sites for path, member in site.items() if path.endswith(".py")}
    return any(re.search(_PARSERS, sources[path]) for path in reached_from(module, sources))


def _hint(module: str, modules: Sequence[str]) -> str:
    if not modules:
        return "The package has no Python module at all: is there an `__init__.py` in its folder?"
    if module.endswith(".py") or "/" in module:
        dotted = module.removesuffix(".py").replace("/", ".").strip(".")
        if dotted in modules:
            return f"A module is named without `.py` and with dots: `{dotted}`."
    close = nearest(module, modules)
    if close:
        return f"Did you mean `{close}`?"
    shown = [name for name in modules if not name.endswith("__main__")]
    return f"It has {', '.join(f'`{name}`' for name in shown[:5])}{' and more' if len(shown) > 5 else ''}."


def _such_as(package: str, modules: Sequence[str]) -> str:
    inside = [name for name in modules if name.startswith(f"{package}.")]
    preferred = next((name for name in inside if name.endswith((".task", ".train", ".main"))), inside[0])
    return f", e.g. `{preferred}`"
