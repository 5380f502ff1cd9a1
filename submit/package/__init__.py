"""A trainer's code as an immutable archive: the same tree gives the same bytes, and unchanged code is not built again.

`build` is the way in; the other modules are its parts, one idea each, and pure where they do not say otherwise.
"""

from submit.package.building import MAX_BYTES, Built, build

__all__ = ["MAX_BYTES", "Built", "build"]
