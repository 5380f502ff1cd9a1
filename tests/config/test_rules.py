"""Rules over what a config means, whichever format it is written in."""

from __future__ import annotations

import pytest

from submit.job import Retry
from tests.config.said import errors, meant, said


def pool(spec: str, rest: str = "") -> str:
    return f"workerPoolSpecs:\n  - machineSpec: {{{spec}}}\n{rest}"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("machineType: g2-standard-8", ["machineType: `g2-standard-8` needs its accelerator named"]),
        (
            "machineType: a2-highgpu-1g, acceleratorType: NVIDIA_L4, acceleratorCount: 1",
            ["acceleratorType: `NVIDIA_L4` does not go with `a2-highgpu-1g`"],
        ),
        (
            "machineType: a2-highgpu-2g, acceleratorType: NVIDIA_TESLA_A100, acceleratorCount: 1",
            ["acceleratorCount: 1 is not possible with `a2-highgpu-2g`"],
        ),
        ("machineType: n1-standard-4, acceleratorType: ACCELERATOR_TYPE_UNSPECIFIED", []),
        ("machineType: n1-standard-4, tpuTopology: 2x2", ["tpuTopology: `n1-standard-4` is not a TPU machine"]),
        ("machineType: ct5lp-hightpu-4t", ["machineType: `ct5lp-hightpu-4t` needs a `tpuTopology`"]),
        ("machineType: ct5lp-hightpu-4t, tpuTopology: 4x4", []),
        (
            "machineType: ct5lp-hightpu-4t, tpuTopology: 3x3",
            ["tpuTopology: `3x3` is not possible with `ct5lp-hightpu-4t`"],
        ),
        (
            "machineType: ct6e-standard-1t, tpuTopology: 1x1, acceleratorType: TPU_V3, acceleratorCount: 8",
            ["acceleratorType: `ct6e-standard-1t` is a TPU already"],
        ),
        ("machineType: cloud-tpu, acceleratorType: TPU_V2, acceleratorCount: 8", []),
        (
            "machineType: cloud-tpu, acceleratorType: TPU_V2, acceleratorCount: 9",
            ["acceleratorCount: 9 is not possible with `cloud-tpu`"],
        ),
        ("machineType: n1-standard-8, acceleratorCount: 0", []),
    ],
)
def test_machines_and_accelerators_go_together(spec: str, expected: list[str]) -> None:
    assert errors(pool(spec)) == [f"workerPoolSpecs[0].machineSpec.{line}" for line in expected]


def test_a_tpu_has_no_pools_beside_it() -> None:
    text = pool("machineType: ct5lp-hightpu-1t, tpuTopology: 1x1", "  - machineSpec: {machineType: n1-standard-4}\n")
    assert errors(text) == ["workerPoolSpecs[0]: a TPU job has one pool only"]


@pytest.mark.parametrize(
    ("spec", "scheduling", "expected"),
    [
        ("machineType: n1-standard-4", "maxWaitDuration: 60s", ["maxWaitDuration: only FLEX_START waits"]),
        (
            "machineType: n1-standard-4",
            "strategy: FLEX_START",
            ["FLEX_START does not hand out `n1-standard-4`"],
        ),
        (
            "machineType: g2-standard-4, acceleratorType: NVIDIA_L4, acceleratorCount: 1",
            "strategy: FLEX_START, maxWaitDuration: 0s, timeout: 604800s",
            [],
        ),
        (
            "machineType: g2-standard-4, acceleratorType: NVIDIA_L4, acceleratorCount: 1",
            "strategy: FLEX_START, timeout: 604801s",
            ["timeout: FLEX_START runs a job for seven days at most"],
        ),
    ],
)
def test_only_flex_start_waits(spec: str, scheduling: str, expected: list[str]) -> None:
    found = errors(pool(spec, f"scheduling: {{{scheduling}}}\n"))
    assert [line.rpartition("scheduling.")[2].partition("machineType: ")[2] or line for line in found] == [
        line if not line.startswith(("maxWait", "timeout")) else f"scheduling.{line}" for line in expected
    ]


def test_flex_start_takes_one_kind_of_machine() -> None:
    second = "  - machineSpec: {machineType: g2-standard-8, acceleratorType: NVIDIA_L4, acceleratorCount: 1}\n"
    text = pool(
        "machineType: g2-standard-4, acceleratorType: NVIDIA_L4, acceleratorCount: 1",
        f"{second}scheduling: {{strategy: FLEX_START}}\n",
    )
    message = "FLEX_START needs the same machine in every pool; the first is `g2-standard-4`"
    assert errors(text) == [f"workerPoolSpecs[1].machineSpec.machineType: {message}"]


def test_our_section_adds_what_the_formats_cannot_say() -> None:
    text = """\
        trainingInput: {}
        submit:
          backend: local
          region: us-east1
          env: {LEVEL: debug}
          labels: {team: vision}
          job_dir: gs://bucket/out
          base_output_dir: out
          timeout: 90m
          retries: 3
          retry_on: [preempted, {exit_codes: [137, 143]}]
          backoff: 1.5m
          fallbacks:
            - {region: us-west1}
            - {machine_type: g2-standard-8, accelerator_type: NVIDIA_L4, accelerator_count: 1, strategy: SPOT}
          local: {memory: 2GiB, grace: 5}
        """
    found = meant(text)
    assert (found.backend, found.region, found.env) == ("local", "us-east1", {"LEVEL": "debug"})
    assert (found.labels, found.job_dir, found.base_output_dir) == ({"team": "vision"}, "gs://bucket/out", "out")
    assert found.scheduling.timeout_s == 5400.0
    assert found.retry == Retry(limit=3, on=("preempted",), exit_codes=(137, 143), backoff_s=90.0)
    assert found.fallbacks == (
        {"region": "us-west1"},
        {
            "machineType": "g2-standard-8",
            "acceleratorType": "NVIDIA_L4",
            "acceleratorCount": 1,
            "strategy": "SPOT",
        },
    )
    assert found.options == {"local": {"memory": "2GiB", "grace": 5.0}}


def test_retries_are_for_losses_that_are_not_the_jobs_own() -> None:
    assert meant("submit: {retries: 2}").retry == Retry(limit=2, on=("preempted", "node_lost"))


def test_mistakes_in_our_section_are_told_like_any_other() -> None:
    text = """\
        submit:
          timout: 2h
          timeout: soon
          retry_on: [preempted, lost, {exit_codes: [0]}]
          local: {memory: much, gracé: 3s}
          env: {2B: x}
          job_dir: s3://bucket/out
        """
    variables = "It has letters, digits and `_`, no digit first, and 100 characters at most."
    assert said(text) == [
        "2:3: submit.timout: `timout` is not a key of `submit` | Did you mean `timeout`?",
        "3:12: submit.timeout: `soon` is not a duration | Write it like 90s, 15m, 2h or 7d.",
        "4:3: submit.retry_on: means nothing without `retries` | Write `retries: 3` beside it.",
        "4:25: submit.retry_on[1]: `lost` is not a retry_on | Did you mean `node_lost`?",
        "4:45: submit.retry_on[2].exit_codes[0]: 0 is out of range; it is between 1 and 255",
        "5:19: submit.local.memory: `much` is not a size | Write it like 512MiB or 2GiB.",
        "5:25: submit.local.gracé: `gracé` is not a key of `submit.local` | Did you mean `grace`?",
        f"6:9: submit.env.2B: `2B` cannot be an environment variable | {variables}",
        "7:12: submit.job_dir: `s3://bucket/out` is not a folder, like `gs://bucket/folder` or a path",
    ]


def test_a_clusters_environment_is_one_that_it_can_have() -> None:
    text = """\
        submit:
          slurm:
            python: python3.11
            environment: {venv: /envs/torch, modulez: [gcc/12]}
          gridengine:
            environment:
              venv: envs/torch
              image: /i.sif
              modules: [gcc 12]
            venv: /x
        """
    alone = "Remove it, or name the interpreter alone, without `venv`."
    typo = "submit.slurm.environment.modulez: `modulez`"
    keep = "Keep one of them; `python` names an interpreter within the image."
    assert said(text) == [
        f"3:5: submit.slurm.python: the interpreter is that of `environment.venv` | {alone}",
        f"4:38: {typo} is not a key of `submit.slurm.environment` | Did you mean `modules`?",
        "7:13: submit.gridengine.environment.venv: `envs/torch` is not an absolute path, or one below `~/`",
        f"8:7: submit.gridengine.environment.image: an image has an environment of its own beside `venv` | {keep}",
        "9:17: submit.gridengine.environment.modules[0]: `gcc 12` is not the name of a module like `python/3.11`",
        "10:5: venv: `venv` belongs under `submit.gridengine.environment`",
    ]


def test_what_the_site_has_is_an_option_of_the_cluster() -> None:
    found = meant("submit: {slurm: {environment: {modules: [python/3.11, cuda/12], image: ~/torch.sif}}}")
    assert found.options == {"slurm": {"environment": {"modules": ["python/3.11", "cuda/12"], "image": "~/torch.sif"}}}


def test_what_both_sections_can_say_stands_in_one() -> None:
    text = """\
        trainingInput:
          region: us-central1
          jobDir: gs://bucket/a
          scheduling: {maxRunningTime: 60s}
        submit:
          region: us-east1
          job_dir: gs://bucket/b
          timeout: 60s
        """
    assert errors(text) == [
        "submit.region: `trainingInput.region` in line 2 says this already",
        "submit.job_dir: `trainingInput.jobDir` in line 3 says this already",
        "submit.timeout: `trainingInput.scheduling.maxRunningTime` in line 4 says this already",
    ]


def test_what_a_section_says_is_not_changed_by_the_other_formats_key() -> None:
    text = "trainingInput: {scaleTier: BASIC}\nsubmit: {region: us-east1}\n"
    assert errors(text, "trainingInput.region=us-central1") == [
        "submit.region: `--set trainingInput.region=us-central1` says this already"
    ]
    assert meant(text, "submit.region=us-central1").region == "us-central1"


def test_fallbacks_are_judged_as_the_job_would_be() -> None:
    text = """\
        trainingInput: {scaleTier: BASIC_GPU}
        submit:
          fallbacks:
            - {region: mars-1}
            - {machineType: g2-standard-8}
            - {region: us-central1, acceleratorCount: 3}
            - {region: europe-north1, machineType: n1-standard-4}
        """
    assert errors(text) == [
        "submit.fallbacks[0].region: `mars-1` is not a region of Vertex AI",
        "submit.fallbacks[1].machineType: `g2-standard-8` needs its accelerator named",
        "submit.fallbacks[2].acceleratorCount: 3 is not possible with `n1-standard-8`",
    ]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("{team-1: vision_2, größe: klein, empty: ''}", []),
        ("{Team: a}", ["labels.Team: `Team` cannot be the key of a label"]),
        ("{1st: a}", ["labels.1st: `1st` cannot be the key of a label"]),
        ("{a: B c}", ["labels.a: `B c` cannot be the value of a label"]),
        (f"{{a: {'x' * 65}}}", [f"labels.a: `{'x' * 57}...` cannot be the value of a label"]),
        (
            f"{{{', '.join(f'k{i}: v' for i in range(65))}}}",
            ["labels: has 65 entries; 64 are possible"],
        ),
    ],
)
def test_labels_have_their_rules(labels: str, expected: list[str]) -> None:
    assert errors(f"trainingInput: {{}}\nlabels: {labels}\n") == expected


def test_the_value_of_a_label_is_put_right_in_the_hint() -> None:
    (line,) = said("trainingInput: {}\nlabels: {owner: Ann Lee}\n")
    assert line.partition(" | ")[2] == 'Write "ann-lee": lower-case letters, digits, `_` and `-`.'


def test_arguments_have_a_length_in_all() -> None:
    fits, too_long = ["a" * 50_000] * 2, ["a" * 50_000, "b" * 50_001]
    assert errors(f"trainingInput: {{args: {fits}}}") == []
    assert errors(f"trainingInput: {{args: {too_long}}}") == [
        "trainingInput.args: has 100,001 characters in all; 100,000 are possible"
    ]


def test_there_are_a_hundred_packages_at_most() -> None:
    uris = [f"gs://bucket/{number}.tar.gz" for number in range(101)]
    assert errors(f"trainingInput: {{packageUris: {uris}}}") == [
        "trainingInput.packageUris: has 101 entries; 100 are possible"
    ]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("packageUris", "[trainer.tar.gz]", "[0]: `trainer.tar.gz` is not in Cloud Storage, like `gs://bucket/folder`"),
        ("network", "default", ": `default` is not like `projects/NUMBER/global/networks/NAME`"),
        ("serviceAccount", "me", ": `me` is not an e-mail address"),
        ("jobDir", "gs://b", ": `gs://b` is not a folder, like `gs://bucket/folder` or a path"),
        ("region", "''", ": has no value"),
    ],
)
def test_texts_have_their_form(key: str, value: str, message: str) -> None:
    assert errors(f"trainingInput: {{{key}: {value}}}") == [f"trainingInput.{key}{message}"]
