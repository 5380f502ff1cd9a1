"""A folder without a build file: packaged as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from submit.job import Package
from submit.package import metadata, plain, secrets
from submit.package.archive import Member, pack
from submit.package.choose import Dependencies, Project
from submit.package.made import Made
from submit.package.requirements import check, parse
from submit.package.shop import Shop, look, tell_ignored
from submit.world import files, tree


def make_from(folder: Path, needed: tuple[str, ...], shop: Shop) -> tuple[Made, tree.Listing]:
    listing = look(folder)
    name = folder.name

    def make(digest: str, found: Mapping[str, Member]) -> Made:
        tell_ignored(listing, shop.notify)
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


def needed_by(folder: Path, choice: Project | Dependencies | None, *, failed: bool) -> tuple[str, ...]:
    """What the folder's code needs: the nearest `requirements.txt`, or what its project depends on.

    `failed`: the project beside the folder could not be built, so its dependencies are all that is known of it.
    """
    for file in (folder / "requirements.txt", folder.parent / "requirements.txt"):
        if files.read_if_there(file) is not None:
            return parse(file, files.read)
    if isinstance(choice, Dependencies):
        return check(choice.requirements, choice.file)
    return check(choice.dependencies, choice.root / choice.file) if choice and failed else ()
