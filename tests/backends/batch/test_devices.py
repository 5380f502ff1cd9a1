"""GPUs are handed out by real shells, which end when the test wants it."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import pytest

from submit.backends.batch import devices

ON_HOST = 4


@contextmanager
def holding(folder: Path, count: int, **environ: str) -> Iterator[str]:
    """The devices of a shell that holds them until the end of the block; as its trainer would, after an `exec`."""
    line = f"{devices.take(count, ON_HOST)}\nexec sh -c 'echo \"$CUDA_VISIBLE_DEVICES\"; read -r end'"
    env = {"PATH": os.environ["PATH"], "JOBDIR_GPUS": str(folder), **environ}
    pipe = subprocess.PIPE
    with subprocess.Popen(["sh", "-c", line], env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        yield shell.stdout.readline().strip()
        shell.stdin.close()


def test_no_device_is_given_twice_and_a_process_that_is_gone_frees_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "gpus"
    with ExitStack() as stack:
        first, *_ = [stack.enter_context(holding(folder, count)) for count in (2, 1)]
        assert first == "0,1"
        with holding(folder, 1) as last:
            assert last == "3"
            with holding(folder, 1) as none:
                assert none == ""
        with holding(folder, 1) as again:
            assert again == "3"
    with holding(folder, ON_HOST) as everything:
        assert everything == "0,1,2,3"


HIDES = "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c"
"""as a user who sees no processes but their own"""


def test_where_processes_of_others_are_hidden_their_devices_are_not_taken() -> None:
    if os.getuid() or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root can hide processes")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "gpus")
        Path(name).chmod(0o755)
        line = f"{devices.take(1, ON_HOST)}\necho $CUDA_VISIBLE_DEVICES"
        argv = ["unshare", "-m", "sh", "-c", f"{HIDES} {shlex.quote(line)}"]
        env = {"PATH": os.environ["PATH"], "JOBDIR_GPUS": str(folder)}
        for free in ("1", "0"):
            with holding(folder, 1) if free == "1" else nullcontext():
                assert subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout == f"{free}\n"


def test_a_site_that_hands_them_out_itself_is_left_alone(tmp_path: Path) -> None:
    with holding(tmp_path / "gpus", 2, CUDA_VISIBLE_DEVICES="6,7") as given:
        assert given == "6,7"


def test_a_link_that_somebody_has_put_there_is_not_followed(tmp_path: Path) -> None:
    folder, victim = tmp_path / "gpus", tmp_path / "victim"
    folder.mkdir()
    victim.mkdir()
    (folder / "0").symlink_to(victim)
    with holding(folder, 1) as given:
        assert given == "0"
    assert list(victim.iterdir()) == []
