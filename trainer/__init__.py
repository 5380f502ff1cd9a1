"""A trainer that learns to read handwritten digits: the sample package that a job runs as `python -m trainer.task`."""
