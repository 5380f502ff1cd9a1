"""A real sshd on loopback, as whoever runs the tests, and an `ssh` that knows it as `login`."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.clusters.daemons import PATH, Daemons, absent, free_ports

HOST = "login"

_SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
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


@contextmanager
def running(folder: Path, variables: Mapping[str, str] = {}) -> Iterator[Mapping[str, str]]:
    """What leads clients to it; what they run there has these variables. It is to be an empty folder."""
    folder.chmod(0o755)
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (port,) = free_ports(1)
    said = " ".join(f"{name}={value}" for name, value in variables.items()) or "JOBDIR=1"
    (folder / "sshd_config").write_text(_SERVER.format(port=port, folder=folder, variables=said))
    client = folder / "ssh_config"
    client.write_text(_CLIENT.format(port=port, folder=folder, user=getpass.getuser()))
    binaries = folder / "bin"
    binaries.mkdir()
    (binaries / "ssh").write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {client} "$@"\n')
    (binaries / "ssh").chmod(0o755)
    environ = {"PATH": f"{binaries}:{PATH}", "XDG_RUNTIME_DIR": str(folder)}
    daemons = Daemons(folder, {"PATH": PATH, "HOME": str(folder)})
    if getpass.getuser() == "root":
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # without it sshd does not start
    try:
        daemons.start("sshd", "/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config"))
        check = ["ssh", "-o", "BatchMode=yes", HOST, "true"]
        daemons.until(
            lambda: subprocess.run(check, env=environ, capture_output=True, check=False).returncode == 0, "sshd"
        )
        yield environ
    finally:
        subprocess.run(["ssh", "-O", "exit", HOST], env=environ, capture_output=True, check=False)
        daemons.kill_children("sshd")  # connections that are kept for a minute, and with them their clients
        daemons.stop_all()
