"""What a job was made of, and the same again: `submit jobs diff`, `submit jobs rerun`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from submit import assemble
from submit.backends import features, load
from submit.client import Client
from submit.errors import ErrorKind, ServiceError, SubmitError, UsageError
from submit.job import Handle, JobSpec, JsonObject, Package
from submit.provenance import record
from submit.provenance.compare import Made
from submit.steps import carry_out
from submit.submission import Prepared
from submit.world import provenance, surroundings
from submit.world.perform import World


def made_of(client: Client, handle: Handle) -> Made:
    """Of an array's element what its array was made of, and what was installed for it alone.

    Raises ServiceError (not found) if the job was not submitted from this state folder.
    """
    known = _known(client, _submitted(client, handle))
    packages = record.packages_of(known)
    archives = {package.filename: provenance.archive(client.around.state_dir, package) for package in packages}
    return Made(known=known, archives=archives, installed=_installed(client, handle))


def again(client: Client, handle: Handle, env: Mapping[str, str]) -> Prepared:
    """A job of the same bytes, arguments and machines, under a new name.

    `env` has what was not kept, or is to change.
    """
    whole = _submitted(client, handle)
    if whole != handle:
        hint = f"Submit the whole array again: `submit jobs rerun {whole}`."
        raise ServiceError(f"`{handle}` is an element of an array", kind=ErrorKind.INVALID, hint=hint)
    known = _known(client, handle)
    packages = tuple(_whole(client, package) for package in record.packages_of(known))
    target = record.target_of(known, client.target)
    backend = load(target.backend)
    spec = replace(_renamed(record.spec_of(known, dict(env)), packages), packages=packages)
    if problems := features.refusals(spec, backend, target.backend):
        raise UsageError(problems)
    git = known.get("git")
    return Prepared(
        spec=spec,
        target=target,
        backend=backend,
        notes=features.notes(spec, backend),
        git=record.git_of(git) if isinstance(git, dict) else None,
    )


def _renamed(spec: JobSpec, packages: tuple[Package, ...]) -> JobSpec:
    token = surroundings.token(32)
    stem = packages[0].filename.rpartition("-")[0] if packages else "job"
    name = assemble.default_name(stem, surroundings.now(), token[:8])
    shown = name if spec.display_name == spec.name else spec.display_name
    return replace(spec, name=name, display_name=shown, submission_id=token)


def _submitted(client: Client, handle: Handle) -> Handle:
    """The job, or the array that it is an element of."""
    array = handle.array
    return array if array and client.journal.find("handle", str(array)) else handle


def _known(client: Client, handle: Handle) -> JsonObject:
    intent = client.journal.find("handle", str(handle))
    known = provenance.load(client.around.state_dir, intent.submission_id) if intent else None
    if known is None:
        message = f"what `{handle}` was made of is not known here"
        hint = "It is known where the job was submitted: in the same state folder, by this version or a later one."
        raise ServiceError(message, kind=ErrorKind.NOT_FOUND, hint=hint)
    return known


def _whole(client: Client, package: Package) -> Package:
    data = provenance.archive(client.around.state_dir, package)
    if data is None:
        message = f"the package {package.filename} of that job is not kept any more"
        raise ServiceError(message, kind=ErrorKind.NOT_FOUND, hint="Submit the code of that commit anew.")
    return replace(package, data=data)


def _installed(client: Client, handle: Handle) -> JsonObject | None:
    """Not known of a job that is gone, or on a backend that does not tell."""
    try:
        conversation = load(handle.backend).environment(handle, client.target)
        return carry_out(conversation, World(client.around, client.target).perform)
    except SubmitError:
        return None
