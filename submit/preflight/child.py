"""Runs a trainer's entry point until its argument parser has had its say. The standard library only.

Started as `python child.py SPEC.json` in an empty folder. The report goes to the file that the spec names, as soon as
the outcome is clear; then the process ends at once, so that nothing of the trainer runs any further: no `except`, no
`finally`, no `atexit`. Nothing is written if the trainer ends the process itself.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import importlib.util
import json
import optparse
import os
import runpy
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

Facts = dict[str, Any]


class Trial:
    """What is known of the run so far: how deep in parsers it is, and what they said."""

    def __init__(self, report: Path, sites: Sequence[str], args: Sequence[str]) -> None:
        self.report = report
        self.sites = tuple(sites)
        self.expected = [list(args)]  # what a parser is given if it judges the user's arguments
        self.depth = 0
        self.extras: list[str] = []
        self.rejection: Facts = {}

    def end(self, verdict: str, **facts: Any) -> NoReturn:
        self.report.write_text(json.dumps({"verdict": verdict, **facts}))
        os._exit(0)

    def judges_user(self, args: Sequence[str] | None) -> bool:
        """A parser of something else, say of defaults, is let through; one of a part of the arguments is not."""
        return self.depth == 0 and (args is None or self._are_users(list(args)))

    def _are_users(self, args: list[str]) -> bool:
        return args in self.expected or (bool(args) and set(args) <= set(self.expected[0]))


def main(spec: Facts) -> NoReturn:
    trial = Trial(Path(spec["report"]), spec["sites"], spec["args"])
    sys.path[:0] = spec["sites"]
    sys.argv = [spec["module"], *spec["args"]]
    _watch(trial)
    if spec["stand_ins"]:
        sys.meta_path.append(StandIns(spec["tops"]))
    try:
        if spec["run"]:
            runpy.run_module(spec["module"], run_name="__main__", alter_sys=True)
        else:
            importlib.import_module(spec["module"])
    except SystemExit as end:
        _exited(trial, end)
    except BaseException as error:  # noqa: BLE001 - whatever the trainer raises is the finding
        _raised(trial, error)
    trial.end("ended" if spec["run"] else "imported")


def _watch(trial: Trial) -> None:
    parser = argparse.ArgumentParser
    for name in ("parse_args", "parse_intermixed_args"):
        _wrap(trial, parser, name, lambda _parser, _result: trial.end("accepted"))
    for name in ("parse_known_args", "parse_known_intermixed_args"):
        _wrap(trial, parser, name, functools.partial(_known, trial))
    _wrap(trial, optparse.OptionParser, "parse_args", lambda _parser, _result: trial.end("accepted"))
    _note_rejections(trial, parser)
    after = {
        "click.core": _watch_click,
        "typer._click.core": _watch_click,
        "absl.app": _watch_absl,
        "fire.core": _watch_fire,
    }
    sys.meta_path.insert(0, AfterImport({name: functools.partial(action, trial) for name, action in after.items()}))


def _wrap(trial: Trial, owner: Any, name: str, judge: Callable[[Any, Any], object]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def parse(self: Any, args: Sequence[str] | None = None, *more: Any, **named: Any) -> Any:
        outermost = trial.judges_user(args)
        if trial.depth == 0:
            trial.extras = []
        trial.depth += 1
        try:
            result = original(self, args, *more, **named)
        except argparse.ArgumentError as error:  # a parser with `exit_on_error=False`
            if outermost:
                _note(trial, self, str(error))
            raise
        finally:
            trial.depth -= 1
        if isinstance(result, tuple) and name.startswith("parse_known"):
            trial.extras = list(result[1])
        if outermost:
            judge(self, result)
        return result

    setattr(owner, name, parse)


def _known(trial: Trial, parser: argparse.ArgumentParser, result: tuple[Any, list[str]]) -> None:
    """`parse_known_args` by itself accepts everything; what it leaves may be for another parser in the same file."""
    left = list(result[1])
    if not left:
        trial.end("accepted")
    if _parses_again(sys._getframe(2)):
        trial.expected.append(left)
        return
    trial.end("left over", extras=left, options=_options(parser))


def _parses_again(frame: Any) -> bool:
    """Whether the file that called a parser calls one further down, or a subclass of the parser called itself."""
    try:
        lines = Path(frame.f_code.co_filename).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any("parse_args(" in line or "parse_known_args(" in line for line in lines[frame.f_lineno :])


def _note_rejections(trial: Trial, parser: Any) -> None:
    original = parser.error

    def error(self: Any, message: str) -> NoReturn:
        _note(trial, self, message)
        original(self, message)
        raise SystemExit(2)

    parser.error = error


def _note(trial: Trial, parser: argparse.ArgumentParser, message: str) -> None:
    trial.rejection = {
        "message": message,
        "usage": parser.format_usage(),
        "options": _options(parser),
        "extras": trial.extras,
    }


def _options(parser: argparse.ArgumentParser) -> list[str]:
    return list(parser._option_string_actions)


class AfterImport:
    """An import hook: calls an action with a module when it has just been loaded, so that parsers which the trainer
    does not use are not loaded either."""

    def __init__(self, actions: dict[str, Callable[[ModuleType], None]]) -> None:
        self._actions = actions

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's
        action = self._actions.pop(name, None)
        spec = importlib.util.find_spec(name) if action else None
        if action is None or spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            action(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]  # of this one loader
        return spec


class StandInType(type):
    """A class that has every attribute and takes part in every expression in which classes are met on import."""

    def __getattr__(cls, name: str) -> type:
        return stand_in(name)

    def __getitem__(cls, _: object) -> type:
        return cls

    def __or__(cls, _: object) -> Any:
        return cls

    def __ror__(cls, _: object) -> Any:
        return cls


def stand_in(name: str) -> type:
    """Stands for whatever a module that is not installed has under that name: a base class, a function, a decorator."""
    if name.startswith("__"):
        raise AttributeError(name)
    return StandInType(name, (StandIn,), {})


class StandIn(metaclass=StandInType):
    def __init__(self, *_: object, **__: object) -> None: ...

    def __init_subclass__(cls, **_: object) -> None: ...

    def __call__(self, *args: Any, **_: object) -> Any:
        """A decorator with arguments leaves what it decorates as it is."""
        return args[0] if len(args) == 1 and callable(args[0]) else StandIn()

    def __getattr__(self, name: str) -> type:
        return stand_in(name)


class StandIns(Loader):
    """An import hook, asked last: modules that are neither installed nor the job's own are stood in for."""

    def __init__(self, own: Sequence[str]) -> None:
        self._own = frozenset(own)

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's
        foreign = name.partition(".")[0] not in self._own | sys.stdlib_module_names
        return ModuleSpec(name, self, is_package=True) if foreign else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = ModuleType(spec.name)
        module.__getattr__ = stand_in  # type: ignore[method-assign]  # https://peps.python.org/pep-0562/
        return module

    def exec_module(self, module: ModuleType) -> None: ...


def _watch_click(trial: Trial, core: Any) -> None:
    """A command is invoked when its arguments have been accepted; a group goes on to parse its sub-command's."""
    invoke = core.Command.invoke

    def stop(self: Any, context: Any) -> Any:
        return invoke(self, context) if hasattr(self, "list_commands") else trial.end("accepted")

    core.Command.invoke = stop


def _watch_absl(trial: Trial, app: Any) -> None:
    parse = app._register_and_parse_flags_with_usage

    @functools.wraps(parse)  # with its attributes, which it uses itself
    def rejecting(*args: Any, **named: Any) -> Any:
        try:
            return parse(*args, **named)
        except SystemExit as end:
            if end.code:
                trial.end("rejected")
            raise

    app._register_and_parse_flags_with_usage = rejecting
    app._run_main = lambda _main, _args: trial.end("accepted")


def _watch_fire(trial: Trial, core: Any) -> None:
    core.Fire = lambda *_args, **_named: trial.end("unjudged", parser="fire")


def _exited(trial: Trial, end: SystemExit) -> NoReturn:
    if trial.rejection or end.code == 2:
        trial.end("rejected", **trial.rejection)
    if end.code in (None, 0):
        trial.end("ended")
    trial.end("raised", error=f"SystemExit: {end.code}", **_last_place(trial, end))


def _raised(trial: Trial, error: BaseException) -> NoReturn:
    text = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, argparse.ArgumentError) and trial.rejection:
        trial.end("rejected", **trial.rejection)
    if isinstance(error, SyntaxError):
        trial.end("syntax", error=text, **_place(trial, error.filename or "", error.lineno or 0))
    if isinstance(error, ImportError):
        trial.end("import", error=text, name=error.name or "", **_last_place(trial, error))
    trial.end("raised", error=text, **_last_place(trial, error))


def _last_place(trial: Trial, error: BaseException) -> Facts:
    """The innermost line of the packaged code that the error passed through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(trial.sites)]
    return _place(trial, frames[-1].filename, frames[-1].lineno or 0) if frames else {}


def _place(trial: Trial, filename: str, line: int) -> Facts:
    site = next((site for site in trial.sites if filename.startswith(site)), None)
    return {"file": filename[len(site) :].strip(os.sep), "line": line} if site else {}


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
