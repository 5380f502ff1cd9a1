"""Programs on another machine, through a real ssh and a real sshd."""

from __future__ import annotations

import hashlib
import os
import pwd
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from submit.errors import CommandError, UnsentError
from submit.steps import Command, Upload
from submit.world.commands import Commands
from tests.clusters import ssh

pytestmark = pytest.mark.skipif(bool(ssh.missing()), reason=ssh.missing())


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    with ssh.running(tmp_path_factory.mktemp("sshd"), {"SITE": "here"}) as environ:
        yield Commands({**environ, "HOME": str(tmp_path_factory.mktemp("home"))})


def there(*argv: str, stdin: str = "") -> Command:
    return Command(argv=argv, stdin=stdin, host=ssh.HOST)


def test_words_arrive_as_they_were_sent(commands: Commands) -> None:
    words = ["a b", "$(id) `id` $HOME", "it's", '"', "\\", "*", "ä", "", "-n", "line\nbreak"]
    assert commands.run(there("printf", "%s|", *words)) == "".join(f"{word}|" for word in words)


def test_input_and_variables_are_those_of_the_other_machine(commands: Commands) -> None:
    assert commands.run(there("sh", "-c", 'cat; echo "$SITE"; pwd', stdin="in\n")).split() == [
        "in",
        "here",
        pwd.getpwuid(os.getuid()).pw_dir,
    ]


def test_a_failure_there_is_not_one_of_ssh(commands: Commands) -> None:
    with pytest.raises(CommandError, match="`sh` on `login`: no") as caught:
        commands.run(there("sh", "-c", "echo no >&2; exit 7"))
    assert caught.value.code == 7


def test_connections_are_shared(commands: Commands) -> None:
    ports = {commands.run(there("sh", "-c", "echo $SSH_CONNECTION")) for _ in range(3)}
    assert len(ports) == 1


def test_a_runtime_folder_that_is_too_deep_for_sockets_is_left_alone(tmp_path: Path) -> None:
    folder, deep = tmp_path / "sshd", tmp_path / ("deep" * 20)
    for each in (folder, deep):
        each.mkdir()
    with ssh.running(folder) as environ:
        commands = Commands({**environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(deep)})
        assert commands.run(there("echo", "here")) == "here\n"
    assert list(deep.iterdir()) == []


@pytest.mark.parametrize("size", [1, 1000], ids=["little", "much"])
def test_an_upload_is_whole_private_and_not_sent_again(commands: Commands, tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * size
    path = tmp_path / "a" / "it's.tar.gz"
    step = Upload(data=data, to=str(path), digest=hashlib.sha256(data).hexdigest(), host=ssh.HOST)
    commands.upload(step)
    assert path.read_bytes() == data
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    first = path.stat().st_ino
    commands.upload(step)
    assert path.stat().st_ino == first
    path.write_bytes(b"damaged")
    commands.upload(step)
    assert path.read_bytes() == data
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_is_damaged_on_the_way_does_not_arrive(commands: Commands, tmp_path: Path) -> None:
    step = Upload(data=b"one", to=str(tmp_path / "file"), digest=hashlib.sha256(b"two").hexdigest(), host=ssh.HOST)
    with pytest.raises(CommandError, match="what arrived is not what was sent"):
        commands.upload(step)
    assert list(tmp_path.iterdir()) == []


def test_a_machine_that_cannot_be_reached_was_never_asked(commands: Commands) -> None:
    with pytest.raises(UnsentError, match=r"ssh to `no-such-machine\.invalid`"):
        commands.run(replace(there("true"), host="no-such-machine.invalid"))
