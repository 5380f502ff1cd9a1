"""A declarative project becomes the archive that setuptools would make of it, without running anything. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from submit.package import metadata
from submit.package.archive import Member, pack_wheel
from submit.package.declared import Declared, read
from submit.package.layout import Layout, lay_out
from submit.package.made import Artefacts

_WHEEL = "Wheel-Version: 1.0\nGenerator: jobdir\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def make(tree: Mapping[str, Member], setuptools: str | None) -> Artefacts | None:
    """None: only the project's hooks can tell. `setuptools` is the version that would run them."""
    file = tree.get("pyproject.toml")
    table = _toml(file.data) if file else None
    declared = read(table, tree, setuptools) if table else None
    layout = lay_out(declared, tree) if declared else None
    if declared is None or layout is None or not _is_text(tree, declared.readme):
        return None
    top = f"{re.sub(r'[-_.]+', '_', declared.name).lower()}-{declared.version}"
    described = Member(_description(declared).encode())
    members = {path: tree[path] for path in layout.shipped} | {"PKG-INFO": described}
    installed = _installed(layout, tree)
    in_wheel = {**installed, **_dist_info(f"{top}.dist-info", installed, described)}
    wheel = metadata.package(
        f"{top}-py3-none-any.whl",
        pack_wheel(in_wheel),
        files=in_wheel,
        modules=metadata.modules_of(installed),
        requirements=declared.requirements,
    )
    return Artefacts(filename=f"{top}.tar.gz", top=top, members=members, wheel=wheel, installed=installed)


def _toml(data: bytes) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(data.decode())


def _is_text(tree: Mapping[str, Member], path: str | None) -> bool:
    try:
        tree[path].data.decode() if path else None
    except UnicodeDecodeError:
        return False
    return True


def _installed(layout: Layout, tree: Mapping[str, Member]) -> dict[str, Member]:
    """Data keeps its executable bit, modules do not."""
    modules = {place: Member(tree[path].data) for place, path in layout.modules.items()}
    return modules | {place: tree[path] for place, path in layout.data.items()}


def _description(declared: Declared) -> str:
    """Core metadata: https://packaging.python.org/en/latest/specifications/core-metadata/."""
    lines = ["Metadata-Version: 2.1", f"Name: {declared.name}", f"Version: {declared.version}"]
    lines += [f"Summary: {declared.summary}"] if declared.summary else []
    lines += [f"Requires-Python: {declared.requires_python}"] if declared.requires_python else []
    lines += [f"Requires-Dist: {requirement}" for requirement in declared.requirements]
    return "\n".join([*lines, *_extras(declared.extras), ""])


def _extras(extras: Mapping[str, Collection[str]]) -> Iterator[str]:
    for extra, requirements in extras.items():
        yield f"Provides-Extra: {extra}"
        for requirement in requirements:
            needed, _, marker = requirement.partition("; ")
            condition = f"({marker}) and " if marker else ""
            yield f'Requires-Dist: {needed}; {condition}extra == "{extra}"'


def _dist_info(folder: str, installed: Mapping[str, Member], described: Member) -> dict[str, Member]:
    """What makes a wheel of the files: https://packaging.python.org/en/latest/specifications/binary-distribution-format/."""
    files = {f"{folder}/METADATA": described, f"{folder}/WHEEL": Member(_WHEEL.encode())}
    lines = [_record(path, member.data) for path, member in (*installed.items(), *files.items())]
    return files | {f"{folder}/RECORD": Member("".join([*lines, f"{folder}/RECORD,,\n"]).encode())}


def _record(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    quoted = f'"{path.replace(chr(34), chr(34) * 2)}"' if set(path) & set(',"') else path
    return f"{quoted},sha256={digest},{len(data)}\n"
