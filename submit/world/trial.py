"""The door to a trainer's trial: its entry point runs in a child process until its arguments are judged."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from submit.package.archive import Member
from submit.world import child, files, tree

_CHILD = Path(__file__).parent.parent / "preflight" / "child.py"


def run(
    sites: Sequence[Mapping[str, Member]],
    module: str,
    argv: Sequence[str],
    *,
    run: bool,
    timeout_s: float,
    own: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The child's report, with its `output`; verdict `timeout` or `died` if it left none.

    `sites` are the files of each package as installed. `run=False` only imports the module. `own`: modules that are
    not installed are stood in for, unless they belong to these top-level packages.
    """
    with tempfile.TemporaryDirectory(prefix="submit-preflight-", ignore_cleanup_errors=True) as temporary:
        root = Path(temporary).resolve()
        folders = [root / "site" / str(number) for number in range(len(sites))]
        for folder, members in zip(folders, sites, strict=True):
            tree.write(folder, members)
        (root / "work").mkdir()
        spec = {"report": str(root / "report"), "sites": [str(folder) for folder in folders]}
        stand_ins = {"stand_ins": own is not None, "tops": list(own or ())}
        (root / "spec").write_text(json.dumps({**spec, **stand_ins, "module": module, "args": list(argv), "run": run}))
        command = [sys.executable, "-P", str(_CHILD), str(root / "spec")]
        ended = child.run(command, cwd=root / "work", env=_environment(root), timeout_s=timeout_s)
        return {**_report(root / "report", ended.code), "output": ended.output.replace(f"{root}/", "")}


def _report(file: Path, code: int | None) -> dict[str, Any]:
    written = files.read_if_there(file)
    if written is not None:
        report: dict[str, Any] = json.loads(written)
        return report
    return {"verdict": "timeout"} if code is None else {"verdict": "died", "code": code}


def _environment(root: Path) -> dict[str, str]:
    """What jobs find set and trainers take defaults from: https://cloud.google.com/vertex-ai/docs/training/code-requirements"""
    folders = {"AIP_MODEL_DIR": "model", "AIP_CHECKPOINT_DIR": "checkpoints", "AIP_TENSORBOARD_LOG_DIR": "logs"}
    return {
        **{name: str(root / "work" / folder) for name, folder in folders.items()},
        "CLUSTER_SPEC": json.dumps(
            {"cluster": {"workerpool0": ["localhost:2222"]}, "task": {"type": "workerpool0", "index": 0}}
        ),
        "CLOUD_ML_JOB_ID": "preflight",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
