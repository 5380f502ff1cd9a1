"""What the simulated cloud has to give. Pure.

    {"quotas": {"us-central1": {"custom_model_training_nvidia_t4_gpus": 4}},
     "stockOuts": {"us-central1": {"NVIDIA_H100_80GB": "fail"}},
     "preemptAfter": 30, "realistic": 1, "retiredAccelerators": "accept"}

Region `*` is every region. A stock-out is `fail` (the job is taken, and fails) or `refuse`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from submit import catalogue
from submit.emulator.capacity.metrics import metric_named
from submit.suggest import nearest

ANYWHERE = "*"
OUTCOMES = ("fail", "refuse")
KEYS = ("quotas", "stockOuts", "preemptAfter", "realistic", "retiredAccelerators")


class SettingsError(ValueError):
    """The lines say everything that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`realistic`: how long provisioning takes, as a multiple of the service's own time; 0 is no waiting."""

    quotas: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    stock_outs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    preempt_after_s: float | None = None
    realistic: float = 0.0
    refuses_retired: bool = False

    def quota(self, region: str, metric: str) -> int | None:
        """The limit; None if there is none."""
        return self.quotas.get(region, {}).get(metric, self.quotas.get(ANYWHERE, {}).get(metric))

    def stock_out(self, region: str, resource: str) -> str | None:
        return self.stock_outs.get(region, {}).get(resource, self.stock_outs.get(ANYWHERE, {}).get(resource))

    def to_json(self) -> dict[str, Any]:
        return {**self.kept(), "realistic": self.realistic, "retiredAccelerators": _RETIRED[self.refuses_retired]}

    def kept(self) -> dict[str, Any]:
        """What outlives the emulator's process; the rest is said at each start."""
        quotas = {region: dict(limits) for region, limits in self.quotas.items()}
        stock_outs = {region: dict(outs) for region, outs in self.stock_outs.items()}
        return {"quotas": quotas, "stockOuts": stock_outs, "preemptAfter": self.preempt_after_s}

    def changed(self, change: Any) -> Settings:
        """With what the change names, as a JSON merge patch: null takes away. Raises SettingsError."""
        if not isinstance(change, Mapping):
            raise SettingsError("the capacity is a JSON object")
        wrong = list(_wrong(change))
        if wrong:
            raise SettingsError("\n".join(wrong))
        new = self
        if "quotas" in change:
            new = replace(new, quotas=_merged(self.quotas, _by_metric(change["quotas"])))
        if "stockOuts" in change:
            new = replace(new, stock_outs=_merged(self.stock_outs, change["stockOuts"]))
        if "preemptAfter" in change:
            new = replace(new, preempt_after_s=change["preemptAfter"])
        if "realistic" in change:
            new = replace(new, realistic=float(change["realistic"] or 0))
        if "retiredAccelerators" in change:
            new = replace(new, refuses_retired=change["retiredAccelerators"] == "refuse")
        return new


_RETIRED = ("accept", "refuse")


def _by_metric(regions: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if regions is None:
        return None
    return {
        region: limits and {metric_named(word): limit for word, limit in limits.items()}
        for region, limits in regions.items()
    }


def _merged(old: Mapping[str, Any], change: Mapping[str, Any] | None) -> dict[str, Any]:
    if change is None:
        return {}
    regions = {**old, **{region: {**old.get(region, {}), **values} for region, values in change.items() if values}}
    gone = [region for region, values in change.items() if values is None]
    cleaned = {
        region: {key: value for key, value in values.items() if value is not None}
        for region, values in regions.items()
        if region not in gone
    }
    return {region: values for region, values in cleaned.items() if values}


def _wrong(change: Mapping[str, Any]) -> Iterator[str]:
    for key in change:
        if key not in KEYS:
            yield f"`{key}` is not a key of the capacity: {', '.join(KEYS)}"
    yield from _wrong_regions(change)
    for region, word, limit in _entries(change, "quotas"):
        if metric_named(word) is None:
            yield f"quotas.{region}: `{word}` is neither an accelerator nor a quota; e.g. `cpus`, `NVIDIA_TESLA_T4`"
        if limit is not None and not _is_number(limit, int):
            yield f"quotas.{region}.{word}: `{limit}` is not a whole number from 0 on"
    for region, word, outcome in _entries(change, "stockOuts"):
        if word not in catalogue.accelerator_names() and catalogue.machine(word) is None:
            yield f"stockOuts.{region}: `{word}` is neither an accelerator nor a machine type"
        if outcome is not None and outcome not in OUTCOMES:
            yield f"stockOuts.{region}.{word}: `{outcome}` is not possible: {', '.join(OUTCOMES)}"
    yield from _wrong_values(change)


def _wrong_values(change: Mapping[str, Any]) -> Iterator[str]:
    for key in ("quotas", "stockOuts"):
        if change.get(key) is not None and not _is_nested(change[key]):
            yield f"{key}: it is not `{{region: {{name: value}}}}`"
    for key in ("preemptAfter", "realistic"):
        if change.get(key) is not None and not _is_number(change[key], int | float):
            yield f"{key}: `{change[key]}` is not a number from 0 on"
    if change.get("retiredAccelerators", "accept") not in _RETIRED:
        yield f"retiredAccelerators: `{change['retiredAccelerators']}` is not possible: {', '.join(_RETIRED)}"


def _wrong_regions(change: Mapping[str, Any]) -> Iterator[str]:
    named = dict.fromkeys(str(region) for key in ("quotas", "stockOuts") for region, *_ in _entries(change, key))
    for region in named:
        if region != ANYWHERE and region not in catalogue.regions():
            near = nearest(region, catalogue.regions())
            yield f"`{region}` is not a region{f'; did you mean `{near}`?' if near else ''}"


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping) and all(inner is None or isinstance(inner, Mapping) for inner in value.values())


def _entries(change: Mapping[str, Any], key: str) -> Iterator[tuple[str, str, Any]]:
    regions = change.get(key)
    if isinstance(regions, Mapping):
        for region, values in regions.items():
            if isinstance(values, Mapping):
                yield from ((region, word, value) for word, value in values.items())


def _is_number(value: object, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and value >= 0
