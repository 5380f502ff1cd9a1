"""A folder with a build file: what it says, or else its own hooks, make the archive, and what came of it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from submit.errors import Place, Problem, UsageError
from submit.package import hooks, in_memory, metadata, secrets
from submit.package.archive import Member, pack, unpack
from submit.package.choose import Project
from submit.package.made import Artefacts, Made
from submit.package.shop import Shop, look, tell_ignored
from submit.world import tools, tree


def make_from(project: Project, folder: Path, shop: Shop) -> tuple[Made, tree.Listing]:
    listing = look(project.root)
    inside = PurePosixPath(folder.relative_to(project.root).as_posix())

    def make(digest: str, found: Mapping[str, Member]) -> Made:
        tell_ignored(listing, shop.notify)
        artefacts = in_memory.make(found, tools.setuptools_version())
        if artefacts is None:
            shop.notify(f"building the package with `{project.root / project.file}`")
            artefacts = built_by_hooks(project, found)
        return judged(artefacts, project, inside, found, digest)

    identity = ("project", tools.versions(), str(inside), folder.name, project.file)
    try:
        return shop.once(listing, identity, make), listing
    except hooks.BuildError as error:
        problem = hooks.problem_of(error, project, listing.ignored)
        if project.certain:
            raise UsageError(problem) from error
        return Made(package=None, warnings=(_set_aside(problem, folder),)), listing


def built_by_hooks(project: Project, found: Mapping[str, Member]) -> Artefacts:
    """Raises a `BuildError`."""
    from submit.world import build  # starts processes; few projects need it

    sdist, wheel = build.build(project, found)
    top, members = unpack(sdist.filename, sdist.data)
    installs = metadata.package_of(wheel.filename, wheel.data)
    content = metadata.installed_files(installs)
    return Artefacts(filename=sdist.filename, top=top, members=members, wheel=installs, installed=content)


def judged(
    artefacts: Artefacts, project: Project, inside: PurePosixPath, found: Mapping[str, Member], digest: str
) -> Made:
    """The archive in its normal form, with what the build left out; or the verdict that it is about something else."""
    if not project.certain and not hooks.holds(inside.name, artefacts.installed):
        return Made(package=None)
    package = metadata.package(
        artefacts.filename,
        pack(artefacts.top, artefacts.members),
        files=artefacts.members,
        modules=artefacts.wheel.modules,
        requirements=artefacts.wheel.requirements,
        source_digest=digest,
    )
    missing = hooks.left_out(inside, found, artefacts.installed)
    return Made(
        package=package,
        wheel=replace(artefacts.wheel, source_digest=digest),
        secrets=secrets.find(artefacts.members),
        warnings=(*missing, *_unused_requirements(project, found, artefacts.wheel.requirements)),
    )


def _unused_requirements(
    project: Project, found: Mapping[str, Member], requirements: tuple[str, ...]
) -> tuple[Problem, ...]:
    if requirements or "requirements.txt" not in found:
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
