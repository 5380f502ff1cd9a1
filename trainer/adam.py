"""Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from trainer.arguments import Hyperparameters
    from trainer.model import Array
    from trainer.state import State

_MEAN_DECAY = np.float32(0.9)
_SQUARE_DECAY = np.float32(0.999)
_EPSILON = np.float32(1e-8)


def update(state: State, gradient: Array, hyper: Hyperparameters) -> None:
    """Takes one step, in place."""
    state.step += 1
    state.mean += (1 - _MEAN_DECAY) * (gradient - state.mean)
    state.square += (1 - _SQUARE_DECAY) * (gradient * gradient - state.square)
    mean = state.mean / (1 - _MEAN_DECAY**state.step)
    square = state.square / (1 - _SQUARE_DECAY**state.step)
    change = mean / (np.sqrt(square) + _EPSILON) + np.float32(hyper.weight_decay) * state.weights
    state.weights -= np.float32(hyper.learning_rate) * change
