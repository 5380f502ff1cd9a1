"""The verbs of a batch cluster's backend, in whichever dialect. A module takes them by assignment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from submit.backends import creation
from submit.backends.batch import array_status, asking, following, looking
from submit.backends.batch.dialect import Dialect
from submit.backends.batch.following import Cursor
from submit.backends.batch.looking import Folder
from submit.backends.batch.place import Place, Site, key_of
from submit.backends.batch.status import Answers, ending, status
from submit.errors import CommandError, ErrorKind, ServiceError, UnsentError
from submit.status import Handle, JsonObject, LogCursor, LogPage, State, Status, Target
from submit.steps import Command, Conversation

if TYPE_CHECKING:
    from submit.job import JobSpec

_ENDING_S = (0.5, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0)
"""between looks at replicas that are told to end, which have their grace"""
_NO_FOLDER = 44
_CANCELLED = b"cancelled\n"
_ENVIRONMENT = r"""
cd "$1" || exit
for file in workerpool0-0.environment.json $2/workerpool0-0.environment.json; do
  [ -e "$file" ] && exec cat "$file"
done
exit 1
"""


class Batch:
    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def submit(self, spec: JobSpec, target: Target) -> Conversation[Handle]:
        """Puts the job's files on the shared file system, and its script into the queue."""
        from submit.backends.batch import request, sending  # jobs are looked after more often than submitted

        site = Site.of(self.dialect.name, target, spec.options)
        place = Place(site=site, key=key_of(spec))
        handle = place.handle(self.dialect.name)
        job = request.batch_job(spec, site)
        yield from request.uploads(spec, site, self.dialect, target)
        command = Command(
            argv=self.dialect.submission(job),
            stdin=self.dialect.script(job),
            host=site.host,
            assumed="1",
            creates=str(handle),
        )
        yield from sending.send(command, self.dialect, place, spec.submission_id)
        return handle

    def find(self, submission_id: str, place: str, target: Target) -> Conversation[Handle | None]:
        """`place` is the handle that the job would have. What is in its folder was there before it was sent."""
        from submit.backends.batch import sending

        handle = Handle.parse(place, default_backend=self.dialect.name)
        found = yield from sending.exists(self.dialect, Place.parse(handle, target), submission_id)
        return handle if found else None

    def describe(self, handles: Sequence[Handle], target: Target) -> Conversation[Mapping[Handle, Status]]:
        places = {handle: Place.parse(handle, target) for handle in handles}
        found: dict[Handle, Status] = {}
        for site in dict.fromkeys(place.site for place in places.values()):
            ours = {handle: place for handle, place in places.items() if place.site == site}
            answer = yield looking.look(site, [place.unit for place in ours.values()])
            folders = looking.folders(str(answer))
            named = {place.unit: _named(handle, place, folders) for handle, place in ours.items()}
            known = yield from self._statuses(site, named)
            found |= {handle: known[place.unit] for handle, place in ours.items()}
        return found

    def list_jobs(self, target: Target, limit: int) -> Conversation[Sequence[Status]]:
        """Newest first."""
        site = Site.of(self.dialect.name, target)
        answer = yield looking.newest(site, limit, self.dialect.name)
        known = yield from self._statuses(site, looking.folders(str(answer)))
        return list(known.values())

    def logs(self, handle: Handle, target: Target, cursor: LogCursor, wait_s: float) -> Conversation[LogPage]:
        """It ends when the job has ended and everything was read after that was known."""
        place = Place.parse(handle, target)
        page = yield from self._page(handle, place, Cursor.parse(str(cursor)), wait_s)
        if page.entries or page.more:
            return page
        behind = Cursor.parse(str(page.cursor))
        ask = behind.is_due or not wait_s
        if behind.is_of_many and not ask:
            return page
        ended, waits = yield from self._progress(place, ask=ask)
        if not ended:
            return replace(page, note=waits)
        last = yield from self._page(handle, place, behind, 0.0)
        return LogPage(entries=last.entries, cursor=last.cursor, ended=not (last.entries or last.more), more=last.more)

    def await_change(self, handle: Handle, target: Target, wait_s: float) -> Conversation[None]:
        """Its folder tells of its end sooner than the scheduler should be asked again."""
        yield following.await_change(Place.parse(handle, target), wait_s)

    def cancel(self, handle: Handle, target: Target) -> Conversation[None]:
        """Marks it first: nobody else may remember a job that was cancelled before it ran."""
        from submit.backends.batch import files

        place = Place.parse(handle, target)
        yield from self._folder(handle, place)
        mark = f"cancelled.{place.element}" if place.element else "cancelled"
        yield files.upload(_CANCELLED, f"jobs/{place.key}/{mark}", place.site)
        command = Command(argv=self.dialect.cancellation(place.key, place.element), host=place.site.host)
        try:
            yield command
        except CommandError as error:
            if (said := asking.said(self.dialect, error)).kind is ErrorKind.NOT_FOUND:
                return
            if said.kind is not ErrorKind.TRANSIENT or isinstance(said, UnsentError):  # it goes on, and is to look so
                with suppress(ServiceError):
                    yield files.removal(place, f"/{mark}")
            raise said from error

    def delete(self, handle: Handle, target: Target) -> Conversation[None]:
        """Removes the job's folder; its job dir stays."""
        from submit.backends.batch import files

        place = Place.parse(handle, target)
        if place.element:
            whole = Place(site=place.site, key=place.key).handle(self.dialect.name)
            hint = f"Delete the whole array, when it has ended: `submit jobs delete {whole}`."
            raise ServiceError(f"`{handle}` is an element of an array", kind=ErrorKind.INVALID, hint=hint)
        found = (yield from self.describe([handle], target))[handle]
        if not found.state.ended:
            hint = f"Cancel it first: `submit jobs cancel {handle}`."
            raise ServiceError(f"`{handle}` has not ended: {found.state}", kind=ErrorKind.INVALID, hint=hint)
        yield from self._emptied(handle, place)
        yield files.removal(place)

    def _emptied(self, handle: Handle, place: Place) -> Conversation[None]:
        """Until no replica runs any more: those that have yet to see that the primary one is done would never see it in
        a folder that is gone, and keep their nodes."""
        for pause_s in _ENDING_S:
            try:
                answer = str((yield asking.question(self.dialect.queue([place.key]), place.site)))
            except ServiceError:  # jobs of a cluster that is no more can be deleted as well
                return
            left = self.dialect.queued(answer, {place.key}) if answer else {}
            if all(queued.state.ended for queued in left.values()):
                return
            yield creation.pause(pause_s)
        hint = f"Try again, or end them: `submit jobs cancel {handle}`."
        message = f"`{handle}` has ended, but not all of its replicas have"
        raise ServiceError(message, kind=ErrorKind.TRANSIENT, hint=hint)

    def links(self, handle: Handle, target: Target) -> Mapping[str, str]:
        return {}  # its folder is no page; `describe` shows it

    def environment(self, handle: Handle, target: Target) -> Conversation[JsonObject | None]:
        place = Place.parse(handle, target)
        folder = f"{place.site.root}/jobs/{place.key}/tasks"
        argv = ("sh", "-c", _ENVIRONMENT, "environment", folder, place.element or "*")
        try:
            answer = yield Command(argv=argv, host=place.site.host, changes=False)
        except CommandError:
            return None
        value = json.loads(str(answer) or "null")
        return value if isinstance(value, dict) else None

    def _folder(self, handle: Handle, place: Place) -> Conversation[Folder]:
        answer = yield looking.look(place.site, [place.unit])
        return _named(handle, place, looking.folders(str(answer)))

    def _statuses(self, site: Site, folders: Mapping[str, Folder]) -> Conversation[Mapping[str, Status]]:
        """Of jobs and of elements, by their keys.

        The scheduler is asked once, and only about what has not told its end in a record of its own.

        A job that has ended between both looks has left its record meanwhile: it is looked at again.
        """
        open_keys = [unit.key for folder in folders.values() for unit in folder.units if ending(unit) is None]
        answers = (yield from asking.ask(self.dialect, site, open_keys)) if open_keys else Answers()
        gone = {key for key in open_keys if answers.tells_end_of(key)}
        if changed := [key for key, folder in folders.items() if any(unit.key in gone for unit in folder.units)]:
            answer = yield looking.look(site, changed)
            again = looking.folders(str(answer))
            folders = {key: _at(Place.of(site, key), again) or folder for key, folder in folders.items()}
        return {key: self._status(Place.of(site, key), folder, answers) for key, folder in folders.items()}

    def _status(self, place: Place, folder: Folder, answers: Answers) -> Status:
        if place.element:
            return array_status.element_status(folder, place, self.dialect.name, answers)
        of_what = array_status.status if folder.elements else status
        return of_what(folder, place, self.dialect.name, answers)

    def _page(self, handle: Handle, place: Place, cursor: Cursor, wait_s: float) -> Conversation[LogPage]:
        try:
            answer = yield following.follow(place, cursor, wait_s)
        except CommandError as error:
            if error.code == _NO_FOLDER:
                raise _unknown(handle) from error
            raise
        entries, behind = following.read(str(answer), cursor)
        if answer and not entries and wait_s:  # the torn line of a node that was lost: it would be found again at once
            yield creation.pause(wait_s)
        hold_s = following.HOLD_S if len(behind.positions) > 1 else 0.0
        return LogPage(entries=entries, cursor=str(behind), ended=False, more=behind.more, hold_s=hold_s)

    def _progress(self, place: Place, *, ask: bool) -> Conversation[tuple[bool, str]]:
        """Whether the job has ended; if it waits, why."""
        answer = yield looking.look(place.site, [place.unit])
        folder = _at(place, looking.folders(str(answer)))
        if folder is None or all(ending(unit) is not None for unit in folder.units):
            return True, ""
        if not ask:
            return False, ""
        known = (yield from self._statuses(place.site, {place.unit: folder}))[place.unit]
        return known.state.ended, known.message if known.state is State.QUEUED else ""


def _at(place: Place, folders: Mapping[str, Folder]) -> Folder | None:
    """What is at that place; None if there is no such job or element."""
    folder = folders.get(place.key)
    return folder.unit(place) if folder else None


def _named(handle: Handle, place: Place, folders: Mapping[str, Folder]) -> Folder:
    if folder := _at(place, folders):
        return folder
    if place.key in folders:
        size = len(folders[place.key].elements)
        hint = f"It is an array of {size} elements, numbered from 1." if size else "It is no array."
        raise ServiceError(f"there is no element `{handle}`", kind=ErrorKind.NOT_FOUND, hint=hint)
    raise _unknown(handle)


def _unknown(handle: Handle) -> ServiceError:
    hint = "`submit jobs list` shows those that there are."
    return ServiceError(f"there is no job `{handle}`", kind=ErrorKind.NOT_FOUND, hint=hint)
