"""From a folder to an archive: choose the way, look into the cache, make it, judge it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from submit.errors import Problem, UsageError
from submit.job import Package
from submit.package import folder as plain_folder
from submit.package import metadata
from submit.package.built import MAX_BYTES, Built
from submit.package.choose import Project, choose
from submit.package.made import Made
from submit.package.shop import Notify, Shop, largest
from submit.sizes import show_bytes
from submit.world import files, tree

_ARCHIVES = (".tar.gz", ".tgz", ".whl", ".zip")


def build(
    path: Path,
    *,
    packages: Sequence[Path] = (),
    cache: Path | None,
    keep: bool = True,
    allow_secrets: bool = False,
    max_bytes: int = MAX_BYTES,
    notify: Notify = lambda _: None,
) -> Built:
    """Packages the folder `path`; the same tree always gives the same bytes. Writes nothing into it.

    `packages`: archives of this machine that are to be installed as well. `cache`: a folder, or None; `keep=False`
    reads it only. Raises a `UsageError` with everything that is wrong; warnings are in the result.
    """
    shop = Shop(cache=cache, keep=keep, notify=notify)
    made, listing = _make(_folder(path), shop)
    extra, problems = _extras(packages)
    problems += () if allow_secrets else made.secrets
    if problems:
        raise UsageError(problems)
    assert made.package is not None, "a package that is plainly made is always about its folder"
    warnings = made.warnings + _size_warning(made.package, listing, max_bytes)
    return Built(package=made.package, extra=extra, wheel=made.wheel, problems=warnings)


def _make(folder: Path, shop: Shop) -> tuple[Made, tree.Listing]:
    choice = choose(folder, files.read_if_there)
    said: tuple[Problem, ...] = ()
    if isinstance(choice, Project):
        from submit.package import project  # builds are not started for most, so neither is this loaded

        made, listing = project.make_from(choice, folder, shop)
        if made.package is not None:
            return made, listing
        said = made.warnings
    needed = plain_folder.needed_by(folder, choice, failed=bool(said))
    made, listing = plain_folder.make_from(folder, needed, shop)
    return made._replace(warnings=said + made.warnings), listing


def _folder(path: Path) -> Path:
    folder = path.expanduser().absolute()
    if folder.is_dir():
        return folder.resolve() if folder.name in ("", "..") else folder
    if folder.is_file() and path.name.endswith(_ARCHIVES):
        raise UsageError(f"`{path}` is an archive", hint="Pass archives with `--packages`.")
    if folder.is_file():
        raise UsageError(f"`{path}` is a file", hint=f"Name the folder of the package: `{path.parent}`.")
    raise UsageError(f"there is no folder `{path}`", hint="Name the trainer's package with `--package-path`.")


def _extras(paths: Sequence[Path]) -> tuple[tuple[Package, ...], tuple[Problem, ...]]:
    found: list[Package] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            found.append(_extra(path))
        except UsageError as error:
            problems += error.problems
    names = [package.filename for package in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems += [Problem(message=f"two packages are called `{name}`") for name in twice]
    return tuple(found), tuple(problems)


def _extra(path: Path) -> Package:
    if path.is_dir():
        hint = f"Build it first: `submit package {path} --output dist/`."
        raise UsageError(f"`{path}` is a folder, not an archive", hint=hint)
    if not path.name.endswith(_ARCHIVES):
        raise UsageError(f"`{path}` is not a source distribution or wheel", hint="It ends in `.tar.gz` or `.whl`.")
    return metadata.package_of(path.name, files.read(path))


def _size_warning(package: Package, listing: tree.Listing, max_bytes: int) -> tuple[Problem, ...]:
    if len(package.data) <= max_bytes:
        return ()
    return (
        Problem(
            message=f"the package has {show_bytes(len(package.data))}; its largest files are {largest(listing)}",
            hint="Name what the trainer does not need in `.submitignore`, or raise the limit of this warning with "
            "`--max-package-size`.",
            severity="warning",
        ),
    )
