"""Runs one replica of a job on any machine, under the contract that Vertex AI's training service promises.

Started as `python -I -S launcher.py TASK.json [--control FD]`. It verifies and installs the packages, prepares or
finds the environment, sets the variables, runs the trainer as a child, turns its output into log entries, leaves
nothing running behind and writes an exit record. One file, standard library only, Python 3.8 and later, so that it can
travel with a job; imports that only some jobs need are made where they are needed, because every job waits for them.

In the order of reading: the contract (pure), lines (pure), the log, orders, processes, the /gcs mount, environments,
the run.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import re
import select
import signal
import sys
import time

TYPE_CHECKING = False  # importing `typing` would cost more than all the other imports here together
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any, NoReturn, TypeAlias

    Task: TypeAlias = Mapping[str, Any]  # the task file as its writer gives it
    Fields: TypeAlias = Mapping[str, Any]
    Emit: TypeAlias = Callable[[str, str, "Fields | None"], None]

LINUX = sys.platform.startswith("linux")

# ---------------------------------------------------------------------------------------------------------- contract
# https://cloud.google.com/vertex-ai/docs/training/code-requirements#environment-variables
# https://cloud.google.com/vertex-ai/docs/training/distributed-training#cluster-variables

ROLES_IN_TF_CLUSTER = {"workerpool0": "chief", "workerpool1": "worker", "workerpool2": "ps"}

# What a submitter's shell may carry and a trainer must not see: another interpreter's settings, another job's contract.
FOREIGN_PREFIXES = ("PYTHON", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV", "CONDA_", "AIP_", "CLOUD_ML_")
FOREIGN_NAMES = {
    "CLUSTER_SPEC",
    "TF_CONFIG",
    "MASTER_ADDR",
    "MASTER_PORT",
    "RANK",
    "WORLD_SIZE",
    "LOCAL_RANK",
    "GCS_ROOT",
}

REPLACED = "JOBDIR_EMULATOR_REPLACED"  # what an emulator's variables stand in the place of, as JSON


def program_args(task: Task) -> list[str]:
    """The trainer's arguments in the service's order: the user's, the hyperparameters, and last the job dir."""
    args = list(task["args"])
    for name, value in task["hyperparameters"].items():
        args += ["--" + name, str(value)]
    if task["job_dir"]:
        args += ["--job-dir", in_trial(task["job_dir"], task["trial"])]
    return args


SECRET = re.compile(r"--?([\w-]*[-_])?(pass(word|wd|phrase)|secret|token|credentials?|(api|access|private)[-_]?key)")


def without_secrets(argv: Sequence[str]) -> list[str]:
    """As it may stand in a log."""
    shown: list[str] = []
    before = ""
    for text in argv:
        name, sign, _ = text.partition("=")
        hidden = name + "=[redacted]" if sign and SECRET.fullmatch(name.lower()) else text
        follows = SECRET.fullmatch(before.lower()) and not text.startswith("-")
        shown.append("[redacted]" if follows else hidden)
        before = text
    return shown


def in_trial(folder: str, trial: str | None) -> str:
    return folder.rstrip("/") + "/" + trial if trial else folder


def contract(task: Task, gcs_root: str | None) -> dict[str, str]:
    """All variables that the service would set, with the user's own on top."""
    variables = {**service_variables(task), **cluster_variables(task), "PYTHONUNBUFFERED": "1"}
    if task.get("layered"):
        variables["PYTHONDONTWRITEBYTECODE"] = "1"  # beside the modules of an environment that is not ours
    if gcs_root:
        variables["GCS_ROOT"] = gcs_root
    for name, value in task["env"].items():
        variables[name] = expand(str(value), variables)
    return {**variables, **task.get("referred", {})}


def referred(references: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
    """Variables whose values are those of others, where the job was submitted: they are written down nowhere."""
    if missing := sorted(set(references.values()) - set(inherited)):
        raise EnvironmentFailedError(
            "the variable {} is not set where the job was submitted, and the job refers to it".format(missing[0])
        )
    return {name: inherited[source] for name, source in references.items()}


def service_variables(task: Task) -> dict[str, str]:
    variables = {
        "CLOUD_ML_PROJECT_ID": task["project"],
        "CLOUD_ML_JOB_ID": task.get("job_id") or task["job"],
        "CLOUD_ML_REGION": task["region"],
        "CLOUD_ML_TRIAL_ID": task["trial"],
        "CLOUD_ML_HP_METRIC_FILE": task["metric_file"],
        "CLOUD_ML_HP_METRIC_TAG": task["metric_tag"],
        "OMP_NUM_THREADS": task["cpus"],
    }
    if task["base_output_dir"]:
        base = in_trial(task["base_output_dir"], task["trial"]).rstrip("/")
        variables["AIP_MODEL_DIR"] = base + "/model/"
        variables["AIP_CHECKPOINT_DIR"] = base + "/checkpoints/"
        variables["AIP_TENSORBOARD_LOG_DIR"] = base + "/logs/"
    return {name: str(value) for name, value in variables.items() if value}


def cluster_variables(task: Task) -> dict[str, str]:
    """`CLUSTER_SPEC` always, `TF_CONFIG` only in a job of several replicas, and what PyTorch's `env://` reads."""
    cluster = task["cluster"]
    pool = task["replica"].rpartition("-")[0]
    size = sum(len(addresses) for addresses in cluster.values())
    variables = {"CLUSTER_SPEC": json.dumps(cluster_spec(task, pool))}
    if size > 1:
        variables["TF_CONFIG"] = json.dumps(tf_config(task))
        variables["LOCAL_RANK"] = "0"  # in a job of one replica it would make libraries set up a process group
    if cluster:
        host, _, port = cluster["workerpool0"][0].rpartition(":")
        rank = sum(len(cluster[name]) for name in cluster if name < pool) + task["index"]
        variables.update(MASTER_ADDR=host, MASTER_PORT=port, RANK=str(rank), WORLD_SIZE=str(size))
    return variables


def cluster_spec(task: Task, pool: str) -> dict[str, Any]:
    position = {"type": pool, "index": task["index"]}
    if task["trial"]:
        position["trial"] = task["trial"]
    return {
        "cluster": task["cluster"],
        "environment": "cloud",
        "task": position,
        "job": json.dumps(job_summary(task)),  # text in text, as the service has it
        "open_ports": task["open_ports"],
    }


def tf_config(task: Task) -> dict[str, Any]:
    """An evaluator is never in the cluster, and ML Engine calls the chief `master` unless told otherwise."""
    chief = "chief" if task["use_chief"] else "master"
    roles = {**ROLES_IN_TF_CLUSTER, "workerpool0": chief}
    position = {"type": chief if task["role"] == "chief" else task["role"], "index": task["index"]}
    position["cloud"] = task["project"]
    if task["trial"]:
        position["trial"] = task["trial"]
    return {
        "cluster": {roles[pool]: addresses for pool, addresses in task["cluster"].items() if pool in roles},
        "environment": "cloud",
        "task": position,
        "job": job_summary(task),
    }


def job_summary(task: Task) -> dict[str, Any]:
    if task["container"]:
        return {"image_uri": task["container"]["image"], "job_args": task["args"]}
    packages = [package["path"] for package in task["packages"]]
    return {"python_module": task["module"], "package_uris": packages, "job_args": task["args"]}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`$(NAME)` becomes the variable's value, unknown names stay as they are written, `$$` is a `$`."""

    def value(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else variables.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)", value, text)


def trainer_environment(
    inherited: Mapping[str, str], variables: Mapping[str, str], *, bin_folder: str, packages: Sequence[str]
) -> dict[str, str]:
    """The variables of the machine that are not about another Python or another job, then the contract's."""
    kept = {name: value for name, value in inherited.items() if not is_foreign(name)}
    path = variables.get("PATH") or kept.get("PATH") or os.defpath
    environment = {**kept, **variables, "PATH": bin_folder + os.pathsep + path}
    if packages:
        own = variables.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([*packages, own] if own else packages)
    return environment


def to_emulator(inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables that lead to an emulator, if there is one."""
    return {name: inherited[name] for name in json.loads(inherited.get(REPLACED) or "{}") if name in inherited}


def outside(inherited: Mapping[str, str]) -> dict[str, str]:
    """The machine's own environment for what needs the real network, if a trainer's leads to an emulator."""
    replaced = json.loads(inherited.get(REPLACED) or "{}")
    kept = {name: value for name, value in inherited.items() if name not in replaced and name != REPLACED}
    return {**kept, **{name: value for name, value in replaced.items() if value is not None}}


def is_foreign(name: str) -> bool:
    return name in FOREIGN_NAMES or name.startswith(FOREIGN_PREFIXES)


def mentions_buckets(task: Task) -> bool:
    texts = [task["job_dir"], task["base_output_dir"], *task["args"]]
    texts += [*task["hyperparameters"].values(), *task["env"].values()]
    return any("gs://" in str(text) or "/gcs" in str(text) for text in texts if text)


def container_command(task: Task, variables: Iterable[str], name: str, files: Iterable[str] = ()) -> list[str]:
    """`docker run` for the task. Values of variables are not on it, since everybody on a machine can read them there:
    the runtime takes them from its own environment. `files` are seen in the container where they are outside."""
    runtime, image, command = (task["container"][key] for key in ("runtime", "image", "command"))
    argv = [runtime, "run", "--rm", "--name", name]
    for label in ("job", "log", "record"):  # by which it is found if we are killed
        argv += ["--label", "jobdir." + label + "=" + task[label]]
    argv += ["--network", "host"]
    if os.path.basename(runtime) == "docker":
        argv.append("--init")  # as process 1 most programs would ignore SIGTERM
    if task["memory_limit_bytes"]:
        argv += ["--memory", str(task["memory_limit_bytes"])]
    for source, mount_point in [*container_folders(task), *((file, file + ":ro") for file in files)]:
        argv += ["--volume", source + ":" + mount_point]
    for variable in variables:
        argv += ["--env", variable]
    if command:
        argv += ["--entrypoint", command[0]]
    return [*argv, image, *command[1:], *program_args(task)]


def container_folders(task: Task) -> list[tuple[str, str]]:
    """Folders of this machine that the container must see, with their place in it."""
    folders = [(task["bucket_root"], "/gcs")] if task["bucket_root"] else []
    local = [folder for folder in (task["job_dir"], task["base_output_dir"]) if folder and folder.startswith("/")]
    if task["metric_file"]:
        local.append(os.path.dirname(task["metric_file"]))
    return folders + [(folder, folder) for folder in dict.fromkeys(local) if not folder.startswith("/gcs")]


# ------------------------------------------------------------------------------------------------------------- lines

ENTRY_BYTES = 256 * 1024  # Cloud Logging's limit
UNFINISHED_S = 0.5
PROGRESS_S = 1.0
HEADER = "Traceback (most recent call last):"
GROUP_HEADER = "  + Exception Group " + HEADER
CHAINS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
SEVERITIES = {name: name for name in ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT")}
SEVERITIES.update(EMERGENCY="EMERGENCY", I="INFO", W="WARNING", E="ERROR", F="CRITICAL")
SEVERITIES.update(TRACE="DEBUG", WARN="WARNING", FATAL="CRITICAL", EXCEPTION="ERROR")
LEVEL = "(DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)"
TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"
BETWEEN = r"[\]) ,:|\[-]+"
PREFIXES = (
    LEVEL + r"[:\s]",  # logging.basicConfig: `INFO:root:text`
    r"\[" + LEVEL + r"[\]|]",  # also Hugging Face's: `[WARNING|trainer.py:3] 2026-… >> text`
    r"\[\d\d/\d\d/\d\d \d\d:\d\d:\d\d\] +" + LEVEL + r"\b",  # rich
    r"([IWEF])\d{4} \d\d:\d\d:\d\d",  # absl, glog and TensorFlow's C++: `W1120 01:02:03.4 …`
    TIME + r"[.,]\d+Z?:? ([IWEF]) ",  # `2026-11-20 01:02:03.4: W tensorflow/…`
    rf"[\[(]?{TIME}[^\s\])]*{BETWEEN}(?:[\w.]+{BETWEEN})?{LEVEL}\b",  # `2026-… - name - INFO - text`
    r"\[rank\d+\]:\[([IWEF])",  # PyTorch
)
STARTS = frozenset("DINWECF[(0123456789")  # what a prefix above can start with: most lines need no pattern at all
WARNING = r"(?:.+:\d+: )?\w*Warning: "  # the warnings module: `file.py:3: UserWarning: text`
COLOURS = r"\x1b\[[\d;]*m"
MOVES = r"\x1b\[[\d;?]*[A-HJKSTfhlsu]"  # would go on in a reader's terminal; nested progress bars write them
UP = b"\x1b[A"
NESTED = rb"\n\r([^\r\n]*)\x1b\[A|\x1b\[A\n"  # a progress bar below another one: down, its state, and up again
DEPTH = 64  # of objects in a JSON line; what is deeper is text, few readers could take it
RFC_3339 = r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))"


def severity_of(line: str) -> str | None:
    """The severity that a line says of itself, None if it says nothing."""
    if line[:1] == "\x1b":
        line = re.sub(COLOURS, "", line)
    if line[:1] in STARTS:
        for prefix in PREFIXES:
            match = re.match(prefix, line)
            if match:
                return SEVERITIES[match[1]]
    if "Warning: " in line and re.match(WARNING, line):
        return "WARNING"
    return None


def structured(line: str) -> dict[str, Any] | None:
    """The object that a JSON line is."""
    if line[:2] == "{}" or line[:1] != "{" or line[-1:] != "}":
        return None
    try:
        fields = json.loads(line, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    if line.count("{") + line.count("[") > DEPTH and is_deep(fields, DEPTH):
        return None
    return fields if isinstance(fields, dict) else None


def is_deep(value: Any, depth: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth == 0 or any(is_deep(item, depth - 1) for item in inner)


def lifted(fields: dict[str, Any], default: str) -> tuple[str, str]:
    """Severity and message of a JSON line; they are taken from the fields, but for a severity that is none of ours."""
    severity = default
    for name in ("severity", "levelname", "level"):
        stated = fields.get(name)
        if stated:
            if str(stated).upper() in SEVERITIES:
                severity = SEVERITIES[str(stated).upper()]
                del fields[name]
            break
    message = fields.pop("message", "")
    return severity, message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)


def stated_ns(fields: Fields) -> tuple[int, tuple[str, ...]]:
    """The time of a JSON line, in nanoseconds since the epoch, and the fields that say it; 0 if none does.

    https://cloud.google.com/logging/docs/agent/logging/configuration#timestamp-processing
    """
    for name in ("time", "timestamp"):
        value = fields.get(name)
        if isinstance(value, str):
            ns = rfc_3339_ns(value)
        elif isinstance(value, dict) and value.keys() == {"seconds", "nanos"}:
            ns = whole_ns(value["seconds"], value["nanos"])
        else:
            continue
        if ns:
            return ns, (name,)
    if "timestampSeconds" in fields:
        ns = whole_ns(fields["timestampSeconds"], fields.get("timestampNanos", 0))
        return ns, ("timestampSeconds", "timestampNanos")
    return 0, ()


def whole_ns(seconds: Any, nanos: Any) -> int:
    try:
        return int(seconds) * 10**9 + int(nanos)
    except (ValueError, TypeError, OverflowError):
        return 0


def rfc_3339_ns(text: str) -> int:
    """0 for what is no time with a zone."""
    from calendar import timegm

    match = re.fullmatch(RFC_3339, text, re.ASCII)
    if match is None:
        return 0
    *moment, fraction, sign, hours, minutes = match.groups()
    try:
        seconds = timegm(tuple(int(part) for part in moment))
    except ValueError:  # the 13th month
        return 0
    if sign:
        seconds -= int(sign + "1") * (int(hours) * 3600 + int(minutes) * 60)
    return seconds * 10**9 + int((fraction or "0").ljust(9, "0"))


def pieces(text: str) -> Iterator[str]:
    """Text in parts of at most `ENTRY_BYTES` in UTF-8; no character is cut."""
    if len(text) * 4 <= ENTRY_BYTES:
        yield text
        return
    data = text.encode("utf-8", "surrogatepass")
    while data:
        end = whole_characters(data, ENTRY_BYTES)
        yield data[:end].decode("utf-8", "surrogatepass")
        data = data[end:]


def whole_characters(data: bytes, limit: int) -> int:
    """The largest number of bytes up to `limit` that does not cut a UTF-8 character."""
    end = limit
    while limit - end < 4 and end < len(data) and data[end] & 0xC0 == 0x80:
        end -= 1
    return min(end, len(data))


class Lines:
    """A stream of bytes as entries, handed to `emit(severity, message, fields)`.

    A newline ends an entry, a traceback is one entry, a progress bar (`\\r`) one entry per second at most, a line that
    is not continued for half a second is an entry. The time is given with every call; `due` is when `expire` is wanted.
    """

    def __init__(self, default: str, emit: Emit) -> None:
        self.due: float | None = None
        self._default = default
        self._emit = emit
        self._rest = b""
        self._progress = b""  # the newest state of a progress bar that was not emitted
        self._next_progress = 0.0
        self._traceback: Traceback | None = None

    def feed(self, data: bytes, now: float) -> None:
        data = self._rest + data
        if UP in data:
            data = re.sub(NESTED, rb"\r\1\r", data)
        head, newline, self._rest = data.rpartition(b"\n")
        if newline:
            for line in head.decode("utf-8", "replace").split("\n"):
                self._line(line)
        if b"\r" in self._rest[:-1]:  # one at the very end may become `\r\n`
            self._keep_progress(now)
        while len(self._rest) > ENTRY_BYTES:
            end = whole_characters(self._rest, ENTRY_BYTES)
            self._line(self._rest[:end].decode("utf-8", "replace"))
            self._rest = self._rest[end:]
        self._plan(now)

    def expire(self, now: float) -> None:
        if self.due is not None and now >= self.due:
            if self._progress or self._rest.startswith(b"\r"):
                self._next_progress = now + PROGRESS_S
            self.close()

    def close(self) -> None:
        """Everything that is held back becomes entries."""
        rest, self._rest = self._rest or self._progress, b""
        if rest:
            self._line(rest.decode("utf-8", "replace"))
        self._end_traceback()
        self._progress, self.due = b"", None

    def _plan(self, now: float) -> None:
        held = self._rest or self._progress or self._traceback
        bar = self._progress or self._rest[:1] == b"\r"
        self.due = max(now + UNFINISHED_S, self._next_progress if bar else 0.0) if held else None

    def _keep_progress(self, now: float) -> None:
        """Of the states before the last `\\r` the newest counts; it is emitted if the last one was long enough ago."""
        states, _, last = self._rest[:-1].rpartition(b"\r")
        self._rest = b"\r" + last + self._rest[-1:]
        self._progress = next((state for state in reversed(states.split(b"\r")) if state.strip()), self._progress)
        if self._progress and now >= self._next_progress:
            self._next_progress = now + PROGRESS_S
            state, self._progress = self._progress, b""
            self._line(state.decode("utf-8", "replace"))

    def _line(self, line: str) -> None:
        if "\r" in line:
            line = next((state for state in reversed(line.split("\r")) if state.strip()), "")
            line = line or self._progress.decode("utf-8", "replace")
            self._progress = b""
        if "\x1b" in line:
            line = re.sub(MOVES, "", line)
        if self._traceback:
            if self._traceback.takes(line):
                return
            self._end_traceback()
        if HEADER in line and not line.startswith("{"):
            self._begin_traceback(line)
        elif line.strip():
            self._entry(line)

    def _begin_traceback(self, line: str) -> None:
        start = line.index(HEADER)
        if start and not line.startswith(GROUP_HEADER) and severity_of(line) is None:
            self._entry(line[:start])  # an unfinished line that the traceback was written behind
            line = line[start:]
        self._traceback = Traceback(line)

    def _end_traceback(self) -> None:
        if self._traceback:
            for piece in pieces(self._traceback.text()):
                self._emit("ERROR", piece, None)
            self._traceback = None

    def _entry(self, line: str) -> None:
        fields = structured(line)
        if fields is None:
            severity = severity_of(line) or self._default
        else:
            severity, line = lifted(fields, self._default)
            if not (line or fields):
                return
        for piece in pieces(line):
            self._emit(severity, piece, fields or None)


class Traceback:
    """The lines of a traceback that is being read, with those that it is chained to."""

    def __init__(self, header: str) -> None:
        self._lines = [header]
        self._size = len(header)
        self._is_group = header.startswith(GROUP_HEADER)
        self._complete = False  # the exception's own line was there, only a chained one may follow

    def text(self) -> str:
        return "\n".join(self._lines).rstrip("\n")

    def takes(self, line: str) -> bool:
        """Keeps the line if it belongs to the traceback."""
        size = self._size + 1 + len(line)
        belongs = size <= ENTRY_BYTES and (self._follows(line) if self._complete else self._is_within(line))
        if belongs:
            self._lines.append(line)
            self._size = size
        return belongs

    def _is_within(self, line: str) -> bool:
        if not line or line[0] in " \t" or line.startswith(HEADER):
            return True
        self._complete = True  # `ValueError: text`, or what comes behind a group, all of whose lines are indented
        return not self._is_group or self._follows(line)

    def _follows(self, line: str) -> bool:
        if HEADER in line:
            self._is_group = line.startswith(GROUP_HEADER)
            self._complete = next(text for text in reversed(self._lines) if text) not in CHAINS
            return not self._complete
        return not line or line in CHAINS or (line[0] in " \t" and bool(self._lines[-1]))


# --------------------------------------------------------------------------------------------------------------- log


quoted = json.encoder.encode_basestring  # what `json.dumps` makes of a text, without its way there
# What JSON allows within a text, and some readers (also Python's `splitlines`) take for the end of a line.
LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class Log:
    """The job's log file: entries of this replica, written together as whole lines by one write on an appending
    descriptor, so that those of several processes never mix."""

    def __init__(self, task: Task) -> None:
        self._file = os.open(task["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
        self._replica = self._encode(task["replica"])
        self._extra = ', "trial": ' + self._encode(task["trial"]) if task["trial"] else ""
        trial = task["trial"] + "." if task["trial"] else ""
        self._id = "{}{}.{}.".format(trial, task["replica"], task["restart"])
        self._count = 0
        self._last_ns = 0
        self._pending: list[bytes] = []
        self._torn = False  # the last line was written in part only
        self.lost = 0  # entries that could not be written, e.g. on a full disk: no reason to end a training

    def add(self, severity: str, message: str, stream: str = "", fields: Fields | None = None) -> None:
        """Times of a replica's entries grow strictly. The time that a JSON line states is taken if it fits in, else it
        remains a field."""
        stated, names = stated_ns(fields) if fields else (0, ())
        now = max(time.time_ns(), self._last_ns + 1)
        if fields and self._last_ns < stated <= now:
            now, fields = stated, {name: value for name, value in fields.items() if name not in names}
        self._last_ns = now
        line = (
            f'{{"time": "{timestamp(now)}", "severity": "{severity}", "replica": {self._replica}, '
            f'"message": {quoted(message)}, "id": {quoted(self._id + str(self._count))}, "stream": "{stream}"'
            f"{self._extra}{self._with(fields) if fields else ''}}}"
        )
        self._count += 1
        if not line.isascii():
            line = line.translate(LINE_ENDS)
        self._pending.append(line.encode("utf-8", "backslashreplace") + b"\n")  # lone surrogates as JSON escapes

    def _with(self, fields: Fields) -> str:
        try:
            return ', "fields": ' + self._encode(fields)
        except (ValueError, RecursionError):  # a number that JSON does not have
            return ""

    def write(self) -> None:
        if not self._pending:
            return
        data, count = b"".join(self._pending), len(self._pending)
        self._pending.clear()
        if self._torn:
            data = b"\n" + data  # end it first, so that it spoils no other
        try:
            while data:
                written = os.write(self._file, data)
                self._torn = data[written - 1 : written] != b"\n"
                data = data[written:]
        except OSError:
            self.lost += count


def timestamp(ns: int) -> str:
    seconds, fraction = divmod(ns, 10**9)
    return f"{second(seconds)}.{fraction:09d}Z"


@functools.lru_cache(maxsize=16)
def second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


class Tail:
    """What a person needs to see of a program that failed: its last traceback with what it wrote to stderr behind
    it, or the end of its stderr; in 2 KB."""

    LIMIT = 2048

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0

    def add(self, text: str) -> None:
        if HEADER in text:
            self._parts, self._size = [], 0
        self._parts.append(text)
        self._size += len(text) + 1
        first = 1 if HEADER in self._parts[0] else 0
        while self._size > 4 * self.LIMIT and len(self._parts) > first + 1:
            self._size -= len(self._parts.pop(first)) + 1

    def __str__(self) -> str:
        text = "\n".join(self._parts)
        if len(text) <= self.LIMIT:
            return text
        head = HEADER + "\n  [...]\n" if text.startswith(HEADER) else "[...]\n"
        return head + text[len(head) - self.LIMIT :].partition("\n")[2]


# ------------------------------------------------------------------------------------------------------------ orders


class StoppedError(Exception):
    """We were told to end before the trainer ran."""


class Orders:
    """What others tell the launcher: lines on the control channel, its end, and signals.

    `stop_at` is the monotonic time at which everything is to be killed, None as long as nobody told us to stop.
    """

    def __init__(self, control: int | None, grace_s: float) -> None:
        self.stop_at: float | None = None
        self._control = control
        self._grace_s = grace_s
        self._text = b""
        self._woken, wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(wake, False)
        if control is not None:
            os.set_inheritable(control, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)  # a handler of Python's own, so that the wake-up pipe is told

    def tell(self, event: Mapping[str, Any]) -> None:
        if self._control is not None:
            try:
                os.write(self._control, json.dumps(event).encode() + b"\n")
            except OSError:
                self._control = None
                self.stop(0.0)

    def wait(self, files: Iterable[int], timeout_s: float | None) -> list[int]:
        """Those of `files` that can be read, after orders were taken; sooner if a signal or an order came."""
        own = [self._woken] if self._control is None else [self._woken, self._control]
        ready = select.select([*own, *files], [], [], timeout_s)[0]
        if self._woken in ready:
            self._take_signals()
        if self._control in ready:
            self._take_lines()
        return [file for file in ready if file not in own]

    def stop(self, grace_s: float) -> None:
        stop_at = time.monotonic() + grace_s
        self.stop_at = stop_at if self.stop_at is None else min(self.stop_at, stop_at)

    def check(self) -> None:
        """Raises `StoppedError` if we were told to end."""
        self.wait([], 0)
        if self.stop_at is not None:
            raise StoppedError

    def _take_signals(self) -> None:
        if any(number != signal.SIGCHLD for number in os.read(self._woken, 4096)):
            self.stop(self._grace_s)

    def _take_lines(self) -> None:
        assert self._control is not None
        try:
            data = os.read(self._control, 4096)
        except OSError:
            data = b""
        if not data:  # the supervisor is gone
            self._control = None
            self.stop(0.0)
        *lines, self._text = (self._text + data).split(b"\n")
        for line in lines:
            word, _, grace = line.partition(b" ")
            self.stop(float(grace or self._grace_s) if word == b"term" else 0.0)


# --------------------------------------------------------------------------------------------------------- processes

CANNOT_START = 127
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
F_SETPIPE_SZ = 1031  # fcntl has its name since Python 3.10
PIPE_BYTES, READ_BYTES = 1 << 20, 1 << 15


def c_library() -> Any:
    """libc, or None where there is no `ctypes`."""
    try:
        import ctypes
    except ImportError:
        return None
    return ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Processes whose parent has ended become our children instead of process 1's (Linux only): none can escape."""
    libc = c_library() if LINUX else None
    if libc:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with(parent: int) -> None:
    libc = c_library() if LINUX else None
    if libc:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(CANNOT_START)


def wide_pipe() -> tuple[int, int]:
    """Takes more than the usual 64 KB, where the kernel allows it: a burst of lines does not hold up its writer."""
    ends = os.pipe()
    if LINUX:
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES)
    return ends


class StartError(Exception):
    """The program could not be started; in the words of the system."""


class Child:
    """A program in a session and process group of its own, its output as lines.

    `status` is that of `waitpid` once it has ended; `cpu_s` and `peak_bytes` include what it left to us.
    """

    def __init__(self, spawn: Spawn, stdout: Lines, stderr: Lines) -> None:
        self.status: int | None = None
        self.cpu_s = 0.0
        self.peak_bytes = 0
        self.alone = False  # neither it nor anything that it started is left
        self.told = False  # to end
        self._killed = False
        out, out_end = wide_pipe()
        err, err_end = wide_pipe()
        self.outputs = {out: stdout, err: stderr}
        try:
            self.pid = start(spawn, out_end, err_end)
        except StartError:
            os.close(out)
            os.close(err)
            raise
        finally:
            os.close(out_end)
            os.close(err_end)
        for file in self.outputs:
            os.set_blocking(file, False)

    def read(self, files: Iterable[int]) -> None:
        for file in files:
            try:
                data = os.read(file, READ_BYTES)
            except BlockingIOError:
                continue
            if data:
                self.outputs[file].feed(data, time.monotonic())
            else:
                self._close(file)

    def expire_lines(self) -> None:
        for lines in self.outputs.values():
            lines.expire(time.monotonic())

    def drain(self, patience_s: float = 5.0) -> None:
        """What is still in the pipes; somebody out of our reach may hold them open, so their end is not waited for."""
        deadline = time.monotonic() + patience_s
        ready = list(self.outputs)
        while ready and time.monotonic() < deadline:
            self.read(ready)
            ready = select.select(list(self.outputs), [], [], 0)[0]
        for file in list(self.outputs):
            self._close(file)

    def _close(self, file: int) -> None:
        self.outputs.pop(file).close()
        os.close(file)

    def reap(self) -> None:
        """Takes leave of everything that has ended, also of adopted orphans."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self.alone = True
                return
            if pid == 0:
                return
            if pid == self.pid:
                self.status = status
            self.cpu_s += usage.ru_utime + usage.ru_stime
            self.peak_bytes = max(self.peak_bytes, usage.ru_maxrss * (1024 if LINUX else 1))

    def obey(self, stop_at: float | None) -> None:
        """One SIGTERM to each process (a second one would end a trainer in its handler), at `stop_at` SIGKILL."""
        if stop_at is None:
            return
        if time.monotonic() >= stop_at:
            self.kill()
        elif not self.told:
            self._signal_all(signal.SIGTERM)
        self.told = True

    def kill(self) -> None:
        """Ends all of it for certain; again and again, since processes may have been starting others meanwhile."""
        self._killed = True
        self._signal_all(signal.SIGKILL)

    def clear(self, patience_s: float = 0.5) -> None:
        """After the program's end: what it left running gets a moment to end by itself, then it is killed."""
        if not (self.alone or self.told or self._killed):
            self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + patience_s
        while not self.alone and time.monotonic() < deadline + 5.0:  # nobody can end a process that hangs in a driver
            if self._killed or time.monotonic() >= deadline:
                self.kill()
            time.sleep(0.01)
            self.reap()
        if not LINUX:
            self._signal_all(signal.SIGKILL)

    def _signal_all(self, number: int) -> None:
        gone = contextlib.suppress(ProcessLookupError, PermissionError)
        with gone:
            os.killpg(self.pid, number)
        for pid in descendants():
            with gone:
                if os.getpgid(pid) != self.pid:
                    os.kill(pid, number)


class Spawn:
    """What to start. `prepare` runs in the new process and returns the environment to start the program with."""

    def __init__(self, argv: Sequence[str], cwd: str, prepare: Callable[[], Mapping[str, str]]) -> None:
        self.argv = argv
        self.cwd = cwd
        self.prepare = prepare


def start(spawn: Spawn, stdout: int, stderr: int) -> int:
    """Forks and executes; returns when the program runs. A pipe that closes by `exec` tells of success."""
    report, report_end = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            become(spawn, parent, stdout, stderr)
        except BaseException as error:  # noqa: BLE001 - nothing may come out of the forked process
            os.write(report_end, str(error).encode("utf-8", "replace"))
        finally:
            os._exit(CANNOT_START)
    os.close(report_end)
    problem = os.read(report, 4096)
    os.close(report)
    if problem:
        os.waitpid(pid, 0)
        raise StartError(problem.decode("utf-8", "replace"))
    return pid


def become(spawn: Spawn, parent: int, stdout: int, stderr: int) -> NoReturn:
    signal.set_wakeup_fd(-1)
    os.setsid()
    os.chdir(spawn.cwd)
    environment = spawn.prepare()
    die_with(parent)  # after `prepare`: entering a user namespace would undo it
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execve(spawn.argv[0], list(spawn.argv), dict(environment))  # noqa: S606 - no shell: that is what we want


def descendants() -> dict[int, int]:
    """Everything below this process, with its resident memory in bytes; empty where there is no `/proc`."""
    children: dict[int, list[int]] = {}
    memory: dict[int, int] = {}
    for name in os.listdir("/proc") if LINUX else ():
        if name.isdigit():
            try:
                with open("/proc/" + name + "/stat", "rb") as file:
                    fields = file.read().rpartition(b") ")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(name))
            memory[int(name)] = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    found: dict[int, int] = {}
    ahead = children.get(os.getpid(), [])
    while ahead:
        pid = ahead.pop()
        found[pid] = memory[pid]
        ahead += children.get(pid, [])
    return found


class Memory:
    """Watches the memory of everything below this process."""

    EVERY_S = 0.25

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.peak = 0
        self.next_look = time.monotonic() + self.EVERY_S
        self.exceeded = False
        self._kills = oom_kills()

    def look(self) -> None:
        began = time.monotonic()
        if began < self.next_look:
            return
        resident = sum(descendants().values())
        self.peak = max(self.peak, resident)
        if self.limit and not self.exceeded and resident > self.limit:
            # Twice: while processes end, those that remain take over their shares of what was counted already.
            self.exceeded = shared_memory() > self.limit and shared_memory() > self.limit
        now = time.monotonic()
        self.next_look = now + max(self.EVERY_S, 20 * (now - began))  # at most 5 % of a core on crowded machines

    def kernel_killed(self) -> bool:
        return oom_kills() > self._kills


def shared_memory() -> int:
    """Bytes that everything below this process uses; pages that forked workers share count once."""
    return sum(proportional(pid, resident) for pid, resident in descendants().items())


def proportional(pid: int, resident: int) -> int:
    """A process's memory in bytes with shared pages divided among those who share them."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            found = re.search(rb"^Pss:\s+(\d+) kB", file.read(), re.MULTILINE)
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0
    except OSError:
        found = None
    return int(found[1]) * 1024 if found else resident


def oom_kills() -> int:
    """How often the kernel has killed for want of memory: in our control group, or else on this machine."""
    for path in oom_counters() if LINUX else ():
        try:
            with open(path, "rb") as file:
                found = re.search(rb"^oom_kill (\d+)", file.read(), re.MULTILINE)
        except OSError:
            continue
        if found:
            return int(found[1])
    return 0


def oom_counters() -> Iterator[str]:
    with contextlib.suppress(OSError), open("/proc/self/cgroup") as file:
        for line in file:
            number, controllers, path = line.rstrip("\n").split(":", 2)
            if "memory" in controllers.split(","):
                yield "/sys/fs/cgroup/memory" + path + "/memory.oom_control"
            elif number == "0":
                yield "/sys/fs/cgroup" + path + "/memory.events"
    yield "/proc/vmstat"


# ------------------------------------------------------------------------------------------------------- /gcs mounts
# On Vertex AI every bucket is a folder below /gcs. Here one folder's sub-folders stand for the buckets, and the trainer
# gets a view of the file system in which it is at /gcs: a mount namespace of its own, so that nobody else sees it and
# nothing of it outlives the trainer.

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC = 0x1, 0x20, 0x1000, 0x4000
MS_UNBINDABLE, MS_PRIVATE = 0x20000, 0x40000


def mount_gcs(bucket_root: str, scratch: str) -> None:
    """Puts `bucket_root` at /gcs for this process and its children; OSError where the kernel does not allow it.

    `scratch` is any folder that exists; its content is not touched.
    """
    here = os.getcwd()
    enter_namespace()
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    if os.path.isdir("/gcs"):
        mount(bucket_root, "/gcs", "", MS_BIND | MS_REC)
        return
    mount("tmpfs", scratch, "tmpfs", 0)
    mount("none", scratch, "", MS_UNBINDABLE)  # else the new root would contain itself
    for entry in os.scandir("/"):
        show(entry, os.path.join(scratch, entry.name))
    os.mkdir(os.path.join(scratch, "gcs"))
    mount(bucket_root, os.path.join(scratch, "gcs"), "", MS_BIND | MS_REC)
    mount("none", scratch, "", MS_REMOUNT | MS_BIND | MS_RDONLY)  # what is written there would be lost: refuse it
    os.chroot(scratch)
    os.chdir(here)


def enter_namespace() -> None:
    """A mount namespace of our own; without the right to have one, through a user namespace in which we stay who we
    are."""
    user, group = os.getuid(), os.getgid()
    try:
        unshare(CLONE_NEWNS)
    except OSError:
        unshare(CLONE_NEWUSER | CLONE_NEWNS)
        settings = (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1"))
        for name, text in settings:
            with open("/proc/self/" + name, "w") as file:
                file.write(text)


def show(entry: os.DirEntry[str], place: str) -> None:
    """Makes an entry of the real root appear in the new one."""
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), place)
        return
    if entry.is_dir():
        os.mkdir(place)
    else:
        os.close(os.open(place, os.O_CREAT))
    mount(entry.path, place, "", MS_BIND | MS_REC)


def unshare(flags: int) -> None:
    libc = c_library()
    if not libc or libc.unshare(flags) != 0:
        raise_system_error("unshare")


def mount(source: str, target: str, kind: str, flags: int) -> None:
    import ctypes

    options = b"mode=755" if kind == "tmpfs" else None
    names = os.fsencode(source), os.fsencode(target), kind.encode()
    if c_library().mount(*names, ctypes.c_ulong(flags), options) != 0:
        raise_system_error(target)


def raise_system_error(what: str) -> NoReturn:
    import ctypes

    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), what)


# ------------------------------------------------------------------------------------------------------ environments
# <cache>/packages/KEY.json         the note of an archive of the job: who installs it, or in which folder it is
# <cache>/packages/KEY.TOKEN/       the archive, installed without its requirements
# <cache>/environments/…            virtual environments with those requirements, in the same way
# A folder is built in its place, since scripts in it name it, and nobody looks into it before its note names it.

MISSING_BUILD_REQUIREMENT = re.compile(
    r"No module named|ModuleNotFound|BackendUnavailable|Cannot import|bdist_wheel|Missing dependencies"
)
PIP_TO_UV = {  # uv does not read pip's variables
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_CERT": "SSL_CERT_FILE",
}
CHOOSES_VERSIONS = r"(PIP|UV)_.*(INDEX|FIND_LINKS|CONSTRAINT)"
# Settings of pip that would send an installation elsewhere, or refuse it.
MISLEADING = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIRE_VIRTUALENV", "UV_SYSTEM_PYTHON"}


class EnvironmentFailedError(Exception):
    """The job cannot run here: a message for people, and `output` in the tool's own words."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


class Tools:
    """Runs installers for an environment, as children that obey orders like the trainer does."""

    def __init__(self, task: Task, log: Log, orders: Orders) -> None:
        self.cache = task["cache"]
        self.cwd = task["cwd"]
        self.python = task["python"]
        self.uv = task["installer"]
        self.builder = task.get("builder")
        self.log = log
        self.orders = orders
        self.note: Note | None = None  # of what is built

    def once(self, kind: str, key: str, build: Callable[[str], Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]]:
        """A folder of the cache, and what is known of it."""
        outer, self.note = self.note, Note(os.path.join(self.cache, kind, key), os.uname().nodename)
        try:
            return once(self.note, self.orders, build)
        finally:
            self.note = outer

    def run(self, argv: Sequence[str]) -> tuple[int, str]:
        """Exit status (as `waitpid` has it) and output of a program; `StoppedError` if we were told to end."""
        output: list[str] = []
        collect: list[Lines] = [Lines("INFO", lambda _severity, text, _fields: output.append(text)) for _ in range(2)]
        try:
            child = Child(Spawn(argv, self.cwd, lambda: installer_environment(os.environ)), *collect)
        except StartError as problem:
            return CANNOT_START, f"{argv[0]}: {problem}"
        status = watch(child, self.orders, self.log, self.note or Memory(None))
        if self.orders.stop_at is not None:
            raise StoppedError
        return status, "\n".join(output)

    def install(
        self, what: Sequence[str], *, python: str, isolated: bool = True, layered: bool = False
    ) -> Iterator[list[str]]:
        """Command lines, each to be tried if the one before failed. The last one does without the network.

        `layered`: what is seen from elsewhere is taken for installed, which only pip does.
        """
        options = [] if isolated else ["--no-build-isolation"]
        if self.uv and not layered:
            command = [self.uv, "pip", "install", "--compile-bytecode", "--python", python, *options, *what]
            yield command
            if isolated:
                yield [*command, "--offline"]
            return
        for owner in filter(None, (self.builder, self.python)):  # the one of them that has pip
            yield [owner, "-m", "pip", "--python", python, "install", "--no-input", *options, *what]
        yield [self.own_pip(), "-m", "pip", "--python", python, "install", "--no-input", *options, *what]

    def own_pip(self) -> str:
        """An interpreter with the pip that Python brings along."""

        def build(folder: str) -> Mapping[str, Any]:
            problem = self.try_each([[self.python, "-m", "venv", folder]])
            if problem is not None:
                raise EnvironmentFailedError(f"{self.python} has no pip, and cannot make one", problem)
            return {}

        return os.path.join(self.once("installers", digest(self.python, *node_type()), build)[0], "bin", "python")

    def try_each(self, commands: Iterable[list[str]]) -> str | None:
        """None if one of the commands succeeded, else what went wrong, in the first one's words."""
        problem = ""
        for command in commands:
            status, output = self.run(command)
            if status == 0:
                return None
            if command[0] != self.uv and not NO_PIP.search(output):
                return output
            problem = problem or output
        return problem


NO_PIP = re.compile(r"No module named pip$|no such option: --python")
INSTALLER_DEFAULTS = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PYTHONDONTWRITEBYTECODE": "1",  # beside the modules of the interpreter that runs the installer
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_SYSTEM_CERTS": "1",  # as pip does: behind a company's proxy only the machine's own certificates are right
    "UV_NATIVE_TLS": "1",  # its name before uv 0.11
}


def installer_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    machine = outside(inherited)
    kept = {name: value for name, value in machine.items() if not is_foreign(name) and name not in MISLEADING}
    for theirs, ours in PIP_TO_UV.items():
        if theirs in kept and ours not in kept:
            kept[ours] = kept[theirs].replace(" ", ",") if ours == "UV_FIND_LINKS" else kept[theirs]
    return {**INSTALLER_DEFAULTS, **kept}


class Note:
    """Says where a folder of the cache is, as soon as it is built. Any number of launchers on any machines may want it.

    They lock the note to agree who builds. Its builder touches it as a sign of life: on some file systems a lock holds
    for one machine only, on some it outlives the machine that had it. Nothing worse comes of that than a folder that is
    built twice. What is known stands in the note itself: an open file is what NFS looks at anew.
    """

    PULSE_S, SILENT_S = 5.0, 120.0

    def __init__(self, place: str, host: str, silent_s: float = SILENT_S) -> None:
        self.place = place
        self.path = place + ".json"
        self.next_look = 0.0
        self.exceeded = False
        self._host = host
        self._silent_s = silent_s
        self._seen: Any = None
        self._heard = time.monotonic()

    def look(self) -> None:
        """The sign of life, as the program that builds is watched."""
        if time.monotonic() >= self.next_look:
            self.next_look = time.monotonic() + self.PULSE_S
            with contextlib.suppress(OSError):
                os.utime(self.path)

    def read(self) -> tuple[str, Mapping[str, Any]] | None:
        """The folder and what is known of it, if it is there."""
        try:
            file = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            return self.built(self.content(file))
        finally:
            os.close(file)

    def content(self, file: int) -> Mapping[str, Any]:
        """Of who holds the lock the file must be no other: to close one of them gives up the lock."""
        try:
            found = json.loads(os.pread(file, os.fstat(file).st_size, 0))
        except ValueError:  # empty, or half written
            return {}
        return found if isinstance(found, dict) else {}

    def built(self, content: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
        folder = os.path.join(os.path.dirname(self.path), content.get("folder") or "")
        return (folder, content) if content.get("folder") and os.path.isdir(folder) else None

    def take(self) -> int | None:
        """The note's file, locked; None if somebody else has it. Where there are no locks everyone gets it."""
        import fcntl

        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            os.close(file)
            return None
        except OSError:  # ENOSYS, ENOLCK
            pass
        return file

    def is_free(self, content: Mapping[str, Any]) -> bool:
        """Whether who holds the lock may build: not if another machine has begun to, and gives signs of life."""
        return not content.get("building") or content.get("host") == self._host or self.is_silent()

    def is_silent(self) -> bool:
        """Whether nobody has touched it for long; by our own clock, for others go wrong."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return False
        stamp = (found.st_ino, found.st_mtime_ns)
        if stamp != self._seen:
            self._seen, self._heard = stamp, time.monotonic()
        return time.monotonic() - self._heard > self._silent_s

    def fill(self, file: int, leftover: str | None, build: Callable[[str], Mapping[str, Any]]) -> None:
        """Removes what a dead builder has left, and builds."""
        import shutil

        parent, name = os.path.split(self.place)
        if leftover:
            shutil.rmtree(os.path.join(parent, leftover), ignore_errors=True)
        folder = "{}.{}".format(name[:16], os.urandom(4).hex())  # short: it stands in the first line of scripts
        self._write(file, {"building": folder, "host": self._host})
        try:
            self._write(file, {**build(os.path.join(parent, folder)), "folder": folder})
        except BaseException:
            self._write(file, {})
            shutil.rmtree(os.path.join(parent, folder), ignore_errors=True)
            raise

    def _write(self, file: int, value: Mapping[str, Any]) -> None:
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps(value).encode(), 0)
        os.fsync(file)


def once(note: Note, orders: Orders, build: Callable[[str], Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]]:
    """A folder that `build` has filled, and what it said of it. One process does that while others wait; if it dies,
    the next one does."""
    pause_s = 0.02
    while True:
        found = note.read()
        if found:
            return found
        for parent in (os.path.dirname(os.path.dirname(note.path)), os.path.dirname(note.path)):
            os.makedirs(parent, mode=0o700, exist_ok=True)
        if in_turn(note, build):
            continue
        orders.check()
        time.sleep(pause_s)
        pause_s = min(1.0, pause_s * 1.2)


def in_turn(note: Note, build: Callable[[str], Mapping[str, Any]]) -> bool:
    """Builds it if it is our turn; False if somebody else is at it."""
    file = note.take()
    if file is None:
        if note.is_silent():  # the lock has outlived its machine
            with contextlib.suppress(FileNotFoundError):
                os.unlink(note.path)
        return False
    try:
        content = note.content(file)
        if note.built(content):
            return True
        free = note.is_free(content)
        if free:
            note.fill(file, content.get("building"), build)
        return free
    finally:
        os.close(file)


def write_json(path: str, value: Mapping[str, Any]) -> None:
    """Replaces a file as a whole: a reader sees the old content or the new."""
    draft = f"{path}.{os.getpid()}"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(draft, path)


def digest(*parts: str) -> str:
    import hashlib

    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def interpreter(tools: Tools) -> str:
    """What tells one interpreter from another: where it is, of which build. Another than our own is asked, since it
    may be a script that chooses."""
    path = os.path.realpath(tools.python)
    version = sys.version
    if path != os.path.realpath(sys.executable):
        status, version = tools.run([tools.python, "-I", "-S", "-c", "import sys; print(sys.base_prefix, sys.version)"])
        if status != 0:
            raise EnvironmentFailedError(f"the interpreter {tools.python} does not run", version)
    return " ".join([path, str(os.stat(path).st_mtime_ns), version, *node_type()])


def node_type() -> list[str]:
    """What tells machines apart that may share a cache, and not what was built for the other: architecture, C library,
    system."""
    library, system = "", b""
    with contextlib.suppress(AttributeError, ValueError, OSError):  # not everywhere is glibc
        library = os.confstr("CS_GNU_LIBC_VERSION") or ""
    with contextlib.suppress(OSError), open("/etc/os-release", "rb") as file:
        system = b" ".join(re.findall(rb"^(?:ID|VERSION_ID)=.*", file.read(), re.MULTILINE))
    return [os.uname().sysname, os.uname().machine, library, system.decode("utf-8", "replace")]


def verify(package: Mapping[str, str]) -> None:
    import hashlib

    found = hashlib.sha256()
    try:
        with open(package["path"], "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                found.update(block)
    except OSError as error:
        raise EnvironmentFailedError("the package {} cannot be read".format(package["path"]), str(error)) from None
    if found.hexdigest() != package["sha256"]:
        raise EnvironmentFailedError(
            "the package {} is not the one that was submitted: its sha256 is {} instead of {}".format(
                package["path"], found.hexdigest(), package["sha256"]
            )
        )


MOST_UNPACKED = 8 << 30  # bytes; no trainer's code is as large, and a disk is soon full


def refuse_escapes(archive: str) -> None:
    """An archive's members, and what they link to, are files, folders and links below the folder that it is unpacked
    in, and there is room for them. Not every version of every installer sees to that, or says so."""
    total = 0
    for name, target, size in members(archive):
        total += max(size, 0)
        if ".." in name.split("/") or is_outside(name) or is_outside(target):
            problem = f"its member {name!r} would be outside of its folder"
        elif size < 0:
            problem = f"its member {name!r} is a device or a pipe"
        elif total > MOST_UNPACKED:
            problem = f"it would unpack to more than {MOST_UNPACKED >> 30} GiB"
        else:
            continue
        raise EnvironmentFailedError(f"the package {archive} is refused: {problem}")


def is_outside(path: str) -> bool:
    return os.path.isabs(path) or os.path.normpath(path).split("/")[0] == ".."


def members(archive: str) -> Iterator[tuple[str, str, int]]:
    """Each member's name, where a link leads (from the archive's top), and its size, -1 for what is no file, folder or
    link. What cannot be read is left to the installer, which says why."""
    with contextlib.suppress(Exception):  # damaged archives raise a dozen kinds of errors
        if archive.endswith((".whl", ".zip")):
            import zipfile

            with zipfile.ZipFile(archive) as wheel:
                yield from [(member.filename, member.filename, member.file_size) for member in wheel.infolist()]
            return
        import tarfile

        with tarfile.open(archive) as source:
            for member in source:
                plain = member.isfile() or member.isdir() or member.issym() or member.islnk()
                yield member.name, link_target(member), member.size if plain else -1


def link_target(member: Any) -> str:
    """A symbolic link leads on from its own folder, a hard link from the archive's top."""
    folder = os.path.dirname(member.name) if member.issym() else ""
    return os.path.join(folder, member.linkname) if member.issym() or member.islnk() else str(member.name)


def installed_package(package: Mapping[str, str], python: str, tools: Tools) -> tuple[str, Mapping[str, Any]]:
    """The folder of an installed archive and what is known of it. The archive is only read if it is not installed
    yet: the folder's name has the digest that was verified then."""

    def build(folder: str) -> Mapping[str, Any]:
        verify(package)
        refuse_escapes(package["path"])
        tools.log.add("INFO", "Installing the package: " + package["path"])
        problem = install_archive(package["path"], folder, tools)
        if problem is not None:
            raise EnvironmentFailedError("the package {} cannot be installed".format(package["path"]), problem)
        return described(folder)

    return tools.once("packages", digest(package["sha256"], python), build)


def install_archive(archive: str, folder: str, tools: Tools) -> str | None:
    """None, or why it failed. A source archive is first built without the network, by a Python with setuptools."""
    what = ["--no-deps", "--target", folder, archive]
    if tools.builder and not archive.endswith(".whl"):
        problem = tools.try_each(tools.install(what, python=tools.builder, isolated=False))
        if problem is None or not MISSING_BUILD_REQUIREMENT.search(problem):
            return problem
    return tools.try_each(tools.install(what, python=tools.python))


def described(site: str) -> Mapping[str, Any]:
    """Names, `name==version` and requirements of the distributions in a folder."""
    requires = []
    for entry in os.listdir(site):
        if entry.endswith(".dist-info"):
            with open(os.path.join(site, entry, "METADATA"), encoding="utf-8") as file:
                requires += without_extras(required_by(file.read()))
        elif entry.endswith(".egg-info"):  # what pip before 23.1 leaves of an archive where there is no `wheel`
            from importlib.metadata import Distribution

            requires += without_extras(Distribution.at(os.path.join(site, entry)).requires or ())
    frozen = frozen_in(site)
    return {"names": [text.partition("==")[0] for text in frozen], "frozen": frozen, "requires": requires}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required_by(metadata: str) -> list[str]:
    headers = metadata.partition("\n\n")[0]
    return re.findall(r"^Requires-Dist: *(.+?)\s*$", headers, re.MULTILINE | re.IGNORECASE)


def without_extras(requirements: Iterable[str]) -> list[str]:
    return [text for text in requirements if not re.search(r";.*\bextra\b", text)]


def environment(
    packages: Sequence[Mapping[str, Any]], python: str, tools: Tools, below: Sequence[str]
) -> tuple[str, Mapping[str, Any]]:
    """A virtual environment with what the packages require of others, and what is known of it. What is installed in
    the folders `below` is seen in it, and only what is missing there is installed."""
    own = {name for package in packages for name in package["names"]}
    wanted = sorted({text for package in packages for text in package["requires"] if required_name(text) not in own})
    index = sorted(name + "=" + value for name, value in os.environ.items() if re.match(CHOOSES_VERSIONS, name))
    seen = [text for site in below for text in (site, *frozen_in(site))]

    def build(folder: str) -> Mapping[str, Any]:
        create_environment(folder, tools)
        if below:
            show_packages(below, folder)
        if wanted:
            tools.log.add("INFO", "Installing the requirements: " + ", ".join(wanted))
            there = os.path.join(folder, "bin", "python")
            problem = tools.try_each(tools.install(wanted, python=there, layered=bool(below)))
            if problem is not None:
                raise EnvironmentFailedError("the trainer's requirements cannot be installed", problem)
        return described(site_packages(folder))

    key = digest(python, *wanted, "", *(index if wanted else ()), *(("below", *seen) if below else ()))
    folder, known = tools.once("environments", key, build)
    return folder, {**known, "frozen": list(with_those_below(known["frozen"], below))}


def visible_folders(tools: Tools) -> list[str]:
    """Where the interpreter finds what is installed: what PYTHONPATH names, as modules of a site have it, first."""
    source = "import json, sys; print(json.dumps(sys.path))"
    status, output = tools.run([tools.python, "-I", "-B", "-c", source])
    if status != 0:
        raise EnvironmentFailedError(f"the interpreter {tools.python} does not run", output)
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sites = [path for path in json.loads(output.splitlines()[-1]) if re.search(r"/(site|dist)-packages/?$", path)]
    return [path for path in dict.fromkeys([*named, *sites]) if os.path.isdir(path)]


def show_packages(folders: Sequence[str], environment: str) -> None:
    """Behind its own packages, with what their `.pth` files say."""
    lines = ["import site; site.addsitedir({!r})\n".format(folder) for folder in folders]
    with open(os.path.join(site_packages(environment), "jobdir.pth"), "w", encoding="utf-8") as file:
        file.writelines(lines)


def with_those_below(frozen: Sequence[str], folders: Sequence[str]) -> Iterator[str]:
    """`name==version` of all that is seen: the first of a name is the one that is imported."""
    yield from frozen
    names = {text.partition("==")[0] for text in frozen}
    for folder in folders:
        for text in frozen_in(folder):
            name = text.partition("==")[0]
            if name not in names:
                names.add(name)
                yield text


def frozen_in(site: str) -> list[str]:
    pattern = r"([^-]+)-(.+?)(?:-py[\d.]+)?\.(?:dist|egg)-info"
    found = (re.fullmatch(pattern, entry) for entry in sorted(os.listdir(site)))
    return [canonical(match[1]) + "==" + match[2] for match in found if match]


def required_name(requirement: str) -> str:
    return canonical(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])


def create_environment(folder: str, tools: Tools) -> None:
    command = [tools.python, "-m", "venv", "--without-pip", folder]
    if tools.uv:
        command = [tools.uv, "venv", "--python", tools.python, folder]
    problem = tools.try_each([command])
    if problem is not None:
        raise EnvironmentFailedError("the virtual environment cannot be made", problem)


def site_packages(folder: str) -> str:
    library = os.path.join(folder, "lib")
    version = next(name for name in os.listdir(library) if name.startswith("python"))
    return os.path.join(library, version, "site-packages")


# --------------------------------------------------------------------------------------------------------------- run


class Program:
    """What to run: `environment` gives the variables for where the buckets are seen; `shown` is its name in the log."""

    def __init__(
        self, argv: Sequence[str], shown: Sequence[str], environment: Callable[[str | None], Mapping[str, str]]
    ) -> None:
        self.argv = argv
        self.shown = shown
        self.environment = environment
        self.frozen: list[str] = []
        self.wants_mount = False
        self.clean_up: Sequence[str] = ()  # a command, if we had to end the program


def prepare(task: Task, log: Log, orders: Orders) -> Program:
    tools = Tools(task, log, orders)
    if task["container"]:
        return prepare_container(task)
    python = interpreter(tools)
    packages = [installed_package(package, python, tools) for package in task["packages"]]
    below = visible_folders(tools) if task.get("layered") else ()
    folder, known = environment([package for _, package in packages], python, tools, below)
    bin_folder = os.path.join(folder, "bin")
    if below:
        bin_folder += os.pathsep + os.path.dirname(tools.python)

    def variables(gcs_root: str | None) -> Mapping[str, str]:
        paths = [path for path, _ in packages]
        return trainer_environment(os.environ, contract(task, gcs_root), bin_folder=bin_folder, packages=paths)

    command = ["-m", task["module"], *program_args(task)]
    program = Program([os.path.join(folder, "bin", "python"), *command], ["python3", *command], variables)
    program.frozen = [name for _, package in packages for name in package["frozen"]] + known["frozen"]
    program.wants_mount = bool(LINUX and task["bucket_root"] and mentions_buckets(task))
    return program


def prepare_container(task: Task) -> Program:
    if not task["container"].get("runtime"):
        raise EnvironmentFailedError(
            "the job runs the container image {}, and neither docker nor podman is installed here".format(
                task["container"]["image"]
            )
        )
    for folder, _ in container_folders(task):
        os.makedirs(folder, exist_ok=True)  # docker would make it as root
    emulator = to_emulator(os.environ) if LINUX else {}  # elsewhere a container's loopback is not the machine's
    files = sorted({value for value in emulator.values() if os.path.isfile(value)})
    variables = {**emulator, **contract(task, "/gcs" if task["bucket_root"] else None)}
    name = "jobdir-{}-{}-{}".format(task["job"], task["replica"], os.getpid())
    argv = container_command(task, variables, re.sub(r"[^\w.-]", "-", name), files)
    program = Program(argv, argv, lambda _: {**outside(os.environ), **variables})
    program.clean_up = [task["container"]["runtime"], "rm", "--force", argv[argv.index("--name") + 1]]
    return program


def launch(task: Task, program: Program, stdout: Lines, stderr: Lines) -> Child:
    """Starts the program, with the buckets at /gcs if it asks for them and the kernel allows it."""

    def mounted() -> Mapping[str, str]:
        mount_gcs(task["bucket_root"], task["cwd"])
        return program.environment("/gcs")

    if program.wants_mount:
        try:
            return Child(Spawn(program.argv, task["cwd"], mounted), stdout, stderr)
        except StartError:
            pass  # in a process that is gone: start afresh, the trainer finds the buckets by GCS_ROOT
    return Child(Spawn(program.argv, task["cwd"], lambda: program.environment(task["bucket_root"])), stdout, stderr)


def watch(child: Child, orders: Orders, log: Log, memory: Memory | Note) -> int:
    """Attends to a child until nothing of it is left; returns its status as `waitpid` has it."""
    try:
        status = attend(child, orders, log, memory)
    except BaseException:
        child.kill()
        raise
    finally:
        child.clear()
        child.drain()
    return status


def attend(child: Child, orders: Orders, log: Log, memory: Memory | Note) -> int:
    while child.status is None:
        child.read(orders.wait(child.outputs, patience(child, orders, memory)))
        child.expire_lines()
        memory.look()
        if memory.exceeded:
            child.kill()
        child.obey(orders.stop_at)
        child.reap()
        log.write()
    return child.status


def patience(child: Child, orders: Orders, memory: Memory | Note) -> float:
    """Seconds until something is due even if nothing happens."""
    now = time.monotonic()
    due = [memory.next_look, *(lines.due for lines in child.outputs.values() if lines.due is not None)]
    if orders.stop_at is not None:
        due.append(max(orders.stop_at, now + 0.02))
    return max(0.0, min(due) - now)


def run(task: Task, orders: Orders, log: Log) -> dict[str, Any]:
    """The whole life of the replica; returns its exit record."""
    record: dict[str, Any] = {
        "replica": task["replica"],
        "restart": task["restart"],
        "started": timestamp(time.time_ns()),
    }
    record.update(exit_code=None, signal=None, cause=None, message="", traceback="", peak_memory_bytes=0, cpu_s=0.0)
    try:
        orders.tell({"event": "preparing"})
        task = {**task, "referred": referred(task.get("env_from") or {}, os.environ)}
        program = prepare(task, log, orders)
        keep_environment(task, program)
        record.update(run_program(task, program, orders, log))
    except StoppedError:
        record.update(cause="terminated", message="{} was ended before it ran.".format(task["replica"]))
    except (EnvironmentFailedError, StartError) as problem:
        record.update(failed_environment(problem, log))
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be told: nobody else saw it
        import traceback

        failure = EnvironmentFailedError(f"the launcher failed: {error!r}", traceback.format_exc())
        record.update(failed_environment(failure, log))
    record["ended"] = timestamp(time.time_ns())
    record["metrics"] = last_numbers(task["metric_file"])
    log.write()
    if log.lost:
        record["message"] += f" {log.lost} log entries could not be written."
    return record


def last_numbers(path: str | None) -> dict[str, float]:
    """By their names, those of a file as `cloudml-hypertune` writes it: lines of JSON with numbers as text. What is not
    finite cannot be compared."""
    found: dict[str, float] = {}
    with contextlib.suppress(OSError), open(path or os.devnull, encoding="utf-8", errors="replace") as file:
        for line in file:
            found.update(numbers_in(line))
    return found


def numbers_in(line: str) -> Iterator[tuple[str, float]]:
    try:
        entry = json.loads(line)
    except ValueError:
        return
    for name, value in entry.items() if isinstance(entry, dict) else ():
        with contextlib.suppress(TypeError, ValueError):
            number = float(value)
            if math.isfinite(number):
                yield name, number


def keep_environment(task: Task, program: Program) -> None:
    """Beside the exit record, for whoever asks what the job ran with; a full disk is no reason to end it."""
    path = os.path.join(os.path.dirname(task["record"]), task["replica"] + ".environment.json")
    with contextlib.suppress(OSError):
        write_json(path, {"python": sys.version.split()[0], "packages": sorted(program.frozen)})


def failed_environment(problem: Exception, log: Log) -> dict[str, Any]:
    tail = Tail()
    message, output = str(problem), ""
    if isinstance(problem, EnvironmentFailedError):
        output = problem.output
    else:
        message = "the program cannot be started: " + message
    log.add("ERROR", message)
    for piece in pieces(output) if output else ():
        log.add("ERROR", piece, "stderr")
        tail.add(piece)
    return {"cause": "environment", "message": message, "traceback": str(tail)}


def run_program(task: Task, program: Program, orders: Orders, log: Log) -> dict[str, Any]:
    tail = Tail()

    def from_stdout(severity: str, text: str, fields: Fields | None) -> None:
        log.add(severity, text, "stdout", fields)
        if HEADER in text:
            tail.add(text)

    def from_stderr(severity: str, text: str, fields: Fields | None) -> None:
        log.add(severity, text, "stderr", fields)
        tail.add(text)

    orders.check()
    log.add("INFO", "Running command: " + " ".join(without_secrets(program.shown)))
    log.write()
    started = timestamp(time.time_ns())
    memory = Memory(task["memory_limit_bytes"])
    child = launch(task, program, Lines("INFO", from_stdout), Lines("ERROR", from_stderr))
    orders.tell({"event": "running", "pid": child.pid, "pgid": child.pid})
    status = watch(child, orders, log, memory)
    if program.clean_up and os.WIFSIGNALED(status):
        run_quietly(program.clean_up)
    result = verdict(task, status, told=child.told, memory=memory)
    log_end(log, program, status, result)
    return {
        **result,
        "started": started,
        "traceback": str(tail) if result["cause"] else "",
        "peak_memory_bytes": max(memory.peak, child.peak_bytes),
        "cpu_s": round(child.cpu_s, 3),
        "environment": program.frozen,
    }


def run_quietly(argv: Sequence[str]) -> None:
    quiet = [(os.POSIX_SPAWN_OPEN, file, os.devnull, os.O_RDWR, 0) for file in (0, 1, 2)]
    os.waitpid(os.posix_spawn(argv[0], list(argv), os.environ, file_actions=quiet), 0)


NO_CONTAINER = (
    "its container could not be started. Docker or Podman must be running on this machine, and able to pull the image."
)


def verdict(task: Task, status: int, *, told: bool, memory: Memory) -> dict[str, Any]:
    """Exit code, signal, cause and a sentence, in the service's words."""
    replica = "The replica " + task["replica"]
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    code = os.WEXITSTATUS(status) if number is None else 128 + number
    cause: str | None
    if (memory.exceeded and code) or (number == signal.SIGKILL and not told and memory.kernel_killed()):
        cause, message = "out of memory", f"{replica} ran out of memory and exited with a non-zero status of {code}."
        if memory.exceeded and memory.limit:
            message += f" It used {memory.peak >> 20} MiB of {memory.limit >> 20} MiB."
    elif told:
        cause, message = "terminated", f"{replica} was told to end and exited with status {code}."
    elif number is not None:
        cause, message = "signal", f"{replica} was ended by {signal_name(number)}."
    elif code == 125 and task["container"]:  # docker's and podman's own failures, not the program's
        return {"exit_code": None, "signal": None, "cause": "environment", "message": NO_CONTAINER}
    elif code:
        cause, message = "exit code", f"{replica} exited with a non-zero status of {code}."
    else:
        cause, message = None, "Task completed successfully."
    return {"exit_code": code, "signal": number, "cause": cause, "message": message}


def signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def log_end(log: Log, program: Program, status: int, result: Mapping[str, Any]) -> None:
    """The service's own last lines."""
    if result["cause"] == "exit code":
        shown = without_secrets(program.shown)
        log.add("ERROR", "Command '{}' returned non-zero exit status {}.".format(shown, result["exit_code"]))
    elif result["cause"]:
        log.add("WARNING" if result["cause"] == "terminated" else "ERROR", result["message"])
    if result["exit_code"] is None:  # it never ran
        return
    log.add("INFO", "Module completed; cleaning up.")
    log.add("INFO", "Clean up finished.")
    if status == 0:
        log.add("INFO", "Task completed successfully.")


def main(arguments: Sequence[str]) -> int:
    """`TASK.json [--control FD]`; returns the trainer's exit code, 125 if it could not be run."""
    with open(arguments[0], encoding="utf-8") as file:
        task = json.load(file)
    control = int(arguments[2]) if arguments[1:2] == ["--control"] else None
    os.environ["JOBDIR_TASK"] = os.path.abspath(arguments[0])
    orders = Orders(control, task["grace_s"])
    adopt_orphans()
    record = run(task, orders, Log(task))
    try:
        write_json(task["record"], record)
    except OSError as error:  # a full disk; who listens on the control channel knows the record all the same
        sys.stderr.write(f"the exit record cannot be written: {error}\n")
    finally:
        orders.tell({"event": "ended", **record})
    if record["exit_code"] is None:
        return 128 + signal.SIGTERM if record["cause"] == "terminated" else 125
    return int(record["exit_code"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
