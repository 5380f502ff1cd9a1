"""Installing jobdir and its peers into an empty environment: how long, how large, how many distributions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench import processes, programs
from bench.arms import Arm, Measured, Sample, alternate, ratio
from bench.commands import python
from bench.report import Report, missing, times
from bench.setting import REPOSITORY, Setting

_SOURCES = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")


def run(setting: Setting) -> Report:
    what = {"jobdir": str(_wheel(setting)), "torchx": "torchx", "psij-python": "psij-python"}
    arms = [Arm(f"pip install {name}", partial(_with_pip, setting, given)) for name, given in what.items()]
    arms += [Arm(f"uv pip install {name}", partial(_with_uv, setting, given)) for name, given in what.items()]
    measured = alternate(arms, setting.runs)
    with_pip, with_uv = measured[: len(what)], measured[len(what) :]
    return Report(
        title="install: into an empty environment, downloads cached by a run before",
        columns=("median", "MB", "distributions", "jobdir ÷ it"),
        rows=[_row(arm, group[0]) for group in (with_pip, with_uv) for arm in group],
        notes=["pip compiles what it installs, uv does not: hence its megabytes"],
        broken=[arm for arm in measured if arm.broken],
    )


def _wheel(setting: Setting) -> Path:
    """Built from a copy: nothing is written into the checkout."""
    source = setting.root / "source"
    shutil.copytree(REPOSITORY / "submit", source / "submit", ignore=shutil.ignore_patterns("__pycache__"))
    for name in _SOURCES:
        shutil.copy(REPOSITORY / name, source)
    out = setting.root / "wheel"
    build = python("-m", "build", "--wheel", "--no-isolation", "--outdir", str(out))
    processes.run(build, env=setting.env, cwd=source)
    return next(out.glob("*.whl"))


def _with_pip(setting: Setting, what: str) -> Callable[[], Sample]:
    def once() -> Sample:
        venv = Path(tempfile.mkdtemp(dir=setting.root))
        processes.run(python("-m", "venv", str(venv)), env=setting.env, cwd=setting.root)
        return _install(setting, venv, [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", what])

    return once


def _with_uv(setting: Setting, what: str) -> Callable[[], Sample]:
    uv = programs.uv()

    def once() -> Sample:
        venv = Path(tempfile.mkdtemp(dir=setting.root)) / "venv"
        processes.run([uv, "venv", "--quiet", "--python", python()[0], str(venv)], env=setting.env, cwd=setting.root)
        return _install(setting, venv, [uv, "pip", "install", "--quiet", "--python", str(venv / "bin/python"), what])

    return once


def _install(setting: Setting, venv: Path, argv: Sequence[str]) -> Sample:
    bytes_before, distributions_before = _weigh(venv)
    ran = processes.run(argv, env=setting.env, cwd=setting.root)
    bytes_after, distributions_after = _weigh(venv)
    shutil.rmtree(venv)
    return {
        "wall_s": ran.wall_s,
        "mb": (bytes_after - bytes_before) / 1e6,
        "distributions": distributions_after - distributions_before,
    }


def _weigh(venv: Path) -> tuple[int, int]:
    """Bytes of all files and the number of distributions."""
    files = [path for path in venv.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(path.stat().st_size for path in files), sum(path.name == "METADATA" for path in files)


def _row(arm: Measured, ours: Measured) -> Sequence[str]:
    wall_s, mb, distributions = map(arm.median, ("wall_s", "mb", "distributions"))
    if wall_s is None or mb is None or distributions is None:
        return missing(arm)
    share = "" if arm is ours else times(ratio(ours, arm, "wall_s"))
    return (arm.name, f"{wall_s:.1f} s", f"{mb:.0f}", f"{distributions:.0f}", share)
