"""A Grid Engine cell of one host on this machine: queue `main.q`, parallel environments `mpi` and `smp`, a consumable
complex `gpu` that only counts, as most sites have it: https://gridscheduler.sourceforge.net/htmlman/manuals.html
"""

from __future__ import annotations

import getpass
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.clusters.daemons import PATH, Daemons, absent, free_ports

PROGRAMS = ("qsub", "qstat", "qacct", "qconf", "setpriv")
LIBRARY = Path("/usr/lib/gridengine")
SHARE = Path("/usr/share/gridengine")
SLOTS = 8
GPUS = 4

_BOOTSTRAP = """\
admin_user {user}
default_domain none
ignore_fqdn true
spooling_method classic
spooling_lib libspoolc
spooling_params {common};{spool}
binary_path {library}
qmaster_spool_dir {spool}
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
"""
REPORTING = (
    "accounting=true reporting=false flush_time=00:00:01 accounting_flush_time={} joblog=false sharelog=00:00:00"
)
_GLOBAL = {
    "min_uid": "0",
    "min_gid": "0",
    "load_report_time": "00:00:05",
    "mailer": "/bin/true",
    "max_unheard": "00:00:30",
    "reporting_params": REPORTING.format("00:00:00"),
    "execd_params": "ENABLE_ADDGRP_KILL=true",
}
"""What differs from the defaults: a job that has ended is known at once, not after 15 s."""
_SCHEDULER = {"schedule_interval": "0:0:2", "flush_submit_sec": "1", "flush_finish_sec": "1"}
_PARALLEL = """\
pe_name {name}
slots 999
user_lists NONE
xuser_lists NONE
start_proc_args NONE
stop_proc_args NONE
allocation_rule {rule}
control_slaves TRUE
job_is_first_task FALSE
urgency_slots min
accounting_summary FALSE
qsort_args NONE
"""
_HOST = """\
hostname {host}
load_scaling NONE
complex_values slots={slots},gpu={gpus}
user_lists NONE
xuser_lists NONE
projects NONE
xprojects NONE
usage_scaling NONE
report_variables NONE
"""
_QUEUE = {
    "qname": "main.q",
    "hostlist": "@allhosts",
    "qtype": "BATCH INTERACTIVE",
    "pe_list": "mpi smp",
    "slots": str(SLOTS),
    "shell": "/bin/sh",
    "shell_start_mode": "unix_behavior",
    "load_thresholds": "NONE",
    "notify": "00:00:10",
}


def missing() -> str:
    """Why there can be no cluster here; empty if there can."""
    return absent(PROGRAMS) or ("" if (LIBRARY / "sge_execd").exists() else "not installed: sge_qmaster, sge_execd")


@dataclass(frozen=True)
class GridEngine:
    backend: ClassVar[str] = "gridengine"
    daemons: Daemons

    @property
    def environ(self) -> Mapping[str, str]:
        """What leads clients to it."""
        return {name: value for name, value in self.daemons.env.items() if name.startswith("SGE_")}

    def run(self, *argv: str, stdin: str = "") -> str:
        """A command of an administrator; what it prints."""
        return self.daemons.run(*argv, stdin=stdin)

    def numbers(self, name: str) -> list[str]:
        """Grid Engine's own, of the jobs with that name that wait or run; an array has one."""
        return re.findall(r"^job_number: +(\d+)", self.daemons.attempt("qstat", "-j", name).stdout, re.MULTILINE)

    def start_master(self) -> None:
        self.daemons.start("qmaster", str(LIBRARY / "sge_qmaster"), also={"SGE_ND": "1"})
        self.daemons.until(lambda: self.daemons.works("qconf", "-sh"), "qmaster")

    def stop_master(self) -> None:
        self.daemons.stop("qmaster")

    def start_host(self) -> None:
        self.daemons.start("execd", str(LIBRARY / "sge_execd"), also={"SGE_ND": "1"})
        self.daemons.until(self._host_is_up, "execd")

    def lose_host(self) -> None:
        """As if its network were gone: the daemon, and the shepherds of its jobs. What they run goes on."""
        shepherds = self.daemons.children("execd")
        self.daemons.kill("execd")
        for pid in shepherds:
            os.kill(pid, signal.SIGKILL)

    def change(self, settings: Mapping[str, str]) -> None:
        """Of the cluster's configuration: sge_conf(5)."""
        said = self.run("qconf", "-sconf").splitlines(keepends=True)
        path = self.daemons.folder / "global"  # the name says which configuration it is
        path.write_text(_changed("".join(line for line in said if not line.startswith("#")), settings))
        self.run("qconf", "-Mconf", str(path))

    def _host_is_up(self) -> bool:
        """It has reported its load, and takes jobs."""
        lines = self.daemons.attempt("qstat", "-f").stdout.splitlines()
        return any(line.startswith("main.q@") and "lx-" in line and not line.endswith("u") for line in lines)


@contextmanager
def running(folder: Path) -> Iterator[GridEngine]:
    """A cluster in an empty folder."""
    master, execution = free_ports(2)
    architecture = subprocess.run([SHARE / "util" / "arch"], capture_output=True, text=True, check=True).stdout.strip()
    env = {
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "SGE_ROOT": str(folder),
        "SGE_CELL": "default",
        "SGE_CLUSTER_NAME": "test",
        "SGE_QMASTER_PORT": str(master),
        "SGE_EXECD_PORT": str(execution),
        "SGE_ARCH": architecture,
        "JOBDIR_GPUS": str(folder / "gpus"),
    }
    cluster = GridEngine(Daemons(folder, env))
    try:
        _install(cluster.daemons)
        cluster.start_master()
        _configure(cluster.daemons)
        cluster.start_host()
        yield cluster
    finally:
        cluster.daemons.stop_all()


def _install(daemons: Daemons) -> None:
    """What the master reads when it starts."""
    folder = daemons.folder
    folder.chmod(0o755)
    common, spool = folder / "default" / "common", folder / "spool" / "qmaster"
    for path in (common, spool / "job_scripts"):
        path.mkdir(parents=True)
    for name in ("bin", "lib", "util", "utilbin"):
        (folder / name).symlink_to(Path("/var/lib/gridengine") / name)
    user = getpass.getuser()
    (common / "bootstrap").write_text(_BOOTSTRAP.format(user=user, common=common, spool=spool, library=LIBRARY))
    (common / "act_qmaster").write_text(f"{_host()}\n")
    (common / "host_aliases").write_text(f"{' '.join(_names())}\n")
    settings = {**_GLOBAL, "execd_spool_dir": str(folder / "spool")}
    (folder / "global").write_text(_changed((SHARE / "default-configuration").read_text(), settings))
    daemons.run(str(LIBRARY / "spoolinit"), "classic", "libspoolc", f"{common};{spool}", "init")
    resources = SHARE / "util" / "resources"
    for kind, value in (
        ("configuration", folder / "global"),
        ("complexes", resources / "centry"),
        ("usersets", resources / "usersets"),
        ("managers", user),
    ):
        daemons.run(str(LIBRARY / "spooldefaults"), kind, str(value))


def _configure(daemons: Daemons) -> None:
    """What the master is told when it runs."""
    host = _host()
    daemons.run("qconf", "-as", host)
    _give(daemons, "-Mc", daemons.run("qconf", "-sc") + "gpu gpu INT <= YES YES 0 0\n")
    _give(daemons, "-Ae", _HOST.format(host=host, slots=SLOTS, gpus=GPUS))
    _give(daemons, "-Ahgrp", f"group_name @allhosts\nhostlist {host}\n")
    for name, rule in (("mpi", "$round_robin"), ("smp", "$pe_slots")):
        _give(daemons, "-Ap", _PARALLEL.format(name=name, rule=rule))
    jobs = daemons.folder / "tmp"  # in /tmp, what a host that was killed has left is in the way of the next cluster
    jobs.mkdir()
    _give(daemons, "-Aq", _changed(daemons.run("qconf", "-sq"), {**_QUEUE, "tmpdir": str(jobs)}))
    _give(daemons, "-Msconf", _changed(daemons.run("qconf", "-ssconf"), _SCHEDULER))


def _give(daemons: Daemons, option: str, text: str) -> None:
    path = daemons.folder / "given"
    path.write_text(text)
    daemons.run("qconf", option, str(path))


def _changed(text: str, settings: Mapping[str, str]) -> str:
    """A configuration with other values for these names."""
    for name, value in settings.items():
        text = re.sub(rf"^{name}\s(?:.*\\\n)*.*$", f"{name} {value}", text, flags=re.MULTILINE)
    return text


def _names() -> list[str]:
    """Those of this host: `localhost` is what the daemons call themselves if the address says so."""
    names, aliases, _ = socket.gethostbyaddr("127.0.0.1")
    return list(dict.fromkeys([_host(), "localhost", names, *aliases]))


def _host() -> str:
    return socket.gethostname().partition(".")[0]
