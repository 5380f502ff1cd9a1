"""From a folder to an archive: choose the way, look into the cache, make it, judge it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from submit.errors import Place, Problem, UsageError
from submit.job import Package
from submit.package import hooks, metadata, plain, requirements, secrets
from submit.package.archive import Member, pack, unpack
from submit.package.choose import Dependencies, Project, choose
from submit.package.made import Made, decode, encode
from submit.sizes import show_bytes
from submit.world import build as builds
from submit.world import cache as entries
from submit.world import files, tree

MAX_BYTES = 50_000_000
"""A package above this size is warned about: it is sent, and unpacked on every machine."""

_TREE_LIMIT = 2 << 30
_FORMAT = "1"
"""Part of every digest: another number makes all that is in the cache out of date."""

_ARCHIVES = (".tar.gz", ".tgz", ".whl", ".zip")

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The trainer's package and those given beside it. `problems` are warnings only.

    `wheel`: what installing `package` gives, if the archive's own layout does not show that.
    """

    package: Package
    extra: tuple[Package, ...] = ()
    wheel: Package | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def packages(self) -> tuple[Package, ...]:
        return (self.package, *self.extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shop:
    """Where made things are kept; `keep=False` only takes from there."""

    cache: Path | None
    keep: bool
    notify: Notify

    def once(
        self, listing: tree.Listing, identity: Sequence[str], make: Callable[[str, Mapping[str, Member]], Made]
    ) -> Made:
        """What `make` gives for the source digest and the files; unchanged files are neither read nor packed again."""
        digests, contents = tree.digests(listing, self.cache, keep=self.keep)
        key = _source_digest(listing, digests, identity)
        entry = entries.load(self.cache / "archives", key) if self.cache else None
        if entry is not None:
            return decode(entry)
        made = make(key, tree.read(listing, contents))
        if self.cache and self.keep:
            entries.save(self.cache / "archives", key, encode(made))
        return made


def build(
    path: Path,
    *,
    packages: Sequence[Path] = (),
    cache: Path | None,
    keep: bool = True,
    allow_secrets: bool = False,
    max_bytes: int = MAX_BYTES,
    requirements: Path | None = None,
    notify: Notify = lambda _: None,
) -> Built:
    """Packages the folder `path`; the same tree always gives the same bytes. Writes nothing into it.

    `packages`: archives of this machine that are to be installed as well. `cache`: a folder, or None; `keep=False`
    reads it only. `requirements`: the file to use instead of the folder's `requirements.txt`. Raises a `UsageError`
    with everything that is wrong; warnings are in the result.
    """
    shop = _Shop(cache=cache, keep=keep, notify=notify)
    made, listing = _make(_folder(path), requirements, shop)
    extra, problems = _extras(packages)
    problems += () if allow_secrets else made.secrets
    if problems:
        raise UsageError(problems)
    assert made.package is not None, "a package that is plainly made is always about its folder"
    warnings = made.warnings + _size_warning(made.package, listing, max_bytes)
    return Built(package=made.package, extra=extra, wheel=made.wheel, problems=warnings)


def _make(folder: Path, given: Path | None, shop: _Shop) -> tuple[Made, tree.Listing]:
    choice = choose(folder, files.read_if_there)
    said: tuple[Problem, ...] = ()
    if isinstance(choice, Project):
        made, listing = _from_project(choice, folder, shop)
        if made.package is not None:
            if given:
                hint = "Write them into its metadata instead."
                raise UsageError(f"requirements are ignored: `{choice.file}` builds this package", hint=hint)
            return made, listing
        said = made.warnings
    made, listing = _plainly(folder, _requirements(folder, given, choice, failed=bool(said)), shop)
    return replace(made, warnings=said + made.warnings), listing


def _plainly(folder: Path, needed: tuple[str, ...], shop: _Shop) -> tuple[Made, tree.Listing]:
    listing = _listing(folder)
    name = folder.name

    def make(digest: str, found: Mapping[str, Member]) -> Made:
        _tell_ignored(listing, shop.notify)
        members = plain.members(name, found, needed)
        data = pack(plain.top(name), members)
        package = Package(
            filename=f"{plain.top(name)}.tar.gz",
            data=data,
            digest=hashlib.sha256(data).hexdigest(),
            files=tuple(sorted(members)),
            modules=metadata.modules_of(f"{name}/{path}" for path in found),
            requirements=needed,
            source_digest=digest,
        )
        return Made(package=package, secrets=secrets.find(members), warnings=plain.warnings(name, found))

    return shop.once(listing, ("plain", name, *needed), make), listing


def _from_project(project: Project, folder: Path, shop: _Shop) -> tuple[Made, tree.Listing]:
    listing = _listing(project.root)
    inside = PurePosixPath(folder.relative_to(project.root).as_posix())

    def make(digest: str, found: Mapping[str, Member]) -> Made:
        _tell_ignored(listing, shop.notify)
        shop.notify(f"building the package with `{project.root / project.file}`")
        return _judge(project, inside, found, digest, *builds.build(project, found))

    identity = ("project", builds.tools(), str(inside), folder.name, project.file)
    try:
        return shop.once(listing, identity, make), listing
    except builds.BuildError as error:
        problem = hooks.failure(error.stage, error.output, project, listing.ignored)
        if project.certain:
            raise UsageError(problem) from error
        return Made(package=None, warnings=(_set_aside(problem, folder),)), listing


def _judge(
    project: Project,
    inside: PurePosixPath,
    found: Mapping[str, Member],
    digest: str,
    sdist: builds.Artefact,
    wheel: builds.Artefact,
) -> Made:
    """The archive in its normal form, with what the build left out; or the verdict that it is about something else."""
    installs = metadata.package_of(wheel.filename, wheel.data, source_digest=digest)
    content = metadata.installed_files(installs)
    if not project.certain and not hooks.holds(inside.name, content):
        return Made(package=None)
    top, members = unpack(sdist.filename, sdist.data)
    package = metadata.package_of(sdist.filename, pack(top, members), source_digest=digest)
    package = replace(package, modules=installs.modules, requirements=installs.requirements)
    warnings = hooks.left_out(inside, found, content)
    return Made(
        package=package,
        wheel=installs,
        secrets=secrets.find(members),
        warnings=(*warnings, *_unused_requirements(project, found, package)),
    )


def _unused_requirements(project: Project, found: Mapping[str, Member], package: Package) -> tuple[Problem, ...]:
    if package.requirements or "requirements.txt" not in found:
        return ()
    return (
        Problem(
            message=f"is not used: `{project.file}` builds the package and names no requirements",
            place=Place(file=str(project.root / "requirements.txt")),
            hint="Name them as `install_requires` or `dependencies` there.",
            severity="warning",
        ),
    )


def _set_aside(problem: Problem, folder: Path) -> Problem:
    message = f"{problem.message}; `{folder.name}` is packaged without it"
    return replace(problem, message=message, severity="warning")


def _requirements(
    folder: Path, given: Path | None, choice: Project | Dependencies | None, *, failed: bool
) -> tuple[str, ...]:
    if given is not None:
        return requirements.parse(given, files.read)
    for file in (folder / "requirements.txt", folder.parent / "requirements.txt"):
        if files.read_if_there(file) is not None:
            return requirements.parse(file, files.read)
    if isinstance(choice, Dependencies):
        return choice.requirements
    return choice.dependencies if choice and failed else ()


def _source_digest(listing: tree.Listing, digests: Mapping[str, str], identity: Sequence[str]) -> str:
    lines = [f"{file.path}\0{file.executable:d}\0{digests[file.path]}" for file in listing.files]
    return hashlib.sha256("\n".join([_FORMAT, *identity, "", *lines]).encode()).hexdigest()


def _folder(path: Path) -> Path:
    folder = path.expanduser().absolute()
    if folder.is_dir():
        return folder.resolve() if folder.name in ("", "..") else folder
    if folder.is_file() and path.name.endswith(_ARCHIVES):
        raise UsageError(f"`{path}` is an archive", hint="Pass archives with `--packages`.")
    if folder.is_file():
        raise UsageError(f"`{path}` is a file", hint=f"Name the folder of the package: `{path.parent}`.")
    raise UsageError(f"there is no folder `{path}`", hint="Name the trainer's package with `--package-path`.")


def _listing(root: Path) -> tree.Listing:
    listing = tree.scan(root)
    total = sum(file.size for file in listing.files)
    if total > _TREE_LIMIT:
        raise UsageError(
            f"`{root}` has {show_bytes(total)} of files, too much for a package: {_largest(listing)}",
            hint="Name what the trainer does not need in `.submitignore`, and read data from a bucket.",
        )
    return listing


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
            message=f"the package has {show_bytes(len(package.data))}; its largest files are {_largest(listing)}",
            hint="Name what the trainer does not need in `.submitignore`, or raise the limit of this warning with "
            "`--max-package-size`.",
            severity="warning",
        ),
    )


def _largest(listing: tree.Listing) -> str:
    largest = sorted(listing.files, key=lambda file: -file.size)[:3]
    return ", ".join(f"`{file.path}` ({show_bytes(file.size)})" for file in largest)


def _tell_ignored(listing: tree.Listing, notify: Notify) -> None:
    if listing.ignored:
        shown = ", ".join(listing.ignored[:3]) + (
            f" and {len(listing.ignored) - 3} more" if len(listing.ignored) > 3 else ""
        )
        notify(f"left out, as `.gitignore` says: {shown}")
