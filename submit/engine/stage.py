"""Sets up runs of a job: folders, ports, tasks and replicas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from submit.engine.loop import Loop
from submit.engine.outcome import PREEMPTIONS, RESTARTS
from submit.engine.ports import port_of, reserve_port
from submit.engine.replicas import Replica
from submit.engine.request import Request
from submit.engine.run import Listener, Rules, Run
from submit.engine.tasks import Site, TrialPlan, cluster, members, task


class Stage(NamedTuple):
    """`env` is the submitter's environment, which launchers inherit."""

    request: Request
    site: Site
    env: Mapping[str, str]
    loop: Loop

    def run(self, listener: Listener, trial: TrialPlan | None = None) -> Run:
        """A run that has not begun; its ports are reserved."""
        folder = self.site.folder.run(trial.id if trial else None)
        folder.make()
        for record in (folder.path / "records").iterdir():  # of a run before this one
            record.unlink()
        all_members = members(self.request)
        ports = [reserve_port() for _ in range(2 * len(all_members))]  # one in the cluster, one open for the user
        numbers = [port_of(port) for port in ports]
        addresses = cluster(all_members, numbers[: len(all_members)])
        replicas = [
            Replica(
                member,
                task(self.request, member, self.site, cluster=addresses, port=port, trial=trial),
                folder=folder,
                env=self.env,
                errors=self.site.folder.launchers,
            )
            for member, port in zip(all_members, numbers[len(all_members) :], strict=True)
        ]
        return Run(replicas, self._rules(), ports, self.loop, listener, self._written)

    def _written(self) -> int:
        """How much the job has written so far, in bytes."""
        try:
            return self.site.folder.log.stat().st_size
        except FileNotFoundError:  # somebody has removed it
            return 0

    def _rules(self) -> Rules:
        request = self.request
        return Rules(
            timeout_s=request.timeout_s,
            grace_s=request.grace_s,
            worker_grace_s=request.worker_grace_s,
            restarts=0 if request.disable_retries else RESTARTS,
            preemptions=0 if request.disable_retries else PREEMPTIONS,
            preempt_after_s=request.preempt_after_s,
            preempt_times=request.preempt_times,
            silence_s=request.max_silence_s,
        )
