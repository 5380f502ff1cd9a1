"""Whatever stands on a command line, it is understood or refused: there is no traceback, and no defect of ours."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from submit.cli import check, convert, jobs, package, schema, train
from tests.project import Project

_CONTEXT = click.Context(jobs.jobs)
COMMANDS: dict[tuple[str, ...], click.Command] = {
    ("train", "--dry-run"): train.train,
    ("check",): check.check,
    ("convert",): convert.convert,
    ("schema",): schema.schema,
    ("package", "--output", "out"): package.package,
    **{("jobs", name): command for name in jobs.COMMANDS if (command := jobs.jobs.get_command(_CONTEXT, name))},
}
LEFT_OUT = {"--state-dir", "--debug", "--help", "-h", "--output", "-o", "--async", "--stream-logs", "--dry-run"}
"""What writes elsewhere, or is about tracebacks."""
CODES = {0, 1, 2, 3}

WORDS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "-", "--", "1", "-1", "1e999", "10m", "20usd", "gs://b", "local://x", "vertex://projects/p"]),
    st.sampled_from(["a=b", "=", "a.b[0].c=1", "[", "{a: b", "trainer", "c.yaml", "json", "\0", "\udc80", "\u202e"]),
)


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    name = draw(st.sampled_from(sorted(COMMANDS)))
    flags = [option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("-")]
    usable = sorted(set(flags) - LEFT_OUT)
    argv = [*name]
    for flag in draw(st.lists(st.sampled_from(usable), max_size=3)) if usable else []:
        argv += [flag, draw(WORDS)]
    return argv + draw(st.lists(WORDS, max_size=3))


@pytest.mark.slow
@given(data=st.data())
@settings(
    max_examples=4,
    phases=[Phase.generate],  # to shrink what takes seconds takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_any_words_are_understood_or_refused(project: Project, data: st.DataObject) -> None:
    project.trainer("pass")
    project.write("c.yaml", "trainingInput: {scaleTier: BASIC}\n")
    lines = [[word.replace("\0", " ") for word in data.draw(command_lines())] for _ in range(60)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.many"],
        cwd=project.folder,
        env=project.environ,
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for argv, (code, said) in zip(lines, json.loads(done.stdout), strict=True):
        assert code in CODES, (argv, code, said)
        assert "Traceback" not in said, (argv, said)
