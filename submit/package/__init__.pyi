from submit.package.building import build
from submit.package.built import MAX_BYTES, Built

__all__ = ["MAX_BYTES", "Built", "build"]
