"""Numbers in log entries."""

from __future__ import annotations

import math

import pytest

from submit.job import Json
from submit.logs.numbers import measured, numbers, series
from tests.logs.entries import at


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("step=10 loss=0.25", {"step": 10, "loss": 0.25}),
        ("Epoch 3/10 - loss: 1.5e-3 - val_accuracy: 0.98", {"epoch": 3, "loss": 0.0015, "val_accuracy": 0.98}),
        ("loss = -1, lr=+.5; acc=98.5%.", {"loss": -1, "lr": 0.5, "acc": 98.5}),
        ("train/loss: 2. eval@1=7", {"train/loss": 2, "eval@1": 7}),
        ("[step 5] loss=nan (acc=0.5)", {"step": 5, "loss": math.nan, "acc": 0.5}),
        ("at 12:30:01 host:8080 version=1.2.3 sha=0a1b url=http://x?q=1&b=2", {}),
        ("rows=1_000_000 id=1_ part=1__2 at=1_.5 file=1_e5 end=_1", {"rows": 1_000_000}),
        ("size=3GiB took 0.5 s, name=abc7", {}),
        ("x" * 100_000 + "=1" + " y=2", {"x" * 100_000: 1, "y": 2}),
        ("no numbers here: none", {}),
    ],
)
def test_pairs_of_a_message(message: str, found: dict[str, float]) -> None:
    assert numbers(at(1, message)) == pytest.approx(found, nan_ok=True)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"loss": 0.5, "step": 10, "ok": True, "name": "a"}, {"loss": 0.5, "step": 10}),
        ({"metrics": {"loss": 0.5, "deep": {"er": {"still": 1}}}}, {"metrics.loss": 0.5, "metrics.deep.er.still": 1}),
        ({"time": 5, "list": [1]}, {}),
        ({"huge": 10**400, "less": -(10**400)}, {"huge": math.inf, "less": -math.inf}),
    ],
)
def test_fields_of_json_lines(fields: dict[str, Json], found: dict[str, float]) -> None:
    assert numbers(at(1)._replace(message="", fields=fields)) == found


def test_a_field_wins_over_the_text() -> None:
    assert numbers(at(1, "loss=1")._replace(fields={"loss": 2})) == {"loss": 2}


def test_steps_are_where_a_metric_was_measured() -> None:
    entries = [
        at(1, "epoch=1 step=5 loss=2"),
        at(2, "epoch=1"),
        at(3, "loss=1", replica="workerpool1-0"),
        at(4, "exit=1", replica="service"),
    ]
    found = list(measured(entries))
    assert [(item.step, item.values) for item in found] == [(5, {"loss": 2}), (None, {"loss": 1})]
    assert {key: s.points() for key, s in series(found).items()} == {
        ("loss", "workerpool0-0", ""): [(5.0, 2.0)],
        ("loss", "workerpool1-0", ""): [(0.0, 1.0)],
    }


def test_what_is_no_number_is_counted_but_not_drawn() -> None:
    (found,) = series(measured([at(1, "loss=nan"), at(2, "loss=1")])).values()
    assert (len(found.values), found.points()) == (2, [(1.0, 1.0)])
