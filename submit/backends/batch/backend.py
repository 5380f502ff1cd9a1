"""The verbs of a batch cluster's backend, in whichever dialect. A module takes them by assignment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from submit.backends import creation
from submit.backends.batch import array_status, following, looking
from submit.backends.batch.dialect import Dialect, Queued
from submit.backends.batch.following import Cursor
from submit.backends.batch.looking import Folder
from submit.backends.batch.place import Place, Site, jobs_of, key_of
from submit.backends.batch.status import Answers, ending, status
from submit.errors import CommandError, ErrorKind, RefusedError, ServiceError, UnansweredError, UnsentError
from submit.status import Handle, JsonObject, LogCursor, LogPage, State, Status, Target
from submit.steps import Command, Conversation

if TYPE_CHECKING:
    from submit.job import JobSpec

_QUEUE_S = 10.0
"""The scheduler's own clients wait 18 s for a controller that is down."""
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
        from submit.backends.batch import request  # jobs are looked after more often than submitted

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
        try:
            answer = yield command
        except ServiceError as error:
            yield from self._lost_or_refused(place, spec.submission_id, error)
        else:
            self.dialect.submitted(str(answer))
        return handle

    def find(self, submission_id: str, place: str, target: Target) -> Conversation[Handle | None]:
        """`place` is the handle that the job would have. What is in its folder was there before it was sent."""
        handle = Handle.parse(place, default_backend=self.dialect.name)
        found = yield from self._exists(Place.parse(handle, target), submission_id)
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
        from submit.backends.batch.files import upload

        place = Place.parse(handle, target)
        yield from self._folder(handle, place)
        mark = f"cancelled.{place.element}" if place.element else "cancelled"
        yield upload(_CANCELLED, f"jobs/{place.key}/{mark}", place.site)
        command = Command(argv=self.dialect.cancellation(place.key, place.element), host=place.site.host)
        try:
            yield command
        except CommandError as error:
            if (said := self._said(error)).kind is ErrorKind.NOT_FOUND:
                return
            if said.kind is not ErrorKind.TRANSIENT or isinstance(said, UnsentError):  # it goes on, and is to look so
                with suppress(ServiceError):
                    yield self._removal(place, f"/{mark}")
            raise said from error

    def delete(self, handle: Handle, target: Target) -> Conversation[None]:
        """Removes the job's folder; its job dir stays."""
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
        yield self._removal(place)

    def _emptied(self, handle: Handle, place: Place) -> Conversation[None]:
        """Until no replica runs any more: those that have yet to see that the primary one is done would never see it in
        a folder that is gone, and keep their nodes."""
        for pause_s in _ENDING_S:
            try:
                answer = str((yield _question(self.dialect.queue([place.key]), place.site)))
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

    def _lost_or_refused(self, place: Place, submission_id: str, error: ServiceError) -> Conversation[None]:
        """Returns if the job is in the queue all the same."""
        if isinstance(error, CommandError):
            error = self._said(error)
        if error.kind is ErrorKind.TRANSIENT and not isinstance(error, UnsentError):
            yield from self._looked_for(place, submission_id, error)
            return
        with suppress(ServiceError):  # what was refused is worth more to know than what is left of it
            yield self._removal(place)
        raise RefusedError(error.problems[0], kind=error.kind) from error

    def _said(self, error: CommandError) -> ServiceError:
        """A failed command as what it means."""
        if self.dialect.never_reached(error.output):
            hint = f"The controller of {self.dialect.title} is away. Jobs that run go on without it; try again later."
            return UnsentError(str(error), kind=ErrorKind.TRANSIENT, hint=hint)
        return ServiceError(str(error), kind=self.dialect.kind(error.output), hint=self.dialect.advice(error.output))

    def _looked_for(self, place: Place, submission_id: str, lost: ServiceError) -> Conversation[None]:
        seen = ""
        for pause_s in creation.LOOKS_S:
            yield creation.pause(pause_s)
            try:
                if (yield from self._exists(place, submission_id)):
                    return
                seen = "no job has come of it so far"
            except ServiceError as error:
                seen = f"then: {error}; whether the job was created is not known"
        hint = "`submit jobs recover` says whether there is a job; if it was never created, submit it again."
        raise UnansweredError(f"{lost}; {seen}", kind=ErrorKind.TRANSIENT, hint=hint) from lost

    def _exists(self, place: Place, submission_id: str) -> Conversation[bool]:
        """Whether the scheduler has the job of that submission, or has had it; an error if nobody can say so now."""
        answer = yield looking.look(place.site, [place.key])
        folder = looking.folders(str(answer)).get(place.key)
        if folder is None or folder.job.get("submission_id") != submission_id:
            return False
        if folder.records:
            return True
        answers = yield from self._ask(place.site, [unit.key for unit in folder.units])
        if answers.problem:
            raise ServiceError(f"the scheduler is away: {answers.problem}", kind=ErrorKind.TRANSIENT)
        return any(unit.key in answers.found for unit in folder.units)

    def _folder(self, handle: Handle, place: Place) -> Conversation[Folder]:
        answer = yield looking.look(place.site, [place.unit])
        return _named(handle, place, looking.folders(str(answer)))

    def _statuses(self, site: Site, folders: Mapping[str, Folder]) -> Conversation[Mapping[str, Status]]:
        """Of jobs and of elements, by their keys.

        The scheduler is asked once, and only about what has not told its end in a record of its own.

        A job that has ended between both looks has left its record meanwhile: it is looked at again.
        """
        open_keys = [unit.key for folder in folders.values() for unit in folder.units if ending(unit) is None]
        answers = (yield from self._ask(site, open_keys)) if open_keys else Answers()
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

    def _ask(self, site: Site, keys: Sequence[str]) -> Conversation[Answers]:
        """The queue, and accounting about what that does not know; `keys` are those of jobs and of elements."""
        jobs = jobs_of(keys)
        try:
            answer = yield _question(self.dialect.queue(jobs), site)
        except ServiceError as error:
            if self._is_away(error):
                return Answers(problem=str(error))
            raise
        found: dict[str, Queued] = dict(self.dialect.queued(str(answer), frozenset(jobs)))
        missing = jobs_of(key for key in keys if key not in found)
        argv = self.dialect.accounting(missing) if missing else ()
        if argv:
            try:
                answer = yield _question(argv, site)
            except ServiceError:  # most small clusters have none
                return Answers(found=found)
            # the queue is newer: of an element that runs again accounting still tells how the run before ended
            found = {**self.dialect.accounted(str(answer), frozenset(missing)), **found}
            return Answers(found=found, is_accounted=True)
        return Answers(found=found)

    def _is_away(self, error: ServiceError) -> bool:
        return (self._said(error) if isinstance(error, CommandError) else error).kind is ErrorKind.TRANSIENT

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

    def _removal(self, place: Place, part: str = "") -> Command:
        argv = ("rm", "-rf", "--", f"{place.site.root}/jobs/{place.key}{part}")
        return Command(argv=argv, host=place.site.host)


def _question(argv: tuple[str, ...], site: Site) -> Command:
    return Command(argv=argv, host=site.host, timeout_s=_QUEUE_S, changes=False)


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
