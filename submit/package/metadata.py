"""What installing an archive gives: its modules, its requirements, its files as they will lie side by side. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from submit.job import Package
from submit.package.archive import Member, unpack

_EXTENSION_MODULES = (".so", ".pyd")


def package_of(filename: str, data: bytes) -> Package:
    """A source distribution or wheel as a value; a `UsageError` if it cannot be read."""
    _, members = unpack(filename, data)
    return package(
        filename,
        data,
        files=members,
        modules=modules_of(installed(filename, members)),
        requirements=_requirements(members),
    )


def package(
    filename: str,
    data: bytes,
    *,
    files: Iterable[str],
    modules: tuple[str, ...],
    requirements: tuple[str, ...],
    source_digest: str = "",
) -> Package:
    return Package(
        filename=filename,
        data=data,
        digest=hashlib.sha256(data).hexdigest(),
        files=tuple(sorted(files)),
        modules=modules,
        requirements=requirements,
        source_digest=source_digest,
    )


def installed_files(package: Package) -> dict[str, Member]:
    """The files of a package as they will lie in `site-packages`, as far as that can be seen without building it."""
    return installed(package.filename, unpack(package.filename, package.data)[1])


def installed(filename: str, members: Mapping[str, Member]) -> dict[str, Member]:
    if not filename.endswith(".whl"):
        return dict(_from_sdist(members))
    libraries = {name: _below_data_folder(name) for name in members}
    return {place: members[name] for name, place in libraries.items() if place is not None}


def modules_of(files: Iterable[str]) -> tuple[str, ...]:
    """The importable modules among files that lie in a folder of the module search path; sorted."""
    return tuple(sorted({module for file in files if (module := _module(file))}))


def _module(file: str) -> str | None:
    *folders, name = file.split("/")
    if name.endswith(".py"):
        stem = name.removesuffix(".py")
    elif name.endswith(_EXTENSION_MODULES):
        stem = name.partition(".")[0]
    else:
        return None
    parts = folders if stem == "__init__" else [*folders, stem]
    return ".".join(parts) if parts and not any("." in part for part in parts) else None


def _from_sdist(members: Mapping[str, Member]) -> Iterator[tuple[str, Member]]:
    """A source distribution keeps its packages at the top or in `src`; what surrounds them is not installed."""
    prefix = "src/" if any(name.startswith("src/") and name.endswith(".py") for name in members) else ""
    for name, member in members.items():
        place = name.removeprefix(prefix)
        if name.startswith(prefix) and place != "setup.py" and ".egg-info/" not in place:
            yield place, member


def _below_data_folder(name: str) -> str | None:
    """Where a wheel's member is installed, None for what is not a library (scripts, headers, metadata)."""
    top, _, rest = name.partition("/")
    if top.endswith(".dist-info"):
        return None
    if not top.endswith(".data"):
        return name
    scheme, _, place = rest.partition("/")
    return place if scheme in ("purelib", "platlib") else None


def _requirements(members: Mapping[str, Member]) -> tuple[str, ...]:
    """`Requires-Dist` of the metadata, without those of extras: a job installs none."""
    for name in sorted(members, key=lambda name: name.count("/")):
        if name == "PKG-INFO" or name.endswith((".dist-info/METADATA", ".egg-info/PKG-INFO")):
            text = members[name].data.decode("utf-8", errors="replace")
            return tuple(line for line in _headers(text, "Requires-Dist") if "extra ==" not in line.replace("'", '"'))
    return ()


def _headers(metadata: str, name: str) -> Iterator[str]:
    for line in metadata.splitlines():
        if not line.strip():
            return
        key, _, value = line.partition(":")
        if key.lower() == name.lower():
            yield value.strip()
