"""Logs as values: entries of any number of sources in one order, each once. Nothing here touches the world."""
