"""Packaging a tree of 200 files, nothing of it cached."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from bench import programs
from bench.arms import Arm, Sample, alternate, ratio
from bench.commands import command, python
from bench.report import Limit, Report, timings
from bench.setting import Setting

FILES = 200
PARTS = 10
EGG = "egg"  # `egg_info` wants its folder to be there

_SETUP = """\
from setuptools import find_packages, setup
setup(name="big", version="1.0", packages=find_packages(include=["big", "big.*"]))
"""
_BUILD_SYSTEM = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'


def run(setting: Setting) -> Report:
    plain, project = _plain(setting.root / "plain"), _with_build_files(setting.root / "with-setup")
    scratch = setting.root / "scratch"
    egg_info = project / "big.egg-info"

    def clean() -> None:
        for folder in (scratch, egg_info, Path(setting.env["SUBMIT_CACHE_DIR"])):
            shutil.rmtree(folder, ignore_errors=True)
        (scratch / EGG).mkdir(parents=True)

    arms = [
        Arm("submit.package.build", lambda: _function(plain / "big", scratch, before=clean)),
        Arm("submit.package.build, again", lambda: _function(plain / "big", setting.root / "kept", before=clean)),
        command("submit package", lambda: _submit(scratch), setting, cwd=plain, before=clean),
        command("setup.py sdist, as gcloud runs it", lambda: _as_gcloud(scratch), setting, cwd=project, before=clean),
        command("python -m build --sdist -n", lambda: _build(scratch), setting, cwd=project, before=clean),
    ]
    ours, _, by_command, as_gcloud, build = measured = alternate(arms, setting.runs)
    ours_ms = None if (ours_s := ours.median("wall_s")) is None else ours_s * 1e3
    notes = ["the first two are calls in this process with all modules imported, the others commands"]
    notes += [
        f"submit package ÷ {peer.name}: {share:.2f}"
        for peer in (as_gcloud, build)
        if (share := ratio(by_command, peer, "wall_s")) is not None
    ]
    limits = [Limit("submit.package.build ≤ 20 ms, in ms", ours_ms, 20)]
    return timings(f"package: a tree of {FILES} files, caches empty", measured, limits, notes)


def _function(tree: Path, cache: Path, *, before: Callable[[], None]) -> Callable[[], Sample]:
    from submit.package import build

    def once() -> Sample:
        before()
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        built = build(tree, cache=cache)
        sample = {"wall_s": time.perf_counter() - wall_s, "cpu_s": time.process_time() - cpu_s}
        assert sum(name.endswith(".py") and name.startswith("big/") for name in built.package.files) == FILES
        return sample

    return once


def _submit(scratch: Path) -> list[str]:
    return [*programs.submit(), "package", "big", "--output", str(scratch / "dist")]


def _as_gcloud(scratch: Path) -> list[str]:
    """The command that `gcloud ai-platform jobs submit training --package-path` runs, with its temporary folders."""
    egg, build = scratch / EGG, scratch / "build"
    steps = ["egg_info", "--egg-base", str(egg), "build", "--build-base", str(build), "--build-temp", str(build)]
    return python("setup.py", *steps, "sdist", "--dist-dir", str(scratch / "dist"))


def _build(scratch: Path) -> list[str]:
    return python("-m", "build", "--sdist", "--no-isolation", "--outdir", str(scratch / "dist"))


def _with_build_files(folder: Path) -> Path:
    _plain(folder)
    (folder / "setup.py").write_text(_SETUP, encoding="utf-8")
    (folder / "pyproject.toml").write_text(_BUILD_SYSTEM, encoding="utf-8")
    return folder


def _plain(folder: Path) -> Path:
    """The package `big`: an `__init__.py` in it and in each of its parts, modules of some 2 kB in the parts."""
    parts = [folder / "big" / f"part_{part}" for part in range(PARTS)]
    for part in parts:
        part.mkdir(parents=True)
    for package in (folder / "big", *parts):
        (package / "__init__.py").touch()
    for number in range(FILES - PARTS - 1):
        (parts[number % PARTS] / f"module_{number}.py").write_text(_module(number), encoding="utf-8")
    return folder


def _module(number: int) -> str:
    functions = (f"def step_{i}(x: float) -> float:\n    return {number} * x + {i * 7919 % 101}\n" for i in range(30))
    return "\n\n".join(functions)
