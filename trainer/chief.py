"""The replica that leads: it trains with the others, and it alone writes."""

from __future__ import annotations

import io
import json
import logging
import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from trainer import digits, model, peers
from trainer.errors import PeerLost, Terminated
from trainer.hypertune import Reporter
from trainer.state import State
from trainer.training import require_finite, steps_per_epoch, train

if TYPE_CHECKING:
    from trainer.arguments import Arguments
    from trainer.cluster import Cluster
    from trainer.outputs import Outputs
    from trainer.termination import Termination

log = logging.getLogger("trainer")


def run(cluster: Cluster, arguments: Arguments, outputs: Outputs, termination: Termination) -> None:
    started = time.monotonic()
    state = outputs.checkpoints.newest()
    examples, _ = split = digits.load()
    per_epoch = steps_per_epoch(examples, arguments.hyperparameters)
    if state:
        log.info("resuming from epoch %d step=%d", state.step // per_epoch + 1, state.step)
    else:
        state = State.initial(arguments.hyperparameters)
        log.info("starting seed=%d examples=%d", arguments.hyperparameters.seed, len(examples.labels))
    with peers.gather(cluster, arguments, termination, state) as replicas:
        Training(arguments, outputs, termination, split).run(state, replicas)
    _finish(state, arguments, outputs, split, seconds=time.monotonic() - started)


class Training:
    """Training with what goes on around it: progress, checkpoints, the metric of a trial."""

    def __init__(
        self,
        arguments: Arguments,
        outputs: Outputs,
        termination: Termination,
        split: tuple[digits.Examples, digits.Examples],
    ) -> None:
        self._arguments = arguments
        self._checkpoints = outputs.checkpoints
        self._termination = termination
        self._train, self._test = split
        self._reporter = Reporter(os.environ)
        self._per_epoch = steps_per_epoch(self._train, arguments.hyperparameters)
        self._saved_step = 0

    def run(self, state: State, replicas: peers.Peers) -> None:
        """Trains to the last epoch. If it cannot go on, because of a signal or another replica, it saves first."""
        self._saved_step = state.step
        losses = []
        arguments = self._arguments
        try:
            for loss in train(state, self._train, arguments.hyperparameters, arguments.epochs, replicas):
                losses.append(loss)
                if state.step % self._per_epoch == 0:
                    self._end_epoch(state, float(np.mean(losses)))
                    losses.clear()
                self._termination.check()
        except (Terminated, PeerLost):
            if state.step > self._saved_step:
                self._checkpoints.save(state)
            raise

    def _end_epoch(self, state: State, loss: float) -> None:
        epoch = state.step // self._per_epoch
        test_loss, accuracy = model.evaluate(state.weights, self._test)
        require_finite(test_loss, state.step, self._arguments.hyperparameters)
        log.info("epoch %d loss=%.4f accuracy=%.4f step=%d", epoch, loss, accuracy, state.step)
        checkpoint = ""
        if epoch % self._arguments.checkpoint_every == 0 or epoch == self._arguments.epochs:
            checkpoint = self._checkpoints.save(state)
            self._saved_step = state.step
        self._reporter.report(accuracy, state.step, checkpoint)


def _finish(
    state: State,
    arguments: Arguments,
    outputs: Outputs,
    split: tuple[digits.Examples, digits.Examples],
    *,
    seconds: float,
) -> None:
    train_examples, test_examples = split
    loss, accuracy = model.evaluate(state.weights, test_examples)
    outputs.model.write("model.npz", pack_model(state.weights))
    model_location = outputs.model.location("model.npz")
    metrics = {
        "accuracy": accuracy,
        "loss": loss,
        "epochs": state.step // steps_per_epoch(train_examples, arguments.hyperparameters),
        "steps": state.step,
        "seconds": round(seconds, 3),
        "examples": {"train": len(train_examples.labels), "test": len(test_examples.labels)},
        "hyperparameters": asdict(arguments.hyperparameters),
        "model": model_location,
    }
    outputs.job_dir.write("metrics.json", (json.dumps(metrics, indent=2) + "\n").encode())
    log.info("done accuracy=%.4f model=%s", accuracy, model_location)


def pack_model(weights: model.Array) -> bytes:
    """The layers by name, as an `.npz` file."""
    file = io.BytesIO()
    np.savez(file, **model.layers(weights)._asdict())
    return file.getvalue()
