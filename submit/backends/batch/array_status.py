"""What is known of an array and of its elements; of a study they are trials, judged by their metrics. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from submit.backends.batch import ranges
from submit.backends.batch.looking import Folder
from submit.backends.batch.place import Place
from submit.backends.batch.status import Answers, folder_link, job_dir
from submit.backends.batch.status import status as status_of
from submit.status import Cause, Json, JsonObject, State, Status
from submit.study import Study
from submit.trials import Trial, best_first, measured, too_many_failures, unmeasured

_ORDER = (
    State.FAILED,
    State.CANCELLED,
    State.SUCCEEDED,
    State.CANCELLING,
    State.RUNNING,
    State.PREPARING,
    State.QUEUED,
)

# https://cloud.google.com/vertex-ai/docs/reference/rest/v1/Trial#State; those that are not here are ACTIVE
_OF_TRIALS: Mapping[State, str] = {
    State.QUEUED: "REQUESTED",
    State.SUCCEEDED: "SUCCEEDED",
    State.FAILED: "INFEASIBLE",
    State.CANCELLED: "INFEASIBLE",
}


def status(folder: Folder, place: Place, backend: str, answers: Answers) -> Status:
    study = _study(folder)
    elements = [_element(each, Place.of(place.site, each.key), backend, answers, study) for each in folder.elements]
    state = _state(elements, cancelled=folder.cancelled)
    if study and state.ended and not folder.cancelled:
        state = _result(elements, study)
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
        message=_message(elements, state, "trial" if study else "element"),
        created=folder.created,
        started=min(started, default=None),
        ended=max(ended, default=None) if state.ended else None,
        labels=first.labels,
        job_dir=job_dir(folder, place),
        links={"folder": folder_link(place)},
        trials=_compared([element.trials[0] for element in elements], study),
        traceback=told.traceback if told else "",
        raw={"elements": [dict(element.raw) for element in elements]},
    )


def element_status(folder: Folder, place: Place, backend: str, answers: Answers) -> Status:
    """Of one element alone; of a study's trial also its place in the search and what it has reported."""
    study = _study(folder)
    found = _element(folder, place, backend, answers, study)
    return found if study else replace(found, trials=())


def _element(folder: Folder, place: Place, backend: str, answers: Answers, study: Study | None) -> Status:
    """A trial that ended well but without its metric cannot be compared: it is as good as failed."""
    found = status_of(folder, place, backend, answers)
    if study is None:
        return replace(found, trials=(_row(place.element, found),))
    metrics = measured(_reported(folder), study)
    if found.state is State.SUCCEEDED and study.metric not in metrics:
        found = replace(found, state=State.FAILED, cause=Cause.EXIT_CODE, message=unmeasured(study))
    point = cast("list[Json]", folder.job["points"])[int(place.element) - 1]
    figures = {"metrics": cast(JsonObject, metrics), "parameters": point}
    row = _row(place.element, found) | {"state": _OF_TRIALS.get(found.state, "ACTIVE")} | figures
    return replace(found, trials=(row,))


def _row(number: str, element: Status) -> JsonObject:
    return {
        "id": number,
        "state": element.state.value,
        "exit_code": element.exit_code,
        "cause": element.cause.value if element.cause else None,
        "message": element.message,
    }


def _study(folder: Folder) -> Study | None:
    said = folder.job.get("study")
    return Study.parse(said) if isinstance(said, dict) else None


def _reported(folder: Folder) -> Mapping[str, float]:
    """By the primary replica."""
    primary = next((record for record in folder.records if record.get("replica") == "workerpool0-0"), {})
    return cast("Mapping[str, float]", primary.get("metrics") or {})


def _compared(rows: Sequence[Mapping[str, Json]], study: Study | None) -> tuple[Mapping[str, Json], ...]:
    """Of a study the best first."""
    if study is None:
        return tuple(rows)
    by_id = {str(row["id"]): row for row in rows}
    return tuple(by_id[trial.id] for trial in best_first([_trial(row) for row in rows], study))


def _trial(row: Mapping[str, Json]) -> Trial:
    parameters, metrics = cast("dict[str, str]", row["parameters"]), cast("dict[str, float]", row["metrics"])
    return Trial(str(row["id"]), str(row["state"]), parameters, metrics, str(row["message"]))


def _result(elements: Sequence[Status], study: Study) -> State:
    """A study needs one trial with a result, and not too many without."""
    states = {element.state for element in elements}
    if states == {State.CANCELLED}:
        return State.CANCELLED
    failed = too_many_failures([_trial(element.trials[0]) for element in elements], study)
    return State.FAILED if failed or State.SUCCEEDED not in states else State.SUCCEEDED


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


def _message(elements: Sequence[Status], state: State, noun: str) -> str:
    """While all wait, what they wait for; else how many are where, and the words of one that has any."""
    waits = _words(elements, State.QUEUED)
    if state is State.QUEUED:
        return waits.partition(": ")[2]
    running = [each for each in elements if each.state in (State.PREPARING, State.RUNNING)]
    told = (
        _counted(elements, noun),
        _words(elements, State.FAILED),
        _words(running, State.RUNNING) if running else waits,
    )
    return " ".join(filter(None, told))


def _words(elements: Sequence[Status], state: State) -> str:
    """What the first in that state says, if any does."""
    found = (each for each in elements if each.state is state and each.message)
    return next((f"Number {each.trials[0]['id']}: {each.message}" for each in found), "")


def _counted(elements: Sequence[Status], noun: str) -> str:
    """`100 elements: 2 failed (7, 12), 90 succeeded, 8 running.`"""
    counts = Counter(element.state for element in elements)
    parts = [
        f"{counts[state]} {state.value.lower()}" + (f" ({_which(elements, state)})" if state is State.FAILED else "")
        for state in _ORDER
        if counts[state]
    ]
    return f"{len(elements)} {noun}{'s' if len(elements) > 1 else ''}: {', '.join(parts)}."


def _which(elements: Sequence[Status], state: State) -> str:
    return ranges.told(number for number, element in enumerate(elements, 1) if element.state is state)
