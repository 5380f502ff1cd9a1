"""What the site has for trainers, in place of an environment that is made from nothing: lines of shell for `task.sh`.

The trainer then sees the packages of that interpreter, and only those that are missing are installed, beside it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self, cast

from submit.errors import Problem, UsageError
from submit.status import Json

# Environment Modules and Lmod: their function is there in login shells only.
_MODULES = """\
for init in "$MODULESHOME/init/sh" "$LMOD_PKG/init/sh" /etc/profile.d/*modules*.sh /etc/profile.d/*lmod*.sh; do
  command -v module >/dev/null && break
  [ -r "$init" ] && . "$init"
done
command -v module >/dev/null || fail "there are no environment modules"
for name in {names}; do
  module load "$name" || fail "the module $name cannot be loaded"
done
"""
_IMAGE = """\
for runtime in apptainer singularity none; do
  command -v "$runtime" >/dev/null && break
done
[ "$runtime" != none ] || fail "there is neither apptainer nor singularity"
image={image}
[ -e "$image" ] || fail "there is no image $image"
set -- --bind "$(cd ../.. && pwd -P)" --pwd "$(pwd -P)"{options}
"""
_FOLDER = """\
mkdir -p {folder} || fail "the folder "{folder}" cannot be made"
set -- "$@" --bind {folder}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`venv` and `image` are paths on the nodes, absolute or below `~/`; empty without one."""

    modules: tuple[str, ...] = ()
    venv: str = ""
    image: str = ""
    python: str = "python3"

    @classmethod
    def of(cls, options: Mapping[str, Json]) -> Self:
        said = cast("dict[str, Json]", options.get("environment") or {})
        venv, image = str(said.get("venv") or ""), str(said.get("image") or "")
        if venv and image:
            raise UsageError("an image has an environment of its own: `venv` and `image` do not go together")
        return cls(
            modules=tuple(cast("list[str]", said.get("modules") or ())),
            venv=venv,
            image=image,
            python=f"{venv.rstrip('/')}/bin/python" if venv else str(options.get("python") or "python3"),
        )

    @property
    def is_given(self) -> bool:
        """Whether the interpreter's own packages are the trainer's as well."""
        return bool(self.modules or self.venv or self.image)

    def start(self, program: str, *, gpus: bool, folders: Iterable[str | None]) -> str:
        """From the node as it is to `program`, what the interpreter is to run. In an image it sees the job's files and
        these folders."""
        text = _MODULES.format(names=" ".join(shlex.quote(name) for name in self.modules)) if self.modules else ""
        python = f"python={path(self.python)}\n"
        if not self.image:
            there = 'command -v "$python" >/dev/null || fail "there is no $python"\n'
            return f'{text}{python}{there}exec "$python" {program}\n'
        text += _IMAGE.format(image=path(self.image), options=" --nv" if gpus else "")
        text += "".join(_FOLDER.format(folder=path(folder)) for folder in _bound(folders))
        return f'{text}{python}exec "$runtime" exec "$@" "$image" "$python" {program}\n'


def path(text: str) -> str:
    """Quoted, with the home folder of the node."""
    return f'"$HOME"/{shlex.quote(text[2:])}' if text.startswith("~/") else shlex.quote(text)


def _bound(folders: Iterable[str | None]) -> Iterator[str]:
    for folder in dict.fromkeys(folders):
        if folder is None or not folder.startswith(("/", "~/")):
            continue
        if re.search(r"[,:]", folder):
            hint = "Apptainer takes `,` and `:` in it for its own."
            raise UsageError(Problem(message=f"the folder `{folder}` cannot be seen in an image", hint=hint))
        yield folder
