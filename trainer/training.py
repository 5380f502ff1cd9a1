"""The training loop: synchronous data-parallel gradient descent.

Every replica computes the gradient over its share of each batch; all take the same step with the sum. So the result
does not depend on how many replicas there are, but for the rounding of the sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from trainer import adam
from trainer.digits import Examples
from trainer.errors import TrainerError
from trainer.model import loss_and_gradient

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.arguments import Hyperparameters
    from trainer.peers import Peers
    from trainer.state import State


def steps_per_epoch(examples: Examples, hyper: Hyperparameters) -> int:
    return math.ceil(len(examples.labels) / hyper.batch_size)


def train(state: State, examples: Examples, hyper: Hyperparameters, epochs: int, peers: Peers) -> Iterator[float]:
    """Trains from `state.step` to the end of the last epoch, in place; yields each batch's mean loss in nats.

    At each yield, and when it raises, `state` is whole: that of the last finished step.
    """
    per_epoch = steps_per_epoch(examples, hyper)
    while state.step < epochs * per_epoch:
        epoch, position = divmod(state.step, per_epoch)
        order = np.random.default_rng([hyper.seed, epoch]).permutation(len(examples.labels))
        for batch in np.array_split(order, range(hyper.batch_size, len(order), hyper.batch_size))[position:]:
            yield _take_step(state, examples, batch, hyper, peers)


@np.errstate(over="ignore", invalid="ignore")  # told in plain words by `require_finite`
def _take_step(
    state: State, examples: Examples, batch: NDArray[np.int64], hyper: Hyperparameters, peers: Peers
) -> float:
    share = batch[peers.index :: peers.count]
    loss, gradient = loss_and_gradient(state.weights, Examples(examples.images[share], examples.labels[share]))
    total = peers.total(np.append(gradient, np.float32(loss))) / np.float32(len(batch))
    mean_loss = float(total[-1])
    require_finite(mean_loss, state.step, hyper)
    adam.update(state, total[:-1], hyper)
    return mean_loss


def require_finite(loss: float, step: int, hyper: Hyperparameters) -> None:
    if not math.isfinite(loss):
        raise TrainerError(
            f"the loss is {loss} after step {step}: lower --learning-rate (it is {hyper.learning_rate:g})"
        )
