"""Clusters that run scripts from a queue: what Slurm, Grid Engine and their like have in common.

A `Dialect` says how one of them is spoken to; `backend.Batch` is the backend over it. Jobs live in folders
of the file system that all nodes share, below `submit.<backend>.folder`:

    programs/DIGEST/…   the launcher and what finds a replica's place, as this version has them
    packages/DIGEST/…   trainers, verified before they are installed
    cache/              their environments, made once
    jobs/KEY/           job.json, task.sh, records/, logs/ (a file per replica and restart), cluster.log
    output/KEY/         the job dir, where the job names no other; it stays when the job is deleted

An array is one job in one folder. Each of its elements is a trial with replicas and restarts of its own; the element's
number comes first in the names of its files, and stands behind the job's key where an element is meant: `KEY.7`.
"""
