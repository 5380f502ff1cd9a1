"""The trainer's own parser judges the arguments, in a child process, before the trainer trains."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from submit.package import Built, build
from submit.preflight import check
from tests.package.trees import FIND_PACKAGES, grow

ARGPARSE = """\
import argparse, pathlib, sys
def main():
    parser = argparse.ArgumentParser(prog="task")
    parser.add_argument("--job-dir")
    parser.add_argument("--rate", type=float)
    args = parser.parse_args()
    pathlib.Path({trained!r}).touch()
if __name__ == "__main__":
    main()
"""
TYPER_OR_CLICK = "the trainer may be written with it, but nothing here needs it"


def packaged(root: Path, task: str, **files: str) -> Built:
    tree = {"trainer/__init__.py": "", "trainer/task.py": task}
    return build(
        grow(root / "tree", tree | {f"trainer/{name}.py": text for name, text in files.items()}) / "trainer", cache=None
    )


def verdicts(built: Built, *args: str, job_dir: str | None = "gs://b/out", module: str = "trainer.task") -> list[str]:
    problems = check(built, module, args, job_dir=job_dir, cache=None, timeout_s=20)
    return [f"{problem.severity}: {problem}" for problem in problems]


def hints(built: Built, *args: str, job_dir: str | None = "gs://b/out") -> list[str]:
    return [problem.hint for problem in check(built, "trainer.task", args, job_dir=job_dir, cache=None, timeout_s=20)]


def test_arguments_that_the_trainer_accepts_are_fine_and_it_does_not_train(tmp_path: Path) -> None:
    trained = tmp_path / "trained"
    assert verdicts(packaged(tmp_path, ARGPARSE.format(trained=str(trained))), "--rate=0.1") == []
    assert not trained.exists()


def test_a_rejected_argument_is_an_error_with_the_trainers_own_usage(tmp_path: Path) -> None:
    built = packaged(tmp_path, ARGPARSE.format(trained="x"))
    assert verdicts(built, "--rat3=0.1", "--bogus") == [
        "error: `trainer.task` does not accept the argument `--rat3=0.1`",
        "error: `trainer.task` does not accept the argument `--bogus`",
    ]
    usage = "The trainer says:\nusage: task [-h] [--job-dir JOB_DIR] [--rate RATE]"
    assert hints(built, "--rat3=0.1", "--bogus") == ["Did you mean `--rate`?", usage]


def test_a_bad_value_is_told_in_the_trainers_words(tmp_path: Path) -> None:
    built = packaged(tmp_path, ARGPARSE.format(trained="x"))
    assert verdicts(built, "--rate=fast") == [
        "error: `trainer.task` does not accept its arguments: argument --rate: invalid float value: 'fast'"
    ]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        (
            "--output",
            'Add `parser.add_argument("--job-dir")` to the trainer, and write what shall outlive the job there.',
        ),
        ("--job_dir", "The trainer has `--job_dir`: name it `--job-dir`; in the code it stays `args.job_dir`."),
    ],
)
def test_a_trainer_without_job_dir_is_told_how_to_add_it(tmp_path: Path, written: str, hint: str) -> None:
    built = packaged(tmp_path, ARGPARSE.format(trained="x").replace("--job-dir", written))
    assert verdicts(built) == ["error: `trainer.task` does not accept `--job-dir`, which every job is given"]
    assert hints(built) == [hint]
    assert verdicts(built, job_dir=None) == []


@pytest.mark.parametrize(
    "parse",
    [
        pytest.param("p.parse_args(sys.argv[1:])", id="explicit arguments"),
        pytest.param("p.parse_args([a for a in sys.argv[1:] if a != '--own'])", id="a part of the arguments"),
        pytest.param("p.parse_known_args()", id="parse_known_args"),
        pytest.param("p.parse_intermixed_args()", id="intermixed"),
        pytest.param("p.parse_args([]); p.parse_args()", id="defaults first"),
        pytest.param("p.parse_args(namespace=argparse.Namespace())", id="into a namespace"),
        pytest.param("sub = p.add_subparsers(); sub.add_parser('x'); p.parse_args()", id="with sub-commands"),
    ],
)
def test_every_way_to_call_argparse_is_seen(tmp_path: Path, parse: str) -> None:
    task = f"import argparse, sys\np = argparse.ArgumentParser()\np.add_argument('--job-dir')\n{parse}\n1 / 0\n"
    assert verdicts(packaged(tmp_path, task)) == []


def test_a_swallowed_exit_does_not_make_it_train(tmp_path: Path) -> None:
    task = (
        "import argparse, atexit, pathlib\n"
        f"train = lambda: pathlib.Path({str(tmp_path / 'trained')!r}).touch()\n"
        "atexit.register(train)\n"
        "p = argparse.ArgumentParser()\np.add_argument('--job-dir')\n"
        "try:\n    p.parse_args()\nexcept BaseException:\n    pass\nfinally:\n    train()\n"
    )
    assert verdicts(packaged(tmp_path, task)) == []
    assert not (tmp_path / "trained").exists()


def test_what_parse_known_args_leaves_over_is_a_warning(tmp_path: Path) -> None:
    task = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--rate')\np.parse_known_args()\n1 / 0\n"
    built = packaged(tmp_path, task)
    assert verdicts(built, "--rat=1") == [], "argparse takes an abbreviation"
    assert verdicts(built, "--rade=1") == [
        "warning: `trainer.task` does not know the argument `--rade=1` and may ignore it (`parse_known_args`)"
    ]
    assert hints(built, "--rade=1") == ["Did you mean `--rate`?"]


def test_a_second_parser_for_what_the_first_one_leaves_has_the_last_word(tmp_path: Path) -> None:
    task = (
        "import argparse\nfirst = argparse.ArgumentParser(add_help=False)\nfirst.add_argument('--config')\n"
        "known, rest = first.parse_known_args()\nsecond = argparse.ArgumentParser()\n"
        "second.add_argument('--job-dir')\nsecond.parse_args(rest)\n1 / 0\n"
    )
    built = packaged(tmp_path, task)
    assert verdicts(built, "--config=x") == []
    assert verdicts(built, "--config=x", "--y") == ["error: `trainer.task` does not accept the argument `--y`"]


def test_what_the_first_parser_leaves_is_not_held_against_the_second(tmp_path: Path) -> None:
    task = (
        "import argparse\nrest = argparse.ArgumentParser().parse_known_args()[1]\nsecond = argparse.ArgumentParser()\n"
        "second.add_argument('--job-dir')\nsecond.add_argument('--n', type=int)\nsecond.parse_args(rest)\n"
    )
    assert verdicts(packaged(tmp_path, task), "--n=x") == [
        "error: `trainer.task` does not accept its arguments: argument --n: invalid int value: 'x'"
    ]


def test_a_parser_that_raises_instead_of_exiting_is_understood(tmp_path: Path) -> None:
    task = (
        "import argparse\np = argparse.ArgumentParser(exit_on_error=False)\n"
        "p.add_argument('--job-dir')\np.add_argument('--n', type=int)\np.parse_args()\n"
    )
    assert verdicts(packaged(tmp_path, task), "--n=x") == [
        "error: `trainer.task` does not accept its arguments: argument --n: invalid int value: 'x'"
    ]


def test_optparse_is_judged_too(tmp_path: Path) -> None:
    task = "import optparse\np = optparse.OptionParser()\np.add_option('--job-dir')\np.parse_args()\n1 / 0\n"
    built = packaged(tmp_path, task)
    assert verdicts(built) == []
    assert verdicts(built, "--x") == ["error: `trainer.task` does not accept its arguments: no such option: --x"]


CLICK = """\
import click
@click.group()
def cli(): pass
@cli.command()
@click.option("--job-dir")
@click.option("--rate", type=float)
def train(job_dir, rate): 1 / 0
@click.command()
@click.option("--job-dir")
@click.option("--rate", type=float)
def alone(job_dir, rate): 1 / 0
if __name__ == "__main__": {main}()
"""


@pytest.mark.parametrize(("main", "args"), [("alone", ()), ("cli", ("train",))])
def test_click_is_judged_when_the_command_would_be_called(tmp_path: Path, main: str, args: Sequence[str]) -> None:
    built = packaged(tmp_path, CLICK.format(main=main))
    assert verdicts(built, *args, "--rate=1") == []
    (verdict,) = verdicts(built, *args, "--rate=fast")
    assert verdict == (
        "error: `trainer.task` does not accept its arguments: Invalid value for '--rate': 'fast' is not a valid float."
    )


def test_click_without_job_dir_is_told_to_add_it(tmp_path: Path) -> None:
    built = packaged(tmp_path, CLICK.format(main="alone").replace("--job-dir", "--output"))
    assert verdicts(built) == ["error: `trainer.task` does not accept `--job-dir`, which every job is given"]
    assert hints(built) == ["Give the trainer an option `--job-dir`, and write what shall outlive the job there."]


@pytest.mark.skipif(importlib.util.find_spec("typer") is None, reason=TYPER_OR_CLICK)
def test_typer_is_judged_as_click(tmp_path: Path) -> None:
    task = "import typer\ndef main(job_dir: str = '', rate: float = 0): 1 / 0\ntyper.run(main)\n"
    built = packaged(tmp_path, task)
    assert verdicts(built, "--rate=1") == []
    (verdict,) = verdicts(built, "--rate=fast")
    assert verdict.startswith("error: `trainer.task` does not accept its arguments: ")


@pytest.mark.skipif(importlib.util.find_spec("absl") is None, reason=TYPER_OR_CLICK)
def test_absl_is_judged_when_main_would_be_called(tmp_path: Path) -> None:
    task = (
        "from absl import app, flags\nflags.DEFINE_string('job-dir', '', '')\nflags.DEFINE_float('rate', 0, '')\n"
        "def main(argv): 1 / 0\nif __name__ == '__main__': app.run(main)\n"
    )
    built = packaged(tmp_path, task)
    assert verdicts(built, "--rate=1") == []
    assert verdicts(built, "--rade=1") == [
        "error: `trainer.task` does not accept its arguments: Unknown command line flag 'rade'. Did you mean: rate ?"
    ]
    assert verdicts(packaged(tmp_path / "without", task.replace("job-dir", "job_dir"))) == [
        "error: `trainer.task` does not accept `--job-dir`, which every job is given"
    ]


@pytest.mark.skipif(importlib.util.find_spec("fire") is None, reason=TYPER_OR_CLICK)
def test_fire_cannot_be_judged(tmp_path: Path) -> None:
    task = "import fire\ndef main(job_dir): 1 / 0\nif __name__ == '__main__': fire.Fire(main)\n"
    assert verdicts(packaged(tmp_path, task), "--x=1") == [
        "warning: the arguments of `trainer.task` cannot be judged: python-fire calls the trainer while it parses"
    ]


def test_a_trainer_without_any_parser_is_only_imported(tmp_path: Path) -> None:
    built = packaged(tmp_path, "if __name__ == '__main__': 1 / 0\n")
    assert verdicts(built) == []
    assert verdicts(built, "--x") == ["warning: the arguments of `trainer.task` cannot be judged: no parser is known"]


def test_a_parser_that_the_trainer_does_not_use_does_not_make_it_train(tmp_path: Path) -> None:
    task = f"if __name__ == '__main__': open({str(tmp_path / 'trained')!r}, 'w')\n"
    assert verdicts(packaged(tmp_path, task, plot="import argparse\n")) == []
    assert not (tmp_path / "trained").exists()


def test_a_trainer_that_ends_without_parsing_is_fine(tmp_path: Path) -> None:
    assert verdicts(packaged(tmp_path, "import argparse, sys\nsys.exit(0)\n")) == []


def test_a_package_with_main_is_run(tmp_path: Path) -> None:
    built = packaged(tmp_path, "", __main__=ARGPARSE.format(trained="x"))
    assert verdicts(built, "--rate=1", module="trainer") == []


# What cannot be imported


def test_a_syntax_error_is_an_error_at_its_line(tmp_path: Path) -> None:
    built = packaged(tmp_path, "import trainer.model\n", model="x = 1\nx = = 2\n")
    assert verdicts(built) == ["error: trainer/model.py:2: the trainer cannot be imported: SyntaxError: invalid syntax"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("import trainer.modle", "ModuleNotFoundError: No module named 'trainer.modle'"),
        ("from trainer.model import Nett", "ImportError: cannot import name 'Nett' from 'trainer.model'"),
    ],
)
def test_an_import_that_fails_inside_of_the_package_is_an_error(tmp_path: Path, line: str, error: str) -> None:
    (verdict,) = verdicts(packaged(tmp_path, f"import os\n{line}\n", model="x = 1\n"))
    assert verdict.startswith(f"error: trainer/task.py:2: the trainer cannot be imported: {error}")


def test_a_file_that_the_build_left_out_is_missed_though_it_is_in_the_tree(tmp_path: Path) -> None:
    tree = {"setup.py": FIND_PACKAGES, "trainer/__init__.py": "", "trainer/models/net.py": ""}
    built = build(grow(tmp_path, tree | {"trainer/task.py": "import trainer.models.net"}) / "trainer", cache=None)
    (verdict,) = verdicts(built)
    assert verdict.startswith("error: trainer/task.py:1: the trainer cannot be imported: ModuleNotFoundError: ")
    assert verdict.endswith("No module named 'trainer.models'")


def test_an_import_that_is_not_installed_here_is_a_warning_that_names_it(tmp_path: Path) -> None:
    grow(tmp_path, {"tree/requirements.txt": "nonesuch>=1\n"})
    built = packaged(tmp_path, "import nonesuch.layers\n")
    (verdict,) = verdicts(built)
    assert verdict == (
        "warning: trainer/task.py:1: `nonesuch` is not installed on this machine, "
        "so the trainer's arguments could not be checked"
    )


NEEDY = """
from __future__ import annotations
import argparse
import nonesuch as ns
from nonesuch.layers import Dense, export

SHAPE = ns.float32 | None
class Net(Dense, name="net"):
    @ns.function(jit=True)
    def call(self, x: ns.Tensor[int]) -> ns.Tensor: ...

@export
def main():
    ...

def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--job-dir")
    parser.add_argument("--kind", choices=["a", "b"])
    parser.parse_args()
    ns.train()

parse()
"""


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], []),
        (["--kind=a"], []),
        (["--bogus"], ["error: `trainer.task` does not accept the argument `--bogus`"]),
        (["--kind=c"], ["warning: trainer/task.py:4: `nonesuch` is not installed on this machine, "]),
    ],
)
def test_a_parser_is_tried_although_a_requirement_is_not_installed_here(
    tmp_path: Path, args: Sequence[str], expected: Sequence[str]
) -> None:
    grow(tmp_path, {"tree/requirements.txt": "nonesuch>=1\n"})
    found = verdicts(packaged(tmp_path, NEEDY), *args)
    assert len(found) == len(expected)
    assert all(verdict.startswith(start) for verdict, start in zip(found, expected, strict=True))


def test_a_module_of_the_package_itself_is_never_stood_in_for(tmp_path: Path) -> None:
    grow(tmp_path, {"tree/requirements.txt": "nonesuch>=1\n"})
    built = packaged(tmp_path, NEEDY.replace("import argparse", "import argparse, nonesuch, trainer.missing"))
    (verdict,) = verdicts(built)
    assert verdict.startswith("warning: trainer/task.py:3: `nonesuch` is not installed on this machine")


@pytest.mark.parametrize(("module", "distribution"), [("nonesuch_a", "nonesuch_a"), ("cv2", "opencv-python")])
def test_an_import_that_no_requirement_names_is_told_to_be_added(
    tmp_path: Path, module: str, distribution: str
) -> None:
    if importlib.util.find_spec(module):
        pytest.skip(f"{module} is installed here")
    built = packaged(tmp_path, f"import {module}\n")
    (verdict,) = verdicts(built)
    assert verdict == (
        f"warning: trainer/task.py:1: `{module}` is imported, "
        "but is neither installed on this machine nor in the package's requirements"
    )
    assert hints(built) == [f"Unless the job's image has it, the job fails: add `{distribution}` to the requirements."]


def test_any_other_failure_is_a_warning_at_its_line(tmp_path: Path) -> None:
    built = packaged(tmp_path, "import argparse, os\nos.environ['NONESUCH_GPU']\n")
    assert verdicts(built) == [
        "warning: trainer/task.py:2: the trainer failed before it parsed its arguments: KeyError: 'NONESUCH_GPU'"
    ]


def test_a_trainer_that_ends_its_process_is_a_warning(tmp_path: Path) -> None:
    assert verdicts(packaged(tmp_path, "import argparse, os\nos._exit(7)\n")) == [
        "warning: the trainer failed before it parsed its arguments: it ended with exit code 7"
    ]


def test_what_jobs_find_in_their_environment_is_there(tmp_path: Path) -> None:
    task = ARGPARSE.format(trained="x").replace(
        '"--job-dir"', '"--job-dir", default=__import__("os").environ["AIP_MODEL_DIR"]'
    )
    assert verdicts(packaged(tmp_path, task)) == []


# Where the time goes


def test_a_trainer_that_takes_too_long_is_a_warning_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    grandchild = f"import time; time.sleep(2); open({str(tmp_path / 'left')!r}, 'w')"
    task = (
        "import argparse, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {grandchild!r}])\n"
        "time.sleep(60)\n"
    )
    problems = check(packaged(tmp_path, task), "trainer.task", [], job_dir=None, cache=tmp_path / "cache", timeout_s=1)
    assert [str(problem) for problem in problems] == ["`trainer.task` did not parse its arguments within 1 s"]
    assert not (tmp_path / "cache").exists(), "the next time may be quicker"
    time.sleep(1.5)
    assert not (tmp_path / "left").exists()


def test_the_same_package_and_arguments_are_tried_once(tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    built = packaged(tmp_path, f"open({str(tried)!r}, 'a').write('x')\n" + ARGPARSE.format(trained="x"))

    def tries(*args: str, job_dir: str | None) -> int:
        check(built, "trainer.task", args, job_dir=job_dir, cache=tmp_path / "cache")
        return len(tried.read_text())

    assert tries("--rate=1", job_dir="a") == 1
    assert tries("--rate=1", job_dir="b") == 1, "each job has another job dir"
    assert tries("--rate=2", job_dir="b") == 2
    assert tries("--rate=2", job_dir=None) == 3


def test_a_result_from_the_cache_is_the_same_result(tmp_path: Path) -> None:
    built = packaged(tmp_path, "import nonesuch\n")
    first = check(built, "trainer.task", [], job_dir="x", cache=tmp_path / "cache")
    assert first
    assert check(built, "trainer.task", [], job_dir="x", cache=tmp_path / "cache") == first
