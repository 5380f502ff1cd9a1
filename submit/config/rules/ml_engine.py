"""ML Engine's own rules: scale tiers and their machines, runtime versions and their Pythons.

https://cloud.google.com/ai-platform/training/docs/reference/rest/v1/projects.jobs#traininginput
"""

from __future__ import annotations

from collections.abc import Iterator

from submit import catalogue
from submit.config.draft import Draft
from submit.config.ml_engine import INPUT, ROLE_KEYS
from submit.errors import Problem
from submit.job import Container

_CUSTOM_ONLY = tuple(key for keys in ROLE_KEYS for key in (keys.machine, keys.count) if key) + tuple(
    f"{keys.config}.acceleratorConfig" for keys in ROLE_KEYS
)


def tier(draft: Draft) -> Iterator[Problem]:
    """Machines are named with the tier CUSTOM, and only then."""
    if draft.vertex or draft.broken(f"{INPUT}.scaleTier"):
        return
    if draft.custom_tier:
        if f"{INPUT}.masterType" not in draft.marks:
            hint = "Name the master's machine, e.g. `masterType: n1-standard-8`."
            yield draft.error(f"{INPUT}.scaleTier", "`CUSTOM` needs a `masterType`", hint)
        return
    for key in _CUSTOM_ONLY:
        if f"{INPUT}.{key}" in draft.marks:
            yield draft.error(
                f"{INPUT}.{key}",
                "is for `scaleTier: CUSTOM` only",
                "Write `scaleTier: CUSTOM`, or remove it.",
            )


def counts(draft: Draft) -> Iterator[Problem]:
    """Machines in a role need a type and a count."""
    for keys in ROLE_KEYS[1:] if draft.custom_tier else ():
        has = {key: f"{INPUT}.{key}" in draft.marks for key in (keys.machine, keys.count or "", keys.config)}
        if has[keys.machine] and not has[keys.count or ""]:
            yield draft.error(f"{INPUT}.{keys.machine}", f"needs a `{keys.count}`", f"Write `{keys.count}: 1`.")
        elif has[keys.count or ""] and not has[keys.machine]:
            yield draft.error(
                f"{INPUT}.{keys.count}", f"needs a `{keys.machine}`", f"Write e.g. `{keys.machine}: n1-standard-8`."
            )
        elif has[keys.config] and not has[keys.machine]:
            message = f"belongs to machines that are not there: `{keys.machine}` is missing"
            yield draft.error(f"{INPUT}.{keys.config}", message)


def accelerators_in_names(draft: Draft) -> Iterator[Problem]:
    """`standard_gpu` says its accelerator itself; only a TPU's may be chosen."""
    for keys in ROLE_KEYS:
        path = f"{INPUT}.{keys.config}.acceleratorConfig"
        for pool in draft.config.pools:
            name = pool.machine.written_as
            if pool.role is keys.role and name not in (None, "cloud_tpu") and path in draft.marks and draft.custom_tier:
                hint = f"Use `{pool.machine.machine_type}` to choose the accelerator."
                yield draft.error(path, f"cannot be combined with ML Engine's `{name}`", hint)


def runtime(draft: Draft) -> Iterator[Problem]:
    version, python = draft.config.runtime_version, draft.config.python_version
    if version is None:
        return
    path = f"{INPUT}.runtimeVersion"
    pythons = catalogue.runtime_pythons(version)
    if not pythons:
        yield draft.error(path, f"`{version}` is not a runtime version", 'They look like "2.11".')
    elif python is not None and python not in pythons:
        message = f"`{python}` does not go with runtime version `{version}`"
        yield draft.error(f"{INPUT}.pythonVersion", message, f"It has {' and '.join(f'`{p}`' for p in pythons)}.")
    if draft.config.pools and all(isinstance(pool.program, Container) for pool in draft.config.pools):
        yield draft.warning(path, "is not used: the job runs the image of `imageUri`")


RULES = (tier, counts, accelerators_in_names, runtime)
