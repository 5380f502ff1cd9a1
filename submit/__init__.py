"""jobdir takes a Python trainer from a laptop to any cluster with one command."""

__version__ = "0.1.0"
