from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from submit.emulator.logs.narrowing import EARLIEST, LATEST, period, required, without_upper_bound
from submit.emulator.logs.predicate import predicate
from submit.emulator.logs.syntax import And, Comparison, Node, Not, Or, parse

JOB_ID = ("resource", "labels", "job_id")


def test_the_job_that_a_filter_asks_for() -> None:
    assert required(parse("resource.labels.job_id=7 severity=INFO"), JOB_ID) == frozenset({"7"})
    assert required(parse("resource.labels.job_id=7 OR resource.labels.job_id=8"), JOB_ID) == frozenset({"7", "8"})
    assert required(parse("resource.labels.job_id=(7 OR 8) resource.labels.job_id=8"), JOB_ID) == frozenset({"8"})
    assert required(parse("resource.labels.job_id=7 OR severity=INFO"), JOB_ID) is None
    assert required(parse("NOT resource.labels.job_id=7"), JOB_ID) is None
    assert required(parse("resource.labels.job_id:*"), JOB_ID) is None


def test_the_period_of_gclouds_filter() -> None:
    text = '((timestamp="2026-01-01" AND insertId>"B") OR timestamp>"2026-01-02") AND timestamp<"2026-01-03"'
    first, last = "2026-01-01T00:00:00.000000000Z", "2026-01-03T00:00:00.000000000Z"
    assert period(parse(text)) == (first, last)
    assert period(without_upper_bound(parse(text))) == (first, LATEST)
    assert period(parse("severity=INFO")) == (EARLIEST, LATEST)


TIMES = st.sampled_from([f"2026-01-0{day}" for day in range(1, 10)])
COMPARISONS = st.builds(Comparison, st.just(("timestamp",)), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), TIMES)
NODES: st.SearchStrategy[Node] = st.recursive(
    COMPARISONS,
    lambda nodes: (
        st.builds(Not, nodes)
        | st.lists(nodes, min_size=1, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(nodes, min_size=1, max_size=3).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=6,
)


@given(NODES, st.integers(1, 9))
def test_whatever_matches_is_in_the_period(node: Node, day: int) -> None:
    time = f"2026-01-0{day}T00:00:00.000000000Z"
    first, last = period(node)
    assert not predicate(node)({"timestamp": time}) or first <= time <= last
