"""What the report of a trial means for the user. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from submit.errors import Place, Problem
from submit.suggest import nearest

Report: TypeAlias = dict[str, Any]

TIMEOUT = "timeout"

_DISTRIBUTIONS = {
    "absl": "absl-py",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "hypertune": "cloudml-hypertune",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Import names that are not the name of the distribution which brings them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What was tried: `tops` are the top-level packages that travel with the job, `args` the user's arguments."""

    module: str
    tops: frozenset[str]
    requirements: tuple[str, ...]
    args: tuple[str, ...]
    timeout_s: float


def judge(report: Report, tried: Tried) -> tuple[Problem, ...]:
    """Errors for what would surely fail in the job, warnings for what may be this machine's fault."""
    match report["verdict"]:
        case "rejected":
            return tuple(_rejected(report, tried))
        case "left over":
            return tuple(_left_over(report, tried))
        case "import":
            return (_import_failed(report, tried),)
        case "syntax":
            return (Problem(message=f"the trainer cannot be imported: {report['error']}", place=_place(report)),)
        case "raised" | "died":
            return (_raised(report),)
        case "unjudged" | "imported" if tried.args:
            return (_unjudged(report, tried),)
        case "timeout":
            return (_timed_out(tried),)
        case _:
            return ()


def lacks_a_requirement(report: Report, tried: Tried) -> bool:
    """Whether the trainer could not be imported here for want of something that the job will have."""
    return (
        report["verdict"] == "import"
        and report["error"].startswith("ModuleNotFoundError")
        and report["name"].partition(".")[0] not in tried.tops
        and _is_required(report["name"], tried)
    )


def holds_without_requirements(report: Report) -> bool:
    """Whether a trial in which modules were stood in for says something for certain: the arguments were taken, or one
    of them is not known. A value that was not taken may be one that the real module knows."""
    unknown = any(word.startswith("-") for word in report.get("extras", ()))
    return report["verdict"] == "accepted" or (report["verdict"] == "rejected" and unknown)


def _rejected(report: Report, tried: Tried) -> Iterable[Problem]:
    extras: list[str] = report.get("extras", [])
    others = [word for word in extras if not word.startswith("--job-dir")]
    unknown = [word for word in others if word.startswith("-")]
    message = report.get("message") or _last_error(report.get("output", ""))
    no_job_dir = len(others) < len(extras) or re.match(r"(?i)(no such option|unknown).*\bjob-dir\b", message)
    says = _trainers_words(report)
    if no_job_dir:
        yield Problem(
            message=f"`{tried.module}` does not accept `--job-dir`, which every job is given",
            hint=_job_dir_hint(report.get("options")),
        )
    for word in unknown:
        hint = _did_you_mean(word, report["options"])
        if word is unknown[-1]:  # once is enough
            hint = f"{hint} {says}".strip()
        yield Problem(message=f"`{tried.module}` does not accept the argument `{word}`", hint=hint)
    if not no_job_dir and not unknown:
        yield Problem(message=f"`{tried.module}` does not accept its arguments: {message}", hint=says)


def _left_over(report: Report, tried: Tried) -> Iterable[Problem]:
    unknown = [word for word in report["extras"] if word.startswith("-") and not word.startswith("--job-dir")]
    for word in unknown:
        yield Problem(
            message=f"`{tried.module}` does not know the argument `{word}` and may ignore it (`parse_known_args`)",
            hint=_did_you_mean(word, report["options"]),
            severity="warning",
        )


def _import_failed(report: Report, tried: Tried) -> Problem:
    name = report["name"]
    top = name.partition(".")[0]
    if not top or top in tried.tops:
        return Problem(message=f"the trainer cannot be imported: {report['error']}", place=_place(report))
    distribution = _distribution(name)
    if not report["error"].startswith("ModuleNotFoundError"):
        return Problem(
            message=f"the trainer cannot be imported here: {report['error']}",
            place=_place(report),
            hint=f"Is the version of `{distribution}` on this machine the one that the job will have?",
            severity="warning",
        )
    if _is_required(name, tried):
        message = f"`{name}` is not installed on this machine, so the trainer's arguments could not be checked"
        hint = f"Install it here with `pip install {distribution}`, or skip the check with `--no-preflight`."
    else:
        message = f"`{name}` is imported, but is neither installed on this machine nor in the package's requirements"
        hint = f"Unless the job's image has it, the job fails: add `{distribution}` to the requirements."
    return Problem(message=message, place=_place(report), hint=hint, severity="warning")


def _is_required(name: str, tried: Tried) -> bool:
    names = {_normal(_distribution(name)), _normal(name.partition(".")[0])}
    return bool(names & {_normal(requirement) for requirement in tried.requirements})


def _raised(report: Report) -> Problem:
    what = report.get("error") or f"it ended with exit code {report.get('code')}"
    return Problem(
        message=f"the trainer failed before it parsed its arguments: {what}",
        place=_place(report),
        hint="If only this machine is to blame, ignore this, or skip the check with `--no-preflight`.",
        severity="warning",
    )


def _unjudged(report: Report, tried: Tried) -> Problem:
    why = "python-fire calls the trainer while it parses" if report.get("parser") == "fire" else "no parser is known"
    return Problem(message=f"the arguments of `{tried.module}` cannot be judged: {why}", severity="warning")


def _timed_out(tried: Tried) -> Problem:
    return Problem(
        message=f"`{tried.module}` did not parse its arguments within {tried.timeout_s:g} s",
        hint="Parse arguments before any other work, or skip the check with `--no-preflight`.",
        severity="warning",
    )


def _job_dir_hint(options: Sequence[str] | None) -> str:
    if options is None:  # not argparse's
        return "Give the trainer an option `--job-dir`, and write what shall outlive the job there."
    if "--job_dir" in options:
        return "The trainer has `--job_dir`: name it `--job-dir`; in the code it stays `args.job_dir`."
    return 'Add `parser.add_argument("--job-dir")` to the trainer, and write what shall outlive the job there.'


def _did_you_mean(word: str, options: Sequence[str]) -> str:
    close = nearest(word.partition("=")[0].lstrip("-"), [option.lstrip("-") for option in options])
    return f"Did you mean `--{close}`?" if close else ""


def _trainers_words(report: Report) -> str:
    text = report.get("usage") or report.get("output", "")
    return f"The trainer says:\n{text.strip()[-2000:]}" if text.strip() else ""


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [at for at, line in enumerate(lines) if re.match(r"(?i)(.*\b)?error\b", line)]
    at = errors[-1] if errors else len(lines) - 1
    if errors and lines[at].endswith(":") and at + 1 < len(lines):
        at += 1  # absl tells the reason in the line below
    return re.sub(r"^.*?\b(?i:error): ", "", lines[at]) if lines else "no reason was given"


def _place(report: Report) -> Place | None:
    return Place(file=report["file"], line=report["line"]) if report.get("file") else None


def _distribution(module: str) -> str:
    if module.startswith("google.cloud."):
        return "-".join(module.split(".")[:3])
    top = module.partition(".")[0]
    return _DISTRIBUTIONS.get(top, top)


def _normal(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]*", requirement)
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else ""
