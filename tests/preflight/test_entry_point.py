"""Whether `python -m` would find the module, judged without running anything."""

from __future__ import annotations

import pytest

from submit.preflight.entry_point import missing

MODULES = [
    "trainer",
    "trainer.task",
    "trainer.models",
    "trainer.models.net",
    "tool",
    "tool.__main__",
    "code",
    "code.task",
]


@pytest.mark.parametrize("module", ["trainer.task", "trainer.models.net", "tool", "tool.__main__"])
def test_a_module_that_can_be_run_is_found(module: str) -> None:
    assert missing(module, MODULES) is None


@pytest.mark.parametrize(
    ("module", "message", "hint"),
    [
        ("trainer.taks", "module `trainer.taks` is not in the package", "Did you mean `trainer.task`?"),
        (
            "trainer/task.py",
            "module `trainer/task.py` is not in the package",
            "A module is named without `.py` and with dots: `trainer.task`.",
        ),
        (
            "zzz",
            "module `zzz` is not in the package",
            "It has `trainer`, `trainer.task`, `trainer.models`, `trainer.models.net`, `tool` and more.",
        ),
        (
            "trainer",
            "`trainer` is a package that cannot be run",
            "Name one of its modules, e.g. `trainer.task`, or add `trainer/__main__.py`.",
        ),
        (
            "code.task",
            "`code.task` would not be found: `code` is the name of a module of Python itself, which wins",
            "Rename the package.",
        ),
    ],
)
def test_a_module_that_cannot_be_run_is_an_error_with_the_way_out(module: str, message: str, hint: str) -> None:
    problem = missing(module, MODULES)
    assert problem is not None
    assert (problem.message, problem.hint, problem.severity) == (message, hint, "error")


def test_a_package_without_code_is_named_as_the_reason() -> None:
    problem = missing("trainer.task", [])
    assert problem is not None
    assert problem.hint == "The package has no Python module at all: is there an `__init__.py` in its folder?"
