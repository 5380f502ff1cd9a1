"""The classifier: one hidden layer, and back-propagation by hand.

All weights are one flat float32 vector, so that optimizer, checkpoint and other replicas need not know the layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from trainer.digits import CLASSES, PIXELS, Examples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float32]


class Layers(NamedTuple):
    """Views into the flat vector, in its order. With h hidden units the shapes are (64, h), (h,), (h, 10), (10,)."""

    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: Array


def layers(weights: Array) -> Layers:
    hidden_units = (len(weights) - CLASSES) // (PIXELS + 1 + CLASSES)
    shapes = ((PIXELS, hidden_units), (hidden_units,), (hidden_units, CLASSES), (CLASSES,))
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return Layers(*map(np.reshape, np.split(weights, ends[:-1]), shapes))


def initial_weights(hidden_units: int, seed: int) -> Array:
    """Random weights (He et al. 2015, arXiv:1502.01852), biases of zero."""
    weights = np.zeros(PIXELS * hidden_units + hidden_units + hidden_units * CLASSES + CLASSES, dtype=np.float32)
    random = np.random.default_rng(seed)
    for matrix in (layers(weights).hidden, layers(weights).output):
        matrix[:] = random.standard_normal(matrix.shape) * np.sqrt(2 / matrix.shape[0])
    return weights


def loss_and_gradient(weights: Array, examples: Examples) -> tuple[float, Array]:
    """Cross-entropy in nats, summed over the examples, and its gradient, of the shape of `weights`."""
    layer = layers(weights)
    activity = np.maximum(examples.images @ layer.hidden + layer.hidden_bias, 0)
    log_odds = _log_softmax(activity @ layer.output + layer.output_bias)
    rows = np.arange(len(examples.labels))
    loss = -float(log_odds[rows, examples.labels].sum())

    error = np.exp(log_odds)
    error[rows, examples.labels] -= 1
    hidden_error = (error @ layer.output.T) * (activity > 0)
    parts = (examples.images.T @ hidden_error, hidden_error.sum(axis=0), activity.T @ error, error.sum(axis=0))
    return loss, np.concatenate([part.ravel() for part in parts])


@np.errstate(over="ignore", invalid="ignore")  # a loss that is not finite says it
def evaluate(weights: Array, examples: Examples) -> tuple[float, float]:
    """Mean cross-entropy in nats, and accuracy from 0 to 1."""
    layer = layers(weights)
    activity = np.maximum(examples.images @ layer.hidden + layer.hidden_bias, 0)
    log_odds = _log_softmax(activity @ layer.output + layer.output_bias)
    loss = -log_odds[np.arange(len(examples.labels)), examples.labels].mean()
    return float(loss), float((log_odds.argmax(axis=1) == examples.labels).mean())


def _log_softmax(scores: Array) -> Array:
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result
