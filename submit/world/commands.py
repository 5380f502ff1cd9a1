"""The door to other programs, on this machine or, through OpenSSH's own client, on another.

ssh is the user's: their config, keys and agent. Its connections are shared and stay open for a minute, so that only
the first command pays for one.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from submit.errors import CommandError, ErrorKind, ServiceError, UnansweredError, UnsentError
from submit.steps import Command, Upload
from submit.world import files, surroundings

_SSH_FAILED = 255
_NOT_FOUND = 127
_SCRIPT_NAME = 3
_LITTLE = 1 << 14
"""So many bytes are sent sooner than it is asked whether they are there."""
_SOCKET_FOLDER = 45
"""A socket's name has 103 characters at most (macOS), of which ssh takes 58: a temporary folder may be too deep."""
_DENIED = ("permission denied", "host key verification failed")
_NEVER_THERE = (*_DENIED, "could not resolve", "connect to host", "timed out during", "stdio forwarding failed")
_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, *(30.0,) * 8)
"""before a question is asked again whose connection was cut: five minutes for a laptop that changes its network"""

_HAS = '[ -f "$1" ] && [ "$(sha256sum < "$1" | cut -c -64)" = "$2" ]'
_RECEIVE = f"""
{_HAS} && exec cat > /dev/null
umask 077
part="$1.$(uname -n).$$.part"
mkdir -p -- "$(dirname -- "$1")" && cat > "$part" || exit
if [ "$(sha256sum < "$part" | cut -c -64)" != "$2" ]; then
  rm -f -- "$part"; echo "what arrived is not what was sent" >&2; exit 1
fi
mv -f -- "$part" "$1"
"""


class Commands:
    """`environ` is the environment of what runs on this machine, ssh among it; `progress` is told what takes long."""

    def __init__(self, environ: Mapping[str, str], progress: Callable[[str], None] = lambda _: None) -> None:
        self._environ = environ
        self._progress = progress
        self._known: set[str] = set()
        """machines that have answered"""

    def run(self, command: Command) -> str:
        """What changes nothing is asked again if the connection to a machine is lost that was there before."""
        host = command.host
        for pause_s in _PAUSES_S if host in self._known and not command.changes else ():
            done = self._done(command.argv, host, command.stdin.encode(), command.timeout_s)
            if not _was_cut(done):
                return _text(done, _name(command.argv), host)
            self._progress(f"ssh to `{host}` was cut; trying again")
            surroundings.pause(pause_s)
        return self._run(command.argv, host, command.stdin.encode(), command.timeout_s)

    def upload(self, step: Upload) -> None:
        """To another machine: whole or not at all, verified where it arrives."""
        place = step.to.removeprefix("~/")
        if len(step.data) > _LITTLE:
            with suppress(CommandError):
                self._run(("sh", "-c", _HAS, "sh", place, step.digest), step.host, b"", 60.0)
                return
        self._run(("sh", "-c", _RECEIVE, "sh", place, step.digest), step.host, step.data, 600.0)

    def _run(self, argv: Sequence[str], host: str, data: bytes, timeout_s: float) -> str:
        return _text(self._done(argv, host, data, timeout_s), _name(argv), host)

    def _done(
        self, argv: Sequence[str], host: str, data: bytes, timeout_s: float
    ) -> subprocess.CompletedProcess[bytes]:
        line = [*self._ssh(host), _line(argv)] if host else list(argv)
        try:
            done = subprocess.run(
                line,
                input=data,
                capture_output=True,
                timeout=timeout_s,
                check=False,
                cwd=files.home(self._environ),
                env=dict(self._environ),
            )
        except FileNotFoundError as error:
            raise _missing(line[0]) from error
        except subprocess.TimeoutExpired as error:
            message = f"`{_name(argv)}`{_at(host)} has not answered within {timeout_s:g} s"
            raise UnansweredError(message, kind=ErrorKind.TRANSIENT) from error
        if host and done.returncode != _SSH_FAILED:
            self._known.add(host)
        return done

    def _ssh(self, host: str) -> list[str]:
        sharing = ("ControlMaster=auto", f"ControlPath={self._sockets()}/%C", "ControlPersist=60")
        options = ("BatchMode=yes", "ConnectTimeout=15", "ServerAliveInterval=15", *sharing)
        return ["ssh", "-T", *(word for option in options for word in ("-o", option)), "--", host]

    def _sockets(self) -> Path:
        places = (self._environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")  # noqa: S108 its owner is checked
        folders = [Path(place) / f"jobdir-ssh-{os.getuid()}" for place in places if place]
        folder = next((each for each in folders if len(str(each)) <= _SOCKET_FOLDER), folders[-1])
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid() or folder.is_symlink():
            raise UnsentError(f"`{folder}` belongs to somebody else", kind=ErrorKind.DENIED)
        return folder


def _line(argv: Sequence[str]) -> str:
    """For the login shell there, whichever it is. In quotes, csh takes `!` and the end of a line for its own, and fish
    the backslash: they are in no word of what it sees."""
    line = shlex.join(argv)
    if not re.search(r"[\n\r!\\]", line):
        return line
    coded = b2a_base64(line.encode(errors="surrogateescape"), newline=False).decode()
    return f"""sh -c 'eval "$(echo {coded} | base64 -d)"'"""


def _name(argv: Sequence[str]) -> str:
    """Of the program that is meant: `squeue` in `env A=b squeue`, and what a script of ours is called in `sh -c`."""
    if argv[:2] == ("sh", "-c"):
        return argv[3] if len(argv) > _SCRIPT_NAME else argv[0]
    return next((word for word in argv if word != "env" and "=" not in word), argv[0])


def _missing(program: str, host: str = "") -> UnsentError:
    hint = "Install it, or name a machine that has it, e.g. `--set submit.slurm.host=login.cluster.example`."
    if host:
        hint = f"Name a machine that has it; `ssh {host} command -v {program}` must find it."
    where = f"`{host}`" if host else "this machine"
    return UnsentError(f"`{program}` is not installed on {where}", kind=ErrorKind.INVALID, hint=hint)


def _was_cut(done: subprocess.CompletedProcess[bytes]) -> bool:
    return done.returncode == _SSH_FAILED and not any(words in _said(done).lower() for words in _DENIED)


def _text(done: subprocess.CompletedProcess[bytes], program: str, host: str) -> str:
    if done.returncode:
        raise _failure(program, host, done.returncode, _said(done))
    return done.stdout.decode(errors="surrogateescape")


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode(errors="replace").strip()


def _failure(program: str, host: str, code: int, output: str) -> ServiceError:
    if not host or code != _SSH_FAILED:
        if code == _NOT_FOUND and re.search(rf"\b{re.escape(program)}\b.*: .*(not found|no such file)", output, re.I):
            return _missing(program, host)
        words = _in_one_line(program, output) or f"exit code {code}"
        return CommandError(f"`{program}`{_at(host)}: {words}", code=code, output=output)
    hint = f"Try `ssh {host} true`: it must work without a question."
    if any(words in output.lower() for words in _NEVER_THERE):
        return UnsentError(f"ssh to `{host}`: {output}", kind=ErrorKind.TRANSIENT, hint=hint)
    return UnansweredError(f"ssh to `{host}`: {output}", kind=ErrorKind.TRANSIENT, hint=hint)


def _in_one_line(program: str, output: str) -> str:
    """Without the program's name and the word `error` on each line, which the message has itself."""
    lines = (re.sub(rf"^({re.escape(program)}: )?(error: )?", "", line.strip()) for line in output.splitlines())
    return "; ".join(filter(None, lines))


def _at(host: str) -> str:
    return f" on `{host}`" if host else ""
