"""What both kinds of cluster have in common, each in its own words."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from submit.backends import gridengine, slurm
from submit.backends.batch import gridengine as gridengine_words
from submit.backends.batch import slurm as slurm_words
from submit.backends.batch.dialect import Dialect
from submit.errors import ErrorKind, ServiceError, UsageError
from submit.job import JobSpec, Machine, Pool, PythonModule, Role, Target
from submit.steps import preview

TARGET = Target(backend="slurm", state_dir="/state", bucket_root="/state/buckets", region="us-central1")
PROGRAM = PythonModule(module="trainer.task", args=())
SPEC = JobSpec(
    name="digits_1_abcdefab",
    submission_id="abcdefab12345678",
    display_name="digits",
    pools=(Pool(role=Role.CHIEF, machine=Machine(machine_type="n1-standard-4"), program=PROGRAM),),
)


@pytest.mark.parametrize(
    ("backend", "options"),
    [
        (slurm, {"partition": "gpu\n#SBATCH --uid=0"}),
        (slurm, {"account": "$(id)"}),
        (slurm, {"directives": ["--exclusive\nrm -rf /"]}),
        (slurm, {"directives": ["rm -rf /"]}),
        (slurm, {"directives": ["--array=1-3"]}),
        (slurm, {"directives": ["-a1-3"]}),
        (slurm, {"directives": ["--arr=1-3"]}),
        (slurm, {"directives": ["--job-name=mine"]}),
        (slurm, {"directives": ["-J mine"]}),
        (slurm, {"host": "-oProxyCommand=id"}),
        (slurm, {"folder": "~/../root"}),
        (slurm, {"folder": "/a b"}),
        (gridengine, {"queue": "all.q\n#$ -l h_rt=1"}),
        (gridengine, {"project": "$(id)"}),
        (gridengine, {"memory_resource": "h_vmem=1,gpu"}),
        (gridengine, {"directives": ["-m e\nrm -rf /"]}),
        (gridengine, {"directives": ["rm -rf /"]}),
        (gridengine, {"directives": ["-t 1-3"]}),
        (gridengine, {"directives": ["-tc 3"]}),
        (gridengine, {"directives": ["-N mine"]}),
    ],
)
def test_what_could_be_taken_for_more_is_refused(backend: ModuleType, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        preview(backend.submit(replace(SPEC, options=options), TARGET))


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (slurm_words, "12\n"),
        (slurm_words, "12;cluster\n"),
        (slurm_words, "Submitted batch job 12\n"),
        (slurm_words, "welcome\n12\n"),
        (gridengine_words, "12\n"),
        (gridengine_words, "12.1-5:1\n"),
        (gridengine_words, 'Your job 12 ("a") has been submitted\n'),
        (gridengine_words, "welcome\n12\n"),
    ],
)
def test_an_id_is_found_in_what_programs_and_their_wrappers_print(words: Dialect, answer: str) -> None:
    assert words.submitted(answer) == "12"


@pytest.mark.parametrize("words", [slurm_words, gridengine_words])
def test_without_an_id_there_is_an_error(words: Dialect) -> None:
    with pytest.raises(ServiceError, match="cannot be read: no"):
        words.submitted("no")


@pytest.mark.parametrize(
    ("words", "output", "kind"),
    [
        (
            slurm_words,
            "slurm_load_jobs error: Unable to contact slurm controller (connect failure)",
            ErrorKind.TRANSIENT,
        ),
        (
            slurm_words,
            "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
            ErrorKind.TRANSIENT,
        ),
        (slurm_words, "slurm_load_jobs error: Invalid job id specified", ErrorKind.NOT_FOUND),
        (slurm_words, "sbatch: error: invalid partition specified: nowhere", ErrorKind.INVALID),
        (slurm_words, "scancel: error: Kill job error on job id 7: Access/permission denied", ErrorKind.DENIED),
        (
            slurm_words,
            "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, ...)",
            ErrorKind.QUOTA,
        ),
        (gridengine_words, "error: commlib error: got select error (Connection refused)", ErrorKind.TRANSIENT),
        (
            gridengine_words,
            'error: unable to send message to qmaster using port 6444 on host "vm": got send error',
            ErrorKind.TRANSIENT,
        ),
        (gridengine_words, "The job nosuch of user(s) ann does not exist", ErrorKind.NOT_FOUND),
        (gridengine_words, 'job "digits" task "7" does not exist for user(s) ann', ErrorKind.NOT_FOUND),
        (gridengine_words, 'job rejected: the requested parallel environment "smp" does not exist', ErrorKind.INVALID),
        (gridengine_words, "Unable to run job: error: no suitable queues\nExiting.", ErrorKind.INVALID),
        (gridengine_words, 'denied: host "laptop" is no submit host', ErrorKind.DENIED),
    ],
)
def test_the_words_of_a_failure_say_what_it_means(words: Dialect, output: str, kind: ErrorKind) -> None:
    assert words.kind(output) is kind


@pytest.mark.parametrize(
    ("words", "output", "advice"),
    [
        (slurm_words, "sbatch: error: invalid partition specified: nowhere", "`submit.slurm.partition`"),
        (slurm_words, "sbatch: fatal: Could not establish a configuration source", "`submit.slurm.host`"),
        (slurm_words, "Batch job submission failed: Invalid account or account/partition", "`submit.slurm.account`"),
        (slurm_words, "Requested node configuration is not available", "`submit.slurm.cpus`"),
        (gridengine_words, 'Job was rejected because job requests unknown queue "x"', "`submit.gridengine.queue`"),
        (gridengine_words, 'the requested parallel environment "x" does not exist', "`submit.gridengine.smp`"),
        (gridengine_words, "Unable to run job: error: no suitable queues.", "`submit.gridengine.cpus`"),
        (gridengine_words, "error: unable to read qmaster name: can't open", "`submit.gridengine.host`"),
        (slurm_words, "something new", ""),
    ],
)
def test_a_refusal_comes_with_the_key_to_change(words: Dialect, output: str, advice: str) -> None:
    assert advice in words.advice(output)
    assert bool(words.advice(output)) is bool(advice)
