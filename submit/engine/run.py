"""One run of all replicas of a job (or of one trial), from their start to their common end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from socket import socket
from typing import NamedTuple

from submit.engine.loop import Loop, Timer
from submit.engine.outcome import (
    CANCELLED,
    PREEMPTIONS,
    RESTARTS,
    SUCCESS,
    Ending,
    Record,
    describe_code,
    failure,
    judge,
    preempted,
    silent,
    timed_out,
)
from submit.engine.replicas import Replica

_LOOKS = 4


class Rules(NamedTuple):
    """Times in seconds. Workers get `worker_grace_s` to end by themselves after the primary has succeeded.

    `preempt_after_s`: the machines are taken away so long after the primary's program has started, `preempt_times`
    times. `silence_s`: so long the job may write nothing.
    """

    timeout_s: float
    grace_s: float
    worker_grace_s: float
    restarts: int = RESTARTS
    preemptions: int = PREEMPTIONS
    preempt_after_s: float | None = None
    preempt_times: int | None = None
    silence_s: float | None = None


class Listener(NamedTuple):
    """Whom a run tells what: that something changed, that the primary runs, a line for the log, that all has ended."""

    changed: Callable[[], None]
    running: Callable[[], None]
    say: Callable[[str], None]
    ended: Callable[[Ending], None]


class Run:
    """`replicas[0]` is the primary. The first decision about the ending stands, but a failed worker undoes success.

    The time-out counts from the first start of the primary's program: making an environment is not the trainer's time.
    `ports` are held for the replicas until the end.
    """

    def __init__(
        self,
        replicas: Sequence[Replica],
        rules: Rules,
        ports: Sequence[socket],
        loop: Loop,
        listener: Listener,
        written: Callable[[], int] = lambda: 0,
    ) -> None:
        self.replicas = replicas
        self._ports = ports
        self._rules, self._loop, self._listener = rules, loop, listener
        self._ending: Ending | None = None
        self._timers: list[Timer] = []
        self._has_run = False
        self._preemptions = 0
        self._is_preempted = False  # the machines are being taken away
        self._preemption: Timer | None = None
        self._written = written
        self._silence: Timer | None = None

    def begin(self) -> None:
        for replica in self.replicas:
            replica.start(self._loop, self._changed, self._ended)
        self._listener.changed()

    def cancel(self) -> None:
        self._end(CANCELLED)

    def preempt(self) -> None:
        """Takes the machines away: SIGTERM and, after the grace, SIGKILL. Then all begins again, if it still may."""
        if self._ending is None and not self._is_preempted:
            self._is_preempted = True
            self._listener.say(
                "Terminated by service. If the job is supposed to continue running,"
                " it will be restarted on other VM shortly."
            )
            self._stop_all()

    def abandon(self) -> None:
        for replica in self.replicas:
            replica.abandon()

    def _changed(self, replica: Replica) -> None:
        if replica is self.replicas[0] and not self._has_run:
            self._has_run = True
            self._timers.append(self._loop.later(self._rules.timeout_s, self._time_out))
            self._listen(None, 0)
            self._listener.running()
        if replica is self.replicas[0]:
            self._plan_preemption()
        self._listener.changed()

    def _plan_preemption(self) -> None:
        """The machines that the job has now may be ones that will be taken away by themselves."""
        after, times = self._rules.preempt_after_s, self._rules.preempt_times
        if self._preemption:
            self._preemption.cancel()  # of the machines before, or of a program that crashed
        if after is not None and (times is None or self._preemptions < times):
            self._preemption = self._loop.later(after, self.preempt)

    def _listen(self, known: int | None, quiet: int) -> None:
        """Looks four times in the allowed silence; `quiet` looks in a row have found nothing new since `known`."""
        limit_s = self._rules.silence_s
        if limit_s is None or self._ending is not None:
            return
        now = self._written()
        quiet = quiet + 1 if now == known else 0
        if quiet == _LOOKS:
            self._end(silent(limit_s))
        else:
            self._silence = self._loop.later(limit_s / _LOOKS, lambda: self._listen(now, quiet))

    def _time_out(self) -> None:
        self._end(timed_out(self._rules.timeout_s))

    def _ended(self, replica: Replica, record: Record) -> None:
        if self._is_open(replica):
            # Once the primary has succeeded, a crashed worker has nothing to come back to.
            limit = 0 if self._ending else self._rules.restarts
            match judge(record, told=replica.told, restarts=self._crashes(replica), limit=limit):
                case "success" if replica is self.replicas[0]:
                    self._succeed()
                case "restart" if not self._is_preempted:
                    self._restart(replica, record)
                case "failure":
                    self._end(failure(record, replica.restarts))
        self._listener.changed()
        if not any(replica.running for replica in self.replicas):
            self._begin_again() if self._is_preempted and self._ending is None else self._finish()

    def _begin_again(self) -> None:
        """All that ran was preempted: on other machines, unless that has happened too often."""
        if self._preemptions >= self._rules.preemptions:
            self._ending = preempted(self._preemptions)
            self._finish()
            return
        self._preemptions += 1
        self._is_preempted = False
        of = f"{self._preemptions} of {self._rules.preemptions}"
        self._listener.say(f"The job was preempted and is restarted on other machines ({of}).")
        for replica in self.replicas:
            replica.move()
        self._listener.changed()

    def _crashes(self, replica: Replica) -> int:
        """How often it was restarted because of itself."""
        return replica.restarts - self._preemptions

    def _is_open(self, replica: Replica) -> bool:
        """Whether the replica's end still matters: before any decision, and a worker's even after success.

        Parameter servers and evaluators may well stumble when their chief leaves.
        """
        return self._ending is None or (self._ending is SUCCESS and replica.member.role == "worker")

    def _succeed(self) -> None:
        self._ending = SUCCESS
        for replica in self.replicas:
            if replica.member.role != "worker":
                replica.terminate(self._rules.grace_s)
        if any(replica.running for replica in self.replicas):
            self._timers.append(self._loop.later(self._rules.worker_grace_s, self._stop_all))

    def _restart(self, replica: Replica, record: Record) -> None:
        how = describe_code(record.exit_code) if record.exit_code is not None else "no exit code"
        self._listener.say(
            f"The replica {replica.name} ended by {how} and is restarted"
            f" ({self._crashes(replica) + 1} of {self._rules.restarts})."
        )
        replica.restart()

    def _end(self, ending: Ending) -> None:
        if self._ending is None or self._ending is SUCCESS:
            self._ending = ending
        self._stop_all()

    def _stop_all(self) -> None:
        for replica in self.replicas:
            replica.terminate(self._rules.grace_s)

    def _finish(self) -> None:
        for timer in filter(None, [*self._timers, self._preemption, self._silence]):
            timer.cancel()
        for port in self._ports:
            port.close()
        assert self._ending is not None
        stopped = "SUCCEEDED" if self._ending is SUCCESS else "CANCELLED"
        for replica in self.replicas:
            if replica.told and replica.record and replica.record.cause == "terminated":
                replica.state = stopped
        self._listener.ended(self._ending)
