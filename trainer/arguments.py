"""The command line."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Hyperparameters:
    """What decides the outcome of training, apart from its length. A checkpoint belongs to one set of these."""

    seed: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    hidden_units: int


@dataclass(frozen=True)
class Arguments:
    """What the user asked for. `job_dir` is None if they did not say; `peer_timeout` is in seconds."""

    job_dir: str | None
    epochs: int
    checkpoint_every: int
    peer_timeout: float
    hyperparameters: Hyperparameters


def parse(argv: Sequence[str] | None = None) -> Arguments:
    """Reads `argv`, by default the process's; on a mistake prints the usage to stderr and exits with 2."""
    words = sys.argv[1:] if argv is None else argv
    found = build_parser().parse_args([with_dashes(word) for word in words])
    return Arguments(
        job_dir=found.job_dir,
        epochs=found.epochs,
        checkpoint_every=found.checkpoint_every,
        peer_timeout=found.peer_timeout,
        hyperparameters=Hyperparameters(
            seed=found.arg,
            batch_size=found.batch_size,
            learning_rate=found.learning_rate,
            weight_decay=found.weight_decay,
            hidden_units=found.hidden_units,
        ),
    )


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainer.task",
        description="Learns to read handwritten digits.",
        epilog="Options may be written with underscores too, as in --learning_rate.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    option = parser.add_argument
    option("--job-dir", metavar="DIR", help="where to write, a folder or gs://bucket/path (`output` unless set)")
    option("--arg", type=natural, default=42, metavar="N", help="the random seed: first weights, order of the images")
    option("--epochs", type=positive, default=30, metavar="N", help="how often to go through the training images")
    option("--batch-size", type=positive, default=32, metavar="N", help="images per step, over all replicas")
    option("--learning-rate", type=positive_float, default=0.003, metavar="X", help="step size of Adam")
    option("--weight-decay", type=natural_float, default=0.01, metavar="X", help="pull of the weights towards zero")
    option("--hidden-units", type=positive, default=64, metavar="N", help="width of the hidden layer")
    option("--checkpoint-every", type=positive, default=5, metavar="N", help="epochs from checkpoint to checkpoint")
    option("--peer-timeout", type=positive_float, default=300.0, metavar="S", help="seconds to wait for other replicas")
    return parser


def with_dashes(word: str) -> str:
    """`--learning_rate=0.1` as `--learning-rate=0.1`: tuning passes a parameter as the config names it."""
    name, sign, value = word.partition("=")
    return name.replace("_", "-") + sign + value if name.startswith("--") else word


def natural_float(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number") from None
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 on")
    return number


def positive_float(text: str) -> float:
    number = natural_float(text)
    if number == 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def natural(text: str) -> int:
    """A whole number from 0 on, which tuning may write as 32.0."""
    number = natural_float(text)
    if not number.is_integer():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number")
    return int(text) if text.isdecimal() else int(number)


def positive(text: str) -> int:
    positive_float(text)
    return natural(text)
