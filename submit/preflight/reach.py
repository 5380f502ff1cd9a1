"""Which files of the packages an entry point imports, as far as its text shows. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping


def reached_from(module: str, sources: Mapping[str, bytes]) -> frozenset[str]:
    """The paths that `python -m module` loads: its own, those of the packages around it, and what these import.

    `sources` maps paths like `trainer/task.py` to their text.
    """
    reached: set[str] = set()
    waiting = [module, f"{module}.__main__"]
    while waiting:
        for path in _paths(waiting.pop(), sources):
            if path not in reached:
                reached.add(path)
                waiting += _imports(sources[path], package=path.rpartition("/")[0].replace("/", "."))
    return frozenset(reached)


def _paths(module: str, sources: Mapping[str, bytes]) -> Iterator[str]:
    """The file of a module and the `__init__.py` of every package that it is in, as far as they are here."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        stem = "/".join(parts[:depth])
        yield from (path for path in (f"{stem}/__init__.py", f"{stem}.py") if path in sources)


def _imports(source: bytes, package: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # importing it will say so
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(node, package)


def _imported_from(node: ast.ImportFrom, package: str) -> Iterator[str]:
    parts = package.split(".")
    above = parts[: len(parts) + 1 - node.level] if node.level else []
    base = ".".join([*above, *filter(None, [node.module])])
    yield base
    yield from (f"{base}.{alias.name}" for alias in node.names)
