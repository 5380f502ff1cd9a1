"""The trivial trainer that every arm of a benchmark runs; copied into a folder of its own first."""
