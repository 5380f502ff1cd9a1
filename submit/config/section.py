"""What our own `submit:` section and the project's defaults add to a config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from submit import backends
from submit.config.values import mapping, number, part, parts, real, text
from submit.job import Config, Json, JsonObject, Retry, Scheduling

_RETRIED = ("preempted", "node_lost")
"""What a job with `retries` is started again after, unless `retry_on` says otherwise: causes that are not its own."""


def apply(config: Config, section: JsonObject) -> Config:
    return replace(
        config,
        scheduling=_scheduling(config.scheduling, section),
        backend=text(section, "backend"),
        region=text(section, "region") or config.region,
        job_dir=text(section, "job_dir") or config.job_dir,
        base_output_dir=text(section, "base_output_dir") or config.base_output_dir,
        labels={**config.labels, **mapping(section, "labels")},
        env={**config.env, **mapping(section, "env")},
        retry=_retry(section),
        fallbacks=tuple(parts(section, "fallbacks")),
        options={name: part(section, name) for name in backends.REGISTRY if name in section},
    )


def _scheduling(scheduling: Scheduling, section: JsonObject) -> Scheduling:
    timeout, cost = real(section, "timeout"), text(section, "max_cost")
    return replace(
        scheduling,
        timeout_s=scheduling.timeout_s if timeout is None else timeout,
        max_cost_usd=float(cost.lower().removesuffix("usd")) if cost else None,
        max_silence_s=real(section, "max_silence"),
        preempt_after_s=real(section, "preempt_after"),
    )


def _retry(section: JsonObject) -> Retry:
    wanted = cast("list[Json]", section.get("retry_on", []))
    codes = [
        code for item in wanted if isinstance(item, dict) for code in cast("list[int]", item.get("exit_codes", []))
    ]
    backoff = real(section, "backoff")
    limit = number(section, "retries") or 0
    causes = tuple(item for item in wanted if isinstance(item, str))
    return Retry(
        limit=limit,
        on=_RETRIED if limit and "retry_on" not in section else causes,
        exit_codes=tuple(codes),
        backoff_s=Retry().backoff_s if backoff is None else backoff,
    )


def apply_defaults(config: Config, defaults: Mapping[str, Json]) -> Config:
    """What `[tool.submit]` says wherever the config does not. Backend, region and project are `submit.target`'s."""
    given = dict(defaults)
    return replace(
        config,
        job_dir=config.job_dir or text(given, "job-dir"),
        labels={**mapping(given, "labels"), **config.labels},
        env={**mapping(given, "env"), **config.env},
        options={
            name: {**part(given, name), **config.options.get(name, {})}
            for name in backends.REGISTRY
            if name in given or name in config.options
        },
    )
