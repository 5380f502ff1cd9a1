"""A real sshd on loopback, as whoever runs the tests, and an `ssh` that knows it as `login`."""

from __future__ import annotations

import getpass
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.clusters.daemons import PATH, Daemons, absent, free_ports

HOST = "login"
CUT = """
import os, pathlib, signal
pid = os.getppid()
while pathlib.Path(f"/proc/{pid}/comm").read_text() != "sshd\\n":
    pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
os.kill(pid, signal.SIGKILL)
"""
"""Python text that cuts the connection through which it was started"""

_SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication yes
PermitRootLogin prohibit-password
SetEnv {variables}
"""
_CLIENT = """\
Host login
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user_key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking accept-new
  ControlPath {folder}/control
"""


def missing() -> str:
    """Why there can be no sshd here; empty if there can."""
    return absent(("sshd", "ssh", "ssh-keygen", "setpriv"))


@dataclass(frozen=True)
class Sshd:
    """`environ` leads clients to it."""

    daemons: Daemons
    environ: Mapping[str, str]

    def cut(self) -> None:
        """All connections, as a network does: nobody says goodbye."""
        self.daemons.kill_kin("sshd")

    @property
    def logins(self) -> int:
        """How often somebody has shown who they are."""
        return (self.daemons.folder / "sshd.log").read_text().count("Accepted publickey")

    def environ_with(self, *options: str) -> Mapping[str, str]:
        """That of a user whose `ssh` has other options than ours."""
        return {**self.environ, "PATH": f"{_client(self.daemons.folder, *options)}:{PATH}"}


@contextmanager
def running(folder: Path, variables: Mapping[str, str] = {}, *, shell: str = "") -> Iterator[Sshd]:
    """What is run there has these variables. The folder is to be empty. `shell` is that of the user there, if it is
    not the one whom the tests are run by."""
    folder.chmod(0o755)
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (port,) = free_ports(1)
    said = " ".join(f"{name}={value}" for name, value in variables.items()) or "JOBDIR=1"
    forced = f'ForceCommand {shell} -c "$SSH_ORIGINAL_COMMAND"\n' if shell else ""
    (folder / "sshd_config").write_text(_SERVER.format(port=port, folder=folder, variables=said) + forced)
    (folder / "ssh_config").write_text(_CLIENT.format(port=port, folder=folder, user=getpass.getuser()))
    environ = {"PATH": f"{_client(folder)}:{PATH}", "XDG_RUNTIME_DIR": str(folder)}
    daemons = Daemons(folder, {"PATH": PATH, "HOME": str(folder)})
    if getpass.getuser() == "root":
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # without it sshd does not start
    try:
        daemons.start("sshd", "/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config"))
        check = ["ssh", "-o", "BatchMode=yes", HOST, "true"]
        daemons.until(
            lambda: subprocess.run(check, env=environ, capture_output=True, check=False).returncode == 0, "sshd"
        )
        yield Sshd(daemons, environ)
    finally:
        subprocess.run(["ssh", "-O", "exit", HOST], env=environ, capture_output=True, check=False)
        daemons.kill_kin("sshd")  # connections that are kept for a minute, and with them their clients
        daemons.stop_all()


def _client(folder: Path, *options: str) -> Path:
    """A folder with an `ssh` that reads our config after these options."""
    binaries = Path(tempfile.mkdtemp(prefix="bin-", dir=folder))
    words = " ".join(f"-o {option}" for option in options)
    (binaries / "ssh").write_text(f'#!/bin/sh\nexec /usr/bin/ssh {words} -F {folder}/ssh_config "$@"\n')
    (binaries / "ssh").chmod(0o755)
    return binaries
