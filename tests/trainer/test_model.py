from __future__ import annotations

import numpy as np

from trainer import digits, model


def test_the_split_is_fixed_and_loses_no_image() -> None:
    train, test = digits.load()
    assert (train.images.shape, test.images.shape) == ((1437, 64), (360, 64))
    counts = np.bincount(np.concatenate([train.labels, test.labels]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as the data set's own notes say
    assert test.labels[:10].tolist() == digits.load()[1].labels[:10].tolist()
    assert (train.images.min(), train.images.max()) == (0, 1)


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    train, _ = digits.load()
    few = digits.Examples(train.images[:5].astype(np.float64), train.labels[:5])  # for precision
    weights = model.initial_weights(hidden_units=6, seed=1).astype(np.float64)
    _, gradient = model.loss_and_gradient(weights, few)  # type: ignore[arg-type]

    random = np.random.default_rng(0)
    for _ in range(20):
        direction = random.standard_normal(len(weights)) * 1e-6
        above, _ = model.loss_and_gradient(weights + direction, few)  # type: ignore[arg-type]
        below, _ = model.loss_and_gradient(weights - direction, few)  # type: ignore[arg-type]
        assert np.isclose(above - below, 2 * gradient @ direction, rtol=1e-5, atol=1e-12)


def test_the_gradients_of_two_shares_add_up_to_that_of_the_whole() -> None:
    examples, _ = digits.load()
    weights = model.initial_weights(hidden_units=6, seed=1)
    halves = [digits.Examples(examples.images[i::2], examples.labels[i::2]) for i in range(2)]
    shares = [model.loss_and_gradient(weights, half) for half in halves]
    loss, gradient = model.loss_and_gradient(weights, examples)
    assert np.isclose(shares[0][0] + shares[1][0], loss)
    assert np.allclose(shares[0][1] + shares[1][1], gradient, atol=1e-3)
