"""Programs on another machine, through a real ssh and a real sshd."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from submit.errors import CommandError, UnansweredError, UnsentError
from submit.steps import Command, Upload
from submit.world.commands import Commands
from tests.clusters import ssh

pytestmark = pytest.mark.skipif(bool(ssh.missing()), reason=ssh.missing())


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssh.Sshd]:
    with ssh.running(tmp_path_factory.mktemp("sshd"), {"SITE": "here"}) as sshd:
        yield sshd


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def commands(sshd: ssh.Sshd, home: str) -> Commands:
    return Commands({**sshd.environ, "HOME": home})


def there(*argv: str, stdin: str = "") -> Command:
    return Command(argv=argv, stdin=stdin, host=ssh.HOST)


def test_words_arrive_as_they_were_sent(commands: Commands) -> None:
    words = ["a b", "$(id) `id` $HOME", "it's", '"', "\\", "*", "ä", "", "-n", "line\nbreak"]
    assert commands.run(there("printf", "%s|", *words)) == "".join(f"{word}|" for word in words)


@pytest.mark.parametrize("shell", ["tcsh", "fish", "zsh"])
def test_any_login_shell_will_do(shell: str, tmp_path: Path) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"not installed: {shell}")
    words = ["a b", "$(id) `id` $HOME", "it's", "a!b", r"\\n", "line\nbreak", "!!"]
    script = 'for word; do\n  printf "%s|" "$word"\ndone\ncat'
    (tmp_path / "sshd").mkdir()
    with ssh.running(tmp_path / "sshd", shell=path) as sshd:
        commands = Commands({**sshd.environ, "HOME": str(tmp_path)})
        said = commands.run(there("sh", "-c", script, "sh", *words, stdin="in"))
        assert said == "".join(f"{word}|" for word in words) + "in"
        with pytest.raises(CommandError) as caught:
            commands.run(there("sh", "-c", "echo 'no!' >&2; exit 7"))
        assert (caught.value.code, caught.value.output) == (7, "no!")


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


def test_a_login_serves_many_commands(commands: Commands, sshd: ssh.Sshd) -> None:
    commands.run(there("true"))
    before = sshd.logins
    ports = {commands.run(there("sh", "-c", "echo $SSH_CONNECTION")) for _ in range(5)}
    assert (len(ports), sshd.logins) == (1, before)


def test_a_question_whose_connection_is_cut_is_asked_again(commands: Commands, sshd: ssh.Sshd, tmp_path: Path) -> None:
    commands.run(there("true"))
    before = sshd.logins
    text = f"[ -e {tmp_path}/cut ] && exec echo here; touch {tmp_path}/cut; {sys.executable} -c {shlex.quote(ssh.CUT)}"
    assert commands.run(replace(there("sh", "-c", text), changes=False)) == "here\n"
    assert sshd.logins == before + 1


def test_what_changes_something_is_done_once_even_if_the_connection_is_cut(commands: Commands, tmp_path: Path) -> None:
    commands.run(there("true"))
    text = f"echo done >> {tmp_path}/done; exec {sys.executable} -c {shlex.quote(ssh.CUT)}"
    with pytest.raises(UnansweredError, match="ssh to `login`"):
        commands.run(there("sh", "-c", text))
    assert (tmp_path / "done").read_text() == "done\n"


def test_a_runtime_folder_that_is_too_deep_for_sockets_is_left_alone(tmp_path: Path) -> None:
    folder, deep = tmp_path / "sshd", tmp_path / ("deep" * 20)
    for each in (folder, deep):
        each.mkdir()
    with ssh.running(folder) as sshd:
        commands = Commands({**sshd.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(deep)})
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


def test_a_program_that_is_not_there_is_told_with_the_machine(commands: Commands) -> None:
    with pytest.raises(UnsentError, match="`no-such-program` is not installed on `login`"):
        commands.run(there("env", "TZ=UTC0", "no-such-program"))
    with pytest.raises(UnsentError, match="`no-such-program` is not installed on `login`"):
        commands.run(there("no-such-program"))


@pytest.mark.parametrize("host", ["no-such-machine.invalid", "127.0.0.1"])
def test_a_machine_that_cannot_be_reached_was_never_asked(home: str, sshd: ssh.Sshd, host: str) -> None:
    """It is not there, or nobody listens."""
    commands = Commands({**sshd.environ_with("Port=1"), "HOME": home})
    with pytest.raises(UnsentError, match=f"ssh to `{re.escape(host)}`") as caught:
        commands.run(replace(there("true"), host=host))
    assert caught.value.problems[0].hint == f"Try `ssh {host} true`: it must work without a question."


def test_a_machine_that_nobody_has_vouched_for_is_not_trusted(home: str, sshd: ssh.Sshd, tmp_path: Path) -> None:
    """The question is the user's to answer."""
    known = tmp_path / "known_hosts"
    unknown = ("StrictHostKeyChecking=ask", f"UserKnownHostsFile={known}", "ControlPath=none")
    commands = Commands({**sshd.environ_with(*unknown), "HOME": home})
    with pytest.raises(UnsentError, match="Host key verification failed"):
        commands.run(there("true"))
    assert not known.exists()


def test_a_password_is_never_asked_for(home: str, sshd: ssh.Sshd, tmp_path: Path) -> None:
    program = tmp_path / "askpass"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\n")
    program.chmod(0o755)
    asking = {"SSH_ASKPASS": str(program), "SSH_ASKPASS_REQUIRE": "force"}
    environ = sshd.environ_with("PubkeyAuthentication=no", "ControlPath=none")
    with pytest.raises(UnsentError, match=r"Permission denied \(.*password"):
        Commands({**environ, **asking, "HOME": home}).run(there("true"))
    assert not (tmp_path / "asked").exists()
