"""Which files an entry point loads, read from its text."""

from __future__ import annotations

from submit.preflight.reach import reached_from

SOURCES = {
    "trainer/__init__.py": b"",
    "trainer/task.py": b"import os\nfrom . import model\nfrom trainer.data import load\n",
    "trainer/model.py": b"def f():\n    from .layers.dense import Dense\n",
    "trainer/data.py": b"this is not Python",
    "trainer/layers/__init__.py": b"from .. import shapes\n",
    "trainer/layers/dense.py": b"",
    "trainer/shapes.py": b"import trainer.task",
    "trainer/plot.py": b"import argparse",
    "tool/__main__.py": b"import tool.cli",
    "tool/cli.py": b"",
}


def test_imports_are_followed_in_every_form() -> None:
    others = {"trainer/plot.py", "tool/__main__.py", "tool/cli.py"}
    assert reached_from("trainer.task", SOURCES) == set(SOURCES) - others


def test_a_package_is_entered_through_its_main() -> None:
    assert reached_from("tool", SOURCES) == {"tool/__main__.py", "tool/cli.py"}
