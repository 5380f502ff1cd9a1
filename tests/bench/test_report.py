from __future__ import annotations

from bench.arms import Measured
from bench.report import Limit, timings


def test_a_limit_says_whether_it_was_met() -> None:
    assert str(Limit("start ≤ 0.10 s", 0.1, 0.1)) == "start ≤ 0.10 s: 0.100  met"
    assert str(Limit("start ≤ 0.10 s", 0.101, 0.1)) == "start ≤ 0.10 s: 0.101  MISSED"
    assert str(Limit("start ≤ 0.10 s", None, 0.1)) == "start ≤ 0.10 s: not measured"


def test_a_table_shows_medians_ratios_and_what_was_left_out() -> None:
    ours = Measured("submit", ({"wall_s": 0.02, "cpu_s": 0.01}, {"wall_s": 0.03, "cpu_s": 0.02}))
    theirs = Measured("gcloud", ({"wall_s": 0.1, "cpu_s": None},))
    absent = Measured("torchx", missing="not installed")

    assert str(timings("start", [ours, theirs, absent], [])) == "\n".join(
        [
            "start",
            "            median     least      CPU  submit ÷ it",
            "  submit   25.0 ms   20.0 ms  15.0 ms",
            "  gcloud  100.0 ms  100.0 ms        –         0.25",
            "  torchx  left out: not installed",
        ]
    )
