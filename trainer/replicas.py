"""The replicas that do not lead; none of them writes anything."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

from trainer import digits, model, peers
from trainer.outputs import open_outputs
from trainer.training import steps_per_epoch, train

if TYPE_CHECKING:
    from trainer.arguments import Arguments
    from trainer.cluster import Cluster
    from trainer.termination import Termination

_LOOK_EVERY_S = 0.5
log = logging.getLogger("trainer")


def work(cluster: Cluster, arguments: Arguments, termination: Termination) -> None:
    """Computes gradients over its share of the images until the last epoch is over."""
    examples, _ = digits.load()
    with peers.join(cluster, arguments, termination) as chief:
        log.info("worker %d has joined step=%d", cluster.index, chief.state.step)
        for _ in train(chief.state, examples, arguments.hyperparameters, arguments.epochs, chief):
            termination.check()
    log.info("worker %d is done step=%d", cluster.index, chief.state.step)


def evaluate(arguments: Arguments, termination: Termination) -> None:
    """Evaluates each new checkpoint until it has seen that of the last epoch."""
    checkpoints = open_outputs(arguments, os.environ).checkpoints
    train_examples, test_examples = digits.load()
    last_step = arguments.epochs * steps_per_epoch(train_examples, arguments.hyperparameters)
    seen = 0
    log.info("waiting for checkpoints")
    while seen < last_step:
        state = checkpoints.newest(after=seen)
        if state:
            seen = state.step
            loss, accuracy = model.evaluate(state.weights, test_examples)
            log.info("evaluated step=%d loss=%.4f accuracy=%.4f", seen, loss, accuracy)
        else:
            with termination.interruptible():
                time.sleep(_LOOK_EVERY_S)


def stand_by(termination: Termination) -> None:
    """A parameter server has nothing to do here, as the chief sums the gradients: waits until it is told to stop."""
    log.info("nothing to do for a parameter server: waiting to be stopped")
    with termination.interruptible():
        while True:
            time.sleep(3600)
