"""The images that ship inside this package (see `data/README.md`), always split in the same way."""

from __future__ import annotations

import gzip
import pkgutil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIXELS = 64
CLASSES = 10
TEST_EXAMPLES = 360  # of 1,797: one in five
_WHITE = 16.0


class Examples(NamedTuple):
    """`images`: float32 of shape (n, 64), from 0 to 1; `labels`: integers of shape (n,), from 0 to 9."""

    images: NDArray[np.float32]
    labels: NDArray[np.int64]


def load() -> tuple[Examples, Examples]:
    """The images to train with and those to test with."""
    packed = pkgutil.get_data("trainer", "data/digits.csv.gz")  # works from a zip file as well
    assert packed is not None
    text = gzip.decompress(packed).decode("ascii")
    table = np.array(text.replace("\n", ",").rstrip(",").split(","), dtype=np.float32).reshape(-1, PIXELS + 1)
    order = np.random.default_rng(seed=0).permutation(len(table))
    test, train = table[order[:TEST_EXAMPLES]], table[order[TEST_EXAMPLES:]]
    return _examples(train), _examples(test)


def _examples(table: NDArray[np.float32]) -> Examples:
    return Examples(table[:, :PIXELS] / np.float32(_WHITE), table[:, PIXELS].astype(np.int64))
