"""Everything that training goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trainer import model

if TYPE_CHECKING:
    from trainer.arguments import Hyperparameters
    from trainer.model import Array


@dataclass
class State:
    """`step` counts the batches so far; `mean` and `square` are Adam's running averages, shaped as `weights`.

    The order of the images follows from the seed and the step, so there is no random generator to keep.
    """

    step: int
    weights: Array
    mean: Array
    square: Array

    @classmethod
    def initial(cls, hyper: Hyperparameters) -> State:
        weights = model.initial_weights(hyper.hidden_units, hyper.seed)
        return cls(step=0, weights=weights, mean=np.zeros_like(weights), square=np.zeros_like(weights))
