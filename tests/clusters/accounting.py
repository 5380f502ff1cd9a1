"""Accounting for a Slurm cluster: a database of its own, and `slurmdbd`: https://slurm.schedmd.com/accounting.html"""

from __future__ import annotations

import getpass

from tests.clusters.daemons import Daemons, absent, free_ports

PROGRAMS = ("mariadbd", "mariadb", "mariadb-admin", "mariadb-install-db", "slurmdbd", "sacctmgr")

_DBD = """\
DbdHost=localhost
DbdPort={port}
SlurmUser={user}
AuthType=auth/none
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database_port}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
PidFile={folder}/slurmdbd.pid
"""
_CONF = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={port}
AccountingStorageEnforce=associations
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
"""
NONE = "AccountingStorageType=accounting_storage/none\n"
_GRANTS = """\
create database slurm;
create user slurm@localhost identified by 'slurm';
create user slurm@'127.0.0.1' identified by 'slurm';
grant all on slurm.* to slurm@localhost;
grant all on slurm.* to slurm@'127.0.0.1';
"""


def missing() -> str:
    """Why there can be none here; empty if there can."""
    return absent(PROGRAMS)


def start(daemons: Daemons) -> str:
    """Starts both; returns what `slurm.conf` has to say about it."""
    port, database_port = free_ports(2)
    _start_database(daemons, database_port)
    conf = daemons.folder / "slurmdbd.conf"
    conf.write_text(_DBD.format(port=port, database_port=database_port, user=getpass.getuser(), folder=daemons.folder))
    conf.chmod(0o600)  # it has a password; slurmdbd insists
    daemons.start("slurmdbd", "slurmdbd", "-D")
    return _CONF.format(port=port)


def register(daemons: Daemons) -> None:
    """The cluster and its user, without whom jobs are not accounted for; `slurm.conf` has to be there."""
    daemons.until(lambda: daemons.works("sacctmgr", "-n", "show", "cluster"), "slurmdbd")
    for what in (
        ("cluster", "test"),
        ("account", "default", "cluster=test"),
        ("user", getpass.getuser(), "account=default"),
    ):
        daemons.run("sacctmgr", "-i", "add", *what)


def _start_database(daemons: Daemons, port: int) -> None:
    data, socket, user = daemons.folder / "database", daemons.folder / "database.socket", getpass.getuser()
    daemons.run(
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={data}",
        f"--user={user}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    )
    daemons.start(
        "mariadbd",
        "mariadbd",
        "--no-defaults",
        f"--datadir={data}",
        f"--user={user}",
        f"--socket={socket}",
        f"--port={port}",
        f"--pid-file={daemons.folder}/mariadbd.pid",
        "--bind-address=127.0.0.1",
        "--innodb-flush-log-at-trx-commit=2",
        "--innodb-lock-wait-timeout=900",
    )
    client = ("mariadb-admin", "--no-defaults", "-S", str(socket), "-u", "root", "ping")
    daemons.until(lambda: daemons.works(*client), "mariadbd")
    daemons.run("mariadb", "--no-defaults", "-S", str(socket), "-u", "root", stdin=_GRANTS)
