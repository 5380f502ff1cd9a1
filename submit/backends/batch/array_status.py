"""What is known of an array, from what is known of its elements. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from submit.backends.batch import ranges
from submit.backends.batch.looking import Folder
from submit.backends.batch.place import Place
from submit.backends.batch.status import Answers, folder_link, job_dir
from submit.backends.batch.status import status as status_of
from submit.job import JsonObject, State, Status

_ORDER = (
    State.FAILED,
    State.CANCELLED,
    State.SUCCEEDED,
    State.CANCELLING,
    State.RUNNING,
    State.PREPARING,
    State.QUEUED,
)


def status(folder: Folder, place: Place, backend: str, answers: Answers) -> Status:
    elements = [status_of(each, Place.of(place.site, each.key), backend, answers) for each in folder.elements]
    state = _state(elements, cancelled=folder.cancelled)
    started = [element.started for element in elements if element.started]
    ended = [element.ended for element in elements if element.ended]
    first = next((element for element in elements if element.state is state), elements[0])
    told = first if state.ended and state is not State.SUCCEEDED else None
    return Status(
        handle=place.handle(backend),
        name=first.name,
        state=state,
        cause=told.cause if told else None,
        exit_code=first.exit_code if state.ended else None,
        message=f"{_counted(elements)} {_example(elements, state)}".strip(),
        created=folder.created,
        started=min(started, default=None),
        ended=max(ended, default=None) if state.ended else None,
        labels=first.labels,
        job_dir=job_dir(folder, place),
        links={"folder": folder_link(place)},
        trials=tuple(trial(number, element) for number, element in enumerate(elements, 1)),
        traceback=told.traceback if told else "",
        raw={"elements": [dict(element.raw) for element in elements]},
    )


def trial(number: int, element: Status) -> JsonObject:
    """An element as one of its array's trials."""
    return {
        "id": str(number),
        "state": element.state.value,
        "exit_code": element.exit_code,
        "cause": element.cause.value if element.cause else None,
        "message": element.message,
    }


def _state(elements: Sequence[Status], *, cancelled: bool) -> State:
    """It runs from its first element's start to its last one's end; one that failed decides, unless all of it was
    cancelled."""
    states = {element.state for element in elements}
    if all(state.ended for state in states):
        decisive = (State.CANCELLED, State.FAILED) if cancelled else (State.FAILED, State.CANCELLED)
        return next((state for state in decisive if state in states), State.SUCCEEDED)
    if cancelled:
        return State.CANCELLING
    if len(states) == 1:
        return states.pop()
    return State.PREPARING if states == {State.QUEUED, State.PREPARING} else State.RUNNING


def _counted(elements: Sequence[Status]) -> str:
    """`100 elements: 2 failed (7, 12), 90 succeeded, 8 running.`"""
    counts = Counter(element.state for element in elements)
    parts = [
        f"{counts[state]} {state.value.lower()}" + (f" ({_which(elements, state)})" if state is State.FAILED else "")
        for state in _ORDER
        if counts[state]
    ]
    return f"{len(elements)} element{'s' if len(elements) > 1 else ''}: {', '.join(parts)}."


def _which(elements: Sequence[Status], state: State) -> str:
    return ranges.told(number for number, element in enumerate(elements, 1) if element.state is state)


def _example(elements: Sequence[Status], state: State) -> str:
    """What the first that failed says, or else the first of those that wait or cannot be asked about."""
    wanted = State.FAILED if any(element.state is State.FAILED for element in elements) else state
    if wanted in (State.SUCCEEDED, State.CANCELLED):
        return ""
    found = ((n, element) for n, element in enumerate(elements, 1) if element.state is wanted and element.message)
    return next((f"Element {number}: {element.message}" for number, element in found), "")
