"""The door to builds: a project's own hooks make its source distribution and wheel, in a copy of its tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from submit.package.archive import EPOCH, Member, unpack
from submit.package.choose import Project
from submit.package.hooks import BuildError
from submit.package.hooks_child import STAGES
from submit.world import child, tree
from submit.world.tools import setuptools_version

if TYPE_CHECKING:
    from build import ProjectBuilder
    from build.env import DefaultIsolatedEnv

_CHILD = Path(__file__).parent.parent / "package" / "hooks_child.py"
_ENV = {
    "SOURCE_DATE_EPOCH": str(EPOCH),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONWARNINGS": "ignore",
    # version control does not travel, so versions that are read from it have to be given
    "SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0",
    "PBR_VERSION": "0.0.0",
}


@dataclass(frozen=True, slots=True)
class Artefact:
    filename: str
    data: bytes


def build(project: Project, source: Mapping[str, Member]) -> tuple[Artefact, Artefact]:
    """The source distribution as the backend wrote it, and the wheel that was built from it; or a `BuildError`."""
    with tempfile.TemporaryDirectory(prefix="submit-build-") as temporary:
        copy, out = Path(temporary).resolve() / "source" / project.root.name, Path(temporary).resolve() / "out"
        out.mkdir()
        tree.write(copy, source)
        try:
            if not (needs_only_setuptools(project) and _build_here(project, copy, out)):
                _build_isolated(copy, out)
        except BuildError as error:
            # the copy is gone when the message is read
            error.output = error.output.replace(f"{copy}/", "").replace(str(copy), str(project.root))
            raise
        return _artefact(out, "*.tar.gz"), _artefact(out, "*.whl")


def needs_only_setuptools(project: Project) -> bool:
    """Whether this interpreter can run the hooks as it is, which saves an environment."""
    from packaging.requirements import InvalidRequirement, Requirement

    version = setuptools_version()
    if version is None or project.backend_path or not project.backend.startswith("setuptools.build_meta"):
        return False
    with suppress(InvalidRequirement):
        needed = [Requirement(text) for text in project.requires]
        return all(need.name == "wheel" or (need.name == "setuptools" and version in need.specifier) for need in needed)
    return False


def _build_here(project: Project, source: Path, out: Path) -> bool:
    """False: the project asks for more than setuptools."""
    argv = [sys.executable, "-P", str(_CHILD), project.backend, str(out)]
    ended = child.run(argv, cwd=source, env=_ENV)
    if ended.code == STAGES["isolate"]:
        return False
    if ended.code:
        raise BuildError("wheel" if ended.code == STAGES["wheel"] else "sdist", ended.output)
    return True


def _build_isolated(source: Path, out: Path) -> None:
    """In an environment with what `build-system.requires` names, through `build`, which makes it with uv if it can."""
    from build import ProjectBuilder
    from build.env import DefaultIsolatedEnv

    log = _Log()
    try:
        with DefaultIsolatedEnv(installer="uv" if find_spec("uv") or shutil.which("uv") else "pip") as env:
            builder = ProjectBuilder.from_isolated_env(env, source, runner=log.run)
            env.install(builder.build_system_requires)
            _make(builder, env, "sdist", out, log)
            unpacked = _unpack(_artefact(out, "*.tar.gz"), out / "unpacked")
            log.stage = "wheel"
            builder = ProjectBuilder.from_isolated_env(env, unpacked, runner=log.run)
            _make(builder, env, "wheel", out, log)
    except Exception as error:
        # of `build` and of what it starts; all of them end here, with the output of the last program
        raise BuildError(log.stage, f"{log.text}\n{_output(error)}\n{error}") from error


def _make(builder: ProjectBuilder, env: DefaultIsolatedEnv, what: str, out: Path, log: _Log) -> None:
    env.install(builder.get_requires_for_build(what))  # type: ignore[arg-type]
    log.stage = what
    builder.build(what, out)  # type: ignore[arg-type]


class _Log:
    """Runs the hooks as `pyproject_hooks` asks for it, and keeps what they say instead of showing it."""

    def __init__(self) -> None:
        self.stage = "environment"
        self.text = ""

    def run(self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        ended = child.run(cmd, cwd=Path(cwd or "."), env={**_ENV, **(extra_environ or {})})
        self.text = ended.output
        if ended.code:
            raise subprocess.CalledProcessError(ended.code or 1, cmd)


def _output(error: Exception) -> str:
    parts = (getattr(error, "stdout", None), getattr(error, "stderr", None))
    cause = error.__context__
    more = _output(cause) if isinstance(cause, subprocess.CalledProcessError) else ""
    return (
        "\n".join(part.decode(errors="replace") if isinstance(part, bytes) else str(part) for part in parts if part)
        + more
    )


def _unpack(sdist: Artefact, to: Path) -> Path:
    top, members = unpack(sdist.filename, sdist.data)
    tree.write(to / top, members)
    return to / top


def _artefact(folder: Path, pattern: str) -> Artefact:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise BuildError("sdist", f"the build backend made {len(found)} files like {pattern} instead of one")
    return Artefact(found[0].name, found[0].read_bytes())
