"""Vertex AI, ML Engine and what their clients ask on the way, over the engine."""

from submit.emulator.services.serve import Services, create

__all__ = ["Services", "create"]
