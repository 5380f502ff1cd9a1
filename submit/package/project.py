"""A folder with a build file: its own hooks make the archive, and what they made is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from submit.errors import Place, Problem, UsageError
from submit.job import Package
from submit.package import hooks, metadata, secrets
from submit.package.archive import Member, pack, unpack
from submit.package.choose import Project
from submit.package.made import Made
from submit.package.shop import Shop, look, tell_ignored
from submit.world import build as builds
from submit.world import tree


def make_from(project: Project, folder: Path, shop: Shop) -> tuple[Made, tree.Listing]:
    listing = look(project.root)
    inside = PurePosixPath(folder.relative_to(project.root).as_posix())

    def make(digest: str, found: Mapping[str, Member]) -> Made:
        tell_ignored(listing, shop.notify)
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
