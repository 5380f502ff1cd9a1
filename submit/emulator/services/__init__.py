"""Vertex AI, ML Engine and what their clients ask on the way, over the engine."""
