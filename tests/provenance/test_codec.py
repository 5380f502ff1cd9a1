from __future__ import annotations

import json
from dataclasses import replace

import pytest

from submit.job import JobSpec, Target
from submit.provenance.codec import decode, encode
from tests.backends.examples import CONFIGS, TARGET, example


@pytest.mark.parametrize("name", CONFIGS)
def test_every_job_comes_back_as_it_was(name: str) -> None:
    spec = replace(example(name), packages=())
    assert decode(JobSpec, json.loads(json.dumps(encode(spec)))) == spec


def test_a_target_comes_back_as_it_was() -> None:
    target = replace(TARGET, endpoints={"a": "b"})
    assert decode(Target, json.loads(json.dumps(encode(target)))) == target


def test_what_is_of_another_version_is_an_error() -> None:
    with pytest.raises(KeyError):
        decode(Target, {"kind": "Target", "planet": "mars"})
