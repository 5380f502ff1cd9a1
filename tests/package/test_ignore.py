"""Ignore files that need no pathspec are read as pathspec reads them."""

from __future__ import annotations

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from submit.package.ignore import Names, Patterns, parse

LINES = st.lists(st.text("ab.*-/!# ", max_size=5), max_size=4)
PATHS = st.lists(st.text("ab.-", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join)


@settings(max_examples=1000, deadline=None)
@given(LINES, PATHS, st.sampled_from(["", "/"]))
@example(["build/", "*.pyc"], "a/build/x", "")
@example(["build/"], "build", "")
@example(["*"], "a", "/")
@example(["a", "!a"], "a", "")
def test_every_ignore_file_is_read_as_git_reads_it(lines: list[str], path: str, end: str) -> None:
    try:
        expected = GitIgnoreSpec.from_lines(lines).check_file(path + end).include
    except ValueError:
        assume(False)
    assert parse("\n".join(lines).encode()).verdict(path + end) == expected


def test_a_line_that_is_no_pattern_is_passed_over_as_by_git() -> None:
    patterns = parse(b"!\n/a\n//\n")
    assert [patterns.verdict(path) for path in ("a", "b")] == [True, None]


def test_names_need_no_pathspec() -> None:
    assert isinstance(parse(b"# caches\n\n.venv/\n__pycache__/\n*.egg-info/\n.coverage\n"), Names)


def test_everything_else_does() -> None:
    for line in ("!a", "/a", "a/b", "a?", "[ab]", "a\\ ", "a ", "**", ".", "\u00fc"):
        assert isinstance(parse(line.encode()), Patterns), line
