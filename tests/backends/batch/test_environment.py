"""What a task does before its interpreter starts: the scripts are pinned, and run by real shells."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from submit.backends.batch import request, slurm
from submit.backends.batch.environment import Environment, path
from submit.backends.batch.place import Site
from submit.errors import UsageError
from submit.job import JobSpec, JsonObject, Machine, Pool, PythonModule, Role

GOLDEN = Path(__file__).parent.parent / "golden" / "environment"
SITE = Site(host="", folder="~/.jobdir")
GPU = Machine(machine_type="n1-standard-8", accelerator_type="NVIDIA_TESLA_T4", accelerator_count=1)
JOB = JobSpec(
    name="digits_1_abcdefab",
    submission_id="abcdefab12345678",
    display_name="digits",
    pools=(Pool(role=Role.CHIEF, machine=GPU, program=PythonModule(module="trainer.task")),),
    job_dir="/scratch/ann/out",
    base_output_dir="gs://bucket/out",
)


def script(job: JobSpec = JOB, python: str = "", **environment: Any) -> str:
    options: JsonObject = {"environment": environment, **({"python": python} if python else {})}
    text = request.task_script(replace(job, options=options), SITE, slurm)
    start = text.index("programs/")
    return text.replace(text[start : start + len("programs/") + 64], "programs/DIGEST")


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("modules", {"modules": ["python/3.11", "cuda/12"]}),
        ("venv", {"venv": "~/envs/torch", "modules": ["gcc/12"]}),
        ("image", {"image": "/shared/images/torch.sif"}),
    ],
)
def test_what_runs_before_the_interpreter_stands_in_the_golden_files(name: str, environment: dict[str, Any]) -> None:
    assert script(**environment) == (GOLDEN / f"{name}.task.sh").read_text()


@pytest.mark.parametrize("name", ["modules", "venv", "image"])
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_shells_read_them(shell: str, name: str) -> None:
    subprocess.run([shell, "-n", GOLDEN / f"{name}.task.sh"], check=True)


def test_an_image_is_given_gpus_only_if_the_job_asks_for_them() -> None:
    pools = (replace(JOB.pools[0], machine=Machine(machine_type="n1-standard-4")),)
    assert " --nv" not in script(replace(JOB, pools=pools), image="/i.sif")


def test_an_interpreter_may_be_named_but_for_that_of_a_virtual_environment() -> None:
    assert "python=/opt/python3.12\n" in script(python="/opt/python3.12", modules=["cuda/12"])
    assert "python=/opt/venv/bin/python\n" in script(python="/opt/venv/bin/python", image="/i.sif")
    assert "python=/envs/torch/bin/python\n" in script(python="/opt/python3.12", venv="/envs/torch/")


@pytest.mark.parametrize("text", ["/a b", "~/it's", "/$(id)", "~/`id`;", '/"'])
def test_no_text_reaches_the_shell_unquoted(text: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f"printf %s {path(text)}"], env={"HOME": "/home/ann"}, capture_output=True, text=True, check=True
    )
    assert done.stdout == text.replace("~/", "/home/ann/", 1)
    for key in ("venv", "image"):
        subprocess.run(["sh", "-n"], input=script(JOB, **{key: text}), text=True, check=True)


def test_names_of_modules_are_quoted() -> None:
    assert "for name in 'a b' '$(id)'; do" in script(modules=["a b", "$(id)"])


@pytest.mark.parametrize("job_dir", ["/out,1", "/out:ro"])
def test_a_folder_that_an_image_could_not_be_shown_is_refused(job_dir: str) -> None:
    with pytest.raises(UsageError, match="cannot be seen in an image"):
        script(replace(JOB, job_dir=job_dir), image="/i.sif")
    assert script(replace(JOB, job_dir=job_dir), venv="/envs/torch")


def test_an_image_and_a_virtual_environment_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="do not go together"):
        Environment.of({"environment": {"venv": "/v", "image": "/i"}})


def test_without_one_a_trainer_sees_nothing_but_what_it_requires() -> None:
    assert not Environment.of({"python": "/opt/python3"}).is_given
    assert Environment.of({"environment": {"modules": ["cuda/12"]}}).is_given
