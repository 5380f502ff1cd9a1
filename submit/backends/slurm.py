"""Slurm clusters: the one that this machine belongs to, or over ssh."""

from __future__ import annotations

from submit.backends.batch import slurm
from submit.backends.batch.backend import Batch

_batch = Batch(slurm)

options = slurm.options
capabilities = slurm.capabilities
submit = _batch.submit
find = _batch.find
describe = _batch.describe
list_jobs = _batch.list_jobs
logs = _batch.logs
await_change = _batch.await_change
cancel = _batch.cancel
delete = _batch.delete
links = _batch.links
environment = _batch.environment
