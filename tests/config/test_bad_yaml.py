"""Every way in which a config is known to be wrong, with the very words that a person reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.config.said import said

GOLDEN = Path(__file__).with_name("wrong_configs.txt")


def golden() -> dict[str, tuple[str, str]]:
    """Name of the case → the config, and what is said about it."""
    cases = {}
    for block in GOLDEN.read_text().split("\n== ")[1:]:
        name, rest = block.split("\n", 1)
        text, expected = re.split(r"^--\n", rest, maxsplit=1, flags=re.MULTILINE)
        cases[name] = text.replace("<tab>", "\t").replace("<bell>", "\a"), expected.strip("\n")
    return cases


WRONG = golden()


@pytest.mark.parametrize("case", WRONG)
def test_it_says_what_is_wrong_with(case: str) -> None:
    text, expected = WRONG[case]
    assert "\n".join(line.replace(" | ", "\n      ") for line in said(text)) == expected


def test_none_of_the_known_cases_is_missing() -> None:
    assert len(WRONG) == 50


def test_a_file_in_latin_1_is_told_by_its_byte() -> None:
    text = "trainingInput:\n  jobDir: gs://b/café\n".encode("latin-1")
    assert said(text) == ["2:21: byte 0xe9 is not UTF-8 | Save the file as UTF-8."]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_told_so(encoding: str) -> None:
    assert said("trainingInput: {}\n".encode(encoding)) == [
        "1: the file is UTF-16, not UTF-8 | Save it again as UTF-8."
    ]


def test_a_byte_order_mark_of_utf_8_is_no_matter() -> None:
    assert said(b"\xef\xbb\xbftrainingInput: {scaleTier: BASIC}\n") == []


def test_ten_megabytes_are_refused() -> None:
    assert said(b"# a comment\n" * 900_000) == [
        "1: the file has 10,800,000 bytes; a config has at most 1,048,576 | Is this the right file?"
    ]


def test_a_billion_laughs_end_at_twenty_thousand() -> None:
    lines = ["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    assert said("\n".join(lines)) == ["5:8: the file has more than 20,000 values, aliases written out"]


def test_a_hundred_thousand_brackets_are_refused_at_the_limit() -> None:
    (problem,) = said("a: " + "[" * 100_000)  # PyYAML's own limit, further on, may be met first
    assert problem.startswith("1:")
    assert problem.endswith(": this is nested more than 32 levels deep")


def test_all_problems_are_reported_together_in_the_order_of_the_file() -> None:
    text = """\
        trainingInput:
          scaleTier: CUSTOM
          masterType: n1-standard-8
          masterType: n1-standard-4
          masterConfig:
            acceleratorConfig: {type: NVIDIA_TESLA_T4, count: 3}
          runtimeVersion: 2.10
          workerCount: two
          regoin: us
        labels: {Team: vision}
        submit:
          retries: many
        """
    assert [line.partition(" ")[0] for line in said(text)] == [
        "4:3:",
        "6:48:",
        "7:19:",
        "8:3:",
        "8:16:",
        "9:3:",
        "10:10:",
        "12:12:",
    ]


def test_a_file_without_a_c_library_is_read_in_the_same_way() -> None:
    """The events that a tree is built from are those of PyYAML's own parser too, with the same marks."""
    for path in sorted((Path(__file__).parents[2] / "configs").glob("*.yaml")):
        text = path.read_text()
        c = [_shape(event) for event in yaml.parse(text, Loader=yaml.CSafeLoader)]
        assert c == [_shape(event) for event in yaml.parse(text, Loader=yaml.SafeLoader)]


def _shape(event: yaml.Event) -> tuple[object, ...]:
    mark = event.start_mark
    value = getattr(event, "value", None)
    return type(event), value, (mark.line, mark.column) if mark and value is not None else None
