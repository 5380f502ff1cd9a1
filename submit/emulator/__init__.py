"""Google's APIs on loopback, over the engine."""
