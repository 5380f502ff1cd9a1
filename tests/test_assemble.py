from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from submit.assemble import JobFlags, assemble, default_module, default_name, needs_package, trial_args
from submit.errors import UsageError
from submit.job import (
    Config,
    Container,
    Goal,
    JobSpec,
    Machine,
    Metric,
    Package,
    Parameter,
    ParameterKind,
    Pool,
    PythonModule,
    Role,
    Study,
    Target,
)

NOW = datetime(2026, 11, 21, 3, 33, 37, tzinfo=UTC)
TOKEN = "ab12cd34" + "0" * 24
TARGET = Target(backend="local", state_dir="/s", bucket_root="/s/b", region="us-central1")
PACKAGE = Package(
    filename="trainer-0.1.0.tar.gz", data=b"", digest="d", files=(), modules=("trainer", "trainer.task", "trainer.net")
)
CHIEF = Pool(role=Role.CHIEF, machine=Machine(machine_type="n1-standard-4"))
CONFIG = Config(pools=(CHIEF,), dialect="ml-engine")


def job(
    config: Config = CONFIG,
    flags: JobFlags = JobFlags(),  # noqa: B008
    module: str | None = None,
    target: Target = TARGET,
) -> JobSpec:
    return assemble(config, [PACKAGE], target, flags, module=module, cwd=PurePosixPath("/work"), now=NOW, token=TOKEN)


def program(spec: JobSpec) -> PythonModule:
    found = spec.pools[0].program
    assert isinstance(found, PythonModule)
    return found


def with_program(of_pool: PythonModule | Container) -> Config:
    return replace(CONFIG, pools=(replace(CHIEF, program=of_pool),))


def test_a_name_is_package_and_time_unless_one_is_given() -> None:
    assert (job().name, job().display_name) == ("trainer_20261121_033337_ab12cd34", "trainer_20261121_033337_ab12cd34")
    named = job(flags=JobFlags(name="first_job"))
    assert (named.name, named.display_name) == ("first_job", "first_job")


def test_the_display_name_of_a_config_may_come_often_so_it_is_only_the_stem_of_the_name() -> None:
    spec = job(replace(CONFIG, display_name="My digits"))
    assert (spec.name, spec.display_name) == ("My_digits_20261121_033337_ab12cd34", "My digits")


@pytest.mark.parametrize("name", ["../x", "1st", "a b", "", "ä", "x" * 129])
def test_a_name_that_could_not_be_a_folder_or_an_id_is_refused(name: str) -> None:
    if name:
        with pytest.raises(UsageError, match="cannot be the name of a job"):
            job(flags=JobFlags(name=name))
    assert default_name(name, NOW, "ab12cd34").endswith("_20261121_033337_ab12cd34")


@pytest.mark.parametrize(
    ("flag", "pool", "config", "project", "expected"),
    [
        ("f.task", "p.task", "c.task", "d.task", "f.task"),
        (None, "p.task", "c.task", "d.task", "p.task"),
        (None, None, "c.task", "d.task", "c.task"),
        (None, None, None, "d.task", "d.task"),
        (None, None, None, None, "trainer.task"),
    ],
)
def test_the_module_is_named_by_the_strongest_voice(
    flag: str | None, pool: str | None, config: str | None, project: str | None, expected: str
) -> None:
    written = replace(with_program(PythonModule(module=pool)), module=config)
    assert program(job(written, JobFlags(module=flag), project)).module == expected


def test_arguments_of_the_command_line_replace_those_of_the_config() -> None:
    written = replace(with_program(PythonModule(args=("--pool",))), args=("--config",))
    assert program(job(written, JobFlags(args=("--flag",)))).args == ("--flag",)
    assert program(job(written)).args == ("--pool",)
    assert program(job(replace(CONFIG, args=("--config",)))).args == ("--config",)
    assert program(job()).args == ()


def test_a_package_that_python_can_run_needs_no_task() -> None:
    runnable = replace(PACKAGE, modules=("net", "net.__main__"))
    assert default_module([runnable]) == "net"
    assert default_module([replace(PACKAGE, modules=("net", "net.layers"))]) is None


def test_a_job_without_a_module_is_refused_with_the_flag_that_names_one() -> None:
    with pytest.raises(UsageError, match="the module to run is not known"):
        assemble(CONFIG, [], TARGET, JobFlags(), module=None, cwd=PurePosixPath("/work"), now=NOW, token=TOKEN)


def test_no_arguments_at_all_is_a_choice_of_the_command_line_too() -> None:
    assert program(job(replace(CONFIG, args=("--config",)), JobFlags(args=()))).args == ()


def test_a_variable_of_the_command_line_wins_over_that_of_a_pool() -> None:
    """Its value is in the config: it goes the way of `--set`."""
    written = replace(CONFIG, pools=(replace(CHIEF, env={"X": "pool", "Y": "pool"}),), env={"X": "flag"})
    assert job(written, JobFlags(env=frozenset({"X"}))).pools[0].env == {"Y": "pool"}
    assert job(written).pools[0].env == {"X": "pool", "Y": "pool"}


def test_code_travels_only_if_a_pool_needs_it() -> None:
    assert needs_package(CONFIG)
    assert not needs_package(with_program(Container(image="gcr.io/p/i")))
    assert not needs_package(with_program(PythonModule(package_uris=("gs://b/t.tar.gz",))))


def test_the_price_is_that_of_all_replicas_on_todays_machines() -> None:
    gpu = Machine(machine_type="n1-standard-8", accelerator_type="NVIDIA_TESLA_K80", accelerator_count=1)
    pools = (replace(CHIEF, machine=gpu), Pool(role=Role.WORKER, machine=CHIEF.machine, replicas=2))
    spec = job(replace(CONFIG, pools=pools))
    assert spec.hourly_usd == pytest.approx(0.73 + 2 * 0.19, abs=0.001)
    assert spec.priced_as == "1 × n1-standard-8 + 1 NVIDIA_TESLA_T4, 2 × n1-standard-4"
    unknown = replace(CHIEF, machine=Machine(machine_type="no-such-machine"))
    assert job(replace(CONFIG, pools=(unknown,))).hourly_usd is None


def test_the_price_of_tuning_is_that_of_the_trials_that_run_at_once() -> None:
    study = Study(metrics=(), parameters=(), max_trials=12, parallel_trials=4)
    spec = job(replace(CONFIG, study=study))
    assert spec.hourly_usd == pytest.approx(4 * 0.19, abs=0.01)
    assert spec.priced_as == "4 × n1-standard-4"
    assert job(replace(CONFIG, study=replace(study, max_trials=2))).priced_as == "2 × n1-standard-4"


def test_a_job_dir_is_an_absolute_folder_or_a_place_in_a_bucket() -> None:
    assert job(replace(CONFIG, job_dir="out")).job_dir == "/work/out"
    assert job(replace(CONFIG, job_dir="/out")).job_dir == "/out"
    assert job(replace(CONFIG, job_dir="gs://b/out")).job_dir == "gs://b/out"
    assert job().job_dir is None


def test_a_trial_is_tried_with_one_value_of_each_hyperparameter() -> None:
    study = Study(
        metrics=(Metric(name="accuracy", goal=Goal.MAXIMIZE),),
        parameters=(
            Parameter(name="epochs", kind=ParameterKind.INTEGER, minimum=2.0, maximum=9.0),
            Parameter(name="rate", kind=ParameterKind.DOUBLE, minimum=0.1, maximum=1.0),
            Parameter(name="kind", kind=ParameterKind.CATEGORICAL, values=("a", "b")),
        ),
    )
    assert trial_args(study) == ("--epochs", "2", "--rate", "0.1", "--kind", "a")
    assert trial_args(None) == ()


@pytest.mark.parametrize(
    ("args", "bare", "job_dir"),
    [
        (("--job-dir", "gs://b/out", "--arg=1"), ("--arg=1",), "gs://b/out"),
        (("--arg=1", "--job-dir=out"), ("--arg=1",), "/work/out"),
        (("--arg=1", "--job-dir"), ("--arg=1", "--job-dir"), None),
        (("--job-dir=", "x"), ("--job-dir=", "x"), None),
        (("--job-dirs", "x"), ("--job-dirs", "x"), None),
    ],
)
def test_a_job_dir_among_the_arguments_is_that_of_the_job(
    args: tuple[str, ...], bare: tuple[str, ...], job_dir: str | None
) -> None:
    spec = job(flags=JobFlags(args=args))
    assert (program(spec).args, spec.job_dir) == (bare, job_dir)


def test_a_job_dir_of_the_config_is_stronger_and_pools_that_differ_keep_their_own() -> None:
    spec = job(replace(CONFIG, job_dir="gs://b/config"), JobFlags(args=("--job-dir", "gs://b/args")))
    assert (program(spec).args, spec.job_dir) == (("--job-dir", "gs://b/args"), "gs://b/config")
    programs = [PythonModule(args=("--job-dir", name)) for name in ("gs://b/1", "gs://b/2")]
    roles = (Role.CHIEF, Role.WORKER)
    pools = tuple(replace(CHIEF, role=role, program=p) for role, p in zip(roles, programs, strict=True))
    spec = job(replace(CONFIG, pools=pools))
    assert ([pool.program.args for pool in spec.pools], spec.job_dir) == ([p.args for p in programs], None)


@pytest.mark.parametrize(
    ("host", "given", "folder"),
    [
        ("", "out", "/work/out"),
        ("login", "out/1", "~/out/1"),
        ("login", "./out", "~/out"),
        ("login", "~/out", "~/out"),
        ("login", "/scratch/out", "/scratch/out"),
        ("login", "gs://b/out", "gs://b/out"),
        ("login", None, None),
    ],
)
def test_a_relative_job_dir_is_in_the_current_folder_and_over_ssh_in_the_home_folder_there(
    host: str, given: str | None, folder: str | None
) -> None:
    config = replace(CONFIG, job_dir=given, options={"slurm": {"host": host}})
    assert job(config, target=replace(TARGET, backend="slurm")).job_dir == folder


def test_a_variable_may_say_that_the_cluster_is_elsewhere() -> None:
    target = replace(TARGET, backend="gridengine", endpoints={"SUBMIT_GRIDENGINE_HOST": "login"})
    assert job(replace(CONFIG, job_dir="out"), target=target).job_dir == "~/out"
