"""What a supervisor carries through to its end: a single run of a job's replicas, or a study of many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from submit.engine.loop import Timer
from submit.engine.outcome import CANCELLED, SUCCESS, Ending, is_worth_retrying
from submit.engine.processes import Group
from submit.engine.run import Listener, Run
from submit.engine.stage import Stage
from submit.engine.tasks import TrialPlan
from submit.study import Study
from submit.trials import Trial, best_first, measured, suggest, too_many_failures, unmeasured


class Work(Protocol):
    def begin(self) -> None: ...
    def cancel(self) -> None:
        """Asks all to end; the listener is told when they have."""

    def preempt(self) -> None:
        """Takes the machines of all that runs away; it begins again by itself."""

    def abandon(self) -> None:
        """Ends all at once."""

    def runs(self) -> Sequence[Run]:
        """Those to be shown: what runs now, or ran last."""

    def trials(self) -> list[dict[str, Any]]: ...


class Watcher(NamedTuple):
    """Whom a work tells what; `say` takes a line for the log and the trial that it is about."""

    changed: Callable[[], None]
    running: Callable[[], None]
    say: Callable[[str, str | None], None]
    ended: Callable[[Ending], None]


class Single:
    """A job without a study; started again as a whole as often as its `retry` allows."""

    def __init__(self, stage: Stage, watcher: Watcher) -> None:
        self._stage, self._watcher = stage, watcher
        self._listener = Listener(watcher.changed, watcher.running, lambda text: watcher.say(text, None), self._ended)
        self._run = stage.run(self._listener)
        self._retries = 0
        self._pause: Timer | None = None

    def begin(self) -> None:
        self._run.begin()

    def cancel(self) -> None:
        if self._pause is None:
            self._run.cancel()
        else:
            self._pause.cancel()
            self._watcher.ended(CANCELLED)

    def preempt(self) -> None:
        self._run.preempt()

    def abandon(self) -> None:
        self._run.abandon()

    def runs(self) -> Sequence[Run]:
        return [self._run]

    def trials(self) -> list[dict[str, Any]]:
        return []

    def _ended(self, ending: Ending) -> None:
        retry = self._stage.request.retry
        if self._retries == retry.limit or not is_worth_retrying(ending, retry.causes, retry.exit_codes):
            self._watcher.ended(ending)
            return
        pause_s = retry.backoff_s * 2**self._retries
        self._retries += 1
        why = ending.cause if ending.exit_code is None else f"{ending.cause} {ending.exit_code}"
        times = f"{self._retries} of {retry.limit}"
        self._watcher.say(f"The job ended by {why} and is started again in {pause_s:g} s ({times}).", None)
        self._pause = self._stage.loop.later(pause_s, self._again)

    def _again(self) -> None:
        self._pause = None
        self._run = self._stage.run(self._listener)
        self._run.begin()


class Tuning:
    """A study: as many trials at once as it allows, each a run with the job's time-out, until enough have ended."""

    def __init__(self, study: Study, stage: Stage, watcher: Watcher) -> None:
        self._study, self._stage, self._watcher = study, stage, watcher
        self._active: dict[str, Run] = {}
        self._last: Sequence[Run] = []
        self._trials: dict[str, Trial] = {}
        self._failure: Ending | None = None
        self._stopped: Ending | None = None

    def begin(self) -> None:
        if self._study.algorithm not in ("GRID_SEARCH", "RANDOM_SEARCH"):
            self._watcher.say("There is no Bayesian optimiser on this machine: the study searches at random.", None)
        self._fill()

    def _fill(self) -> None:
        while len(self._active) < self._study.parallel_trials and self._begin_next():
            pass
        self._watcher.changed()

    def cancel(self) -> None:
        self._stop(CANCELLED)

    def preempt(self) -> None:
        for run in list(self._active.values()):
            run.preempt()

    def abandon(self) -> None:
        for run in self._active.values():
            run.abandon()

    def runs(self) -> Sequence[Run]:
        return list(self._active.values()) or self._last

    def trials(self) -> list[dict[str, Any]]:
        """Best first."""
        return [trial._asdict() for trial in best_first(list(self._trials.values()), self._study)]

    def _begin_next(self) -> bool:
        number = len(self._trials) + 1
        if self._stopped or number > self._study.max_trials:
            return False
        parameters = suggest(self._study, number, self._stage.request.id)
        if parameters is None:
            return False
        plan = TrialPlan(str(number), parameters, self._study.metric)
        self._trials[plan.id] = Trial(plan.id, "ACTIVE", parameters, {})
        shown = ", ".join(f"{name}={value}" for name, value in parameters.items())
        self._watcher.say(f"Trial {number} starts with {shown}.", plan.id)
        run = self._stage.run(self._listener(plan.id), plan)
        self._active[plan.id] = run
        run.begin()
        return True

    def _listener(self, trial: str) -> Listener:
        return Listener(
            changed=self._watcher.changed,
            running=self._watcher.running,
            say=lambda text: self._watcher.say(text, trial),
            ended=lambda ending: self._ended(trial, ending),
        )

    def _ended(self, number: str, ending: Ending) -> None:
        self._last = [self._active.pop(number)]
        trial = self._judge(self._trials[number], ending)
        self._trials[number] = trial
        self._watcher.say(_summary(trial), number)
        if not self._stopped and too_many_failures(list(self._trials.values()), self._study):
            self._stop(self._too_many())
        self._fill()
        if not self._active:
            self._watcher.ended(self._stopped or self._result())

    def _judge(self, trial: Trial, ending: Ending) -> Trial:
        """A trial that ended well but without its metric cannot be compared: it is as good as failed."""
        record = self._last[0].replicas[0].record
        metrics = measured(record.metrics, self._study) if record else {}
        if ending is SUCCESS and self._study.metric in metrics:
            return trial._replace(state="SUCCEEDED", metrics=metrics)
        if ending is SUCCESS:
            ending = Ending("FAILED", "exit code", 0, unmeasured(self._study))
        if ending.state == "FAILED":
            self._failure = ending
        return trial._replace(state="INFEASIBLE", metrics=metrics, message=ending.message)

    def _stop(self, ending: Ending) -> None:
        self._stopped = self._stopped or ending
        for run in list(self._active.values()):
            run.cancel()

    def _too_many(self) -> Ending:
        failed = sum(trial.state == "INFEASIBLE" for trial in self._trials.values())
        assert self._failure is not None
        return self._failure._replace(message=f"{failed} trials failed, the last so: {self._failure.message}")

    def _result(self) -> Ending:
        if any(trial.state == "SUCCEEDED" for trial in self._trials.values()):
            return SUCCESS
        assert self._failure is not None
        return self._failure._replace(message=f"No trial succeeded. The last: {self._failure.message}")


def statuses(work: Work) -> list[dict[str, Any]]:
    """The replicas of what runs now (or ran last) as clients see them."""
    return [replica.status() for run in work.runs() for replica in run.replicas]


def groups(work: Work) -> list[Group]:
    """The process groups that are to be gone when the supervisor is."""
    return [group for run in work.runs() for replica in run.replicas for group in replica.groups]


def _summary(trial: Trial) -> str:
    if trial.state == "SUCCEEDED":
        return f"Trial {trial.id} succeeded: {', '.join(f'{k} = {v:g}' for k, v in trial.metrics.items())}."
    return f"Trial {trial.id} failed. {trial.message}"
