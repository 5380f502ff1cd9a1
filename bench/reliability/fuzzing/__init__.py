"""Requests that no client makes, and what must hold of their answers."""
