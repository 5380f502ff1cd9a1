"""How a benchmark reads a follower, with real programs as followers."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from bench.__main__ import _meant
from bench.followed import Followed, follow
from bench.processes import BrokenError


def followed(source: str, folder: Path, **more: object) -> Followed:
    argv = [sys.executable, "-I", "-u", "-c", source]
    return follow(argv, env={}, cwd=folder, timeout_s=30, **more)  # type: ignore[arg-type]


def test_every_stamped_line_is_counted_with_its_delay(tmp_path: Path) -> None:
    source = "import time\nfor n in range(50): print('INFO', 'stamp', n, time.time_ns() - 10**9)"
    seen = followed(source, tmp_path)
    assert (seen.lines, seen.repeated, len(seen.latencies_s)) == (50, 0, 50)
    assert all(latency >= 1 for latency in seen.latencies_s)
    assert min(seen.latencies_s) <= (seen.quantile_s(50) or 0) <= (seen.quantile_s(95) or 0) <= max(seen.latencies_s)
    assert seen.rss_bytes > 1_000_000


def test_repeated_lines_are_counted_and_cut_ones_are_lost(tmp_path: Path) -> None:
    source = "import time\nfor n in (1, 2, 2): print('stamp', n, time.time_ns())\nprint('stamp 3 17')\nprint('stamp')"
    seen = followed(source, tmp_path)
    assert (seen.lines, seen.repeated) == (2, 1)


def test_the_last_line_may_have_no_end(tmp_path: Path) -> None:
    assert followed("import time; print('stamp 1', time.time_ns(), end='')", tmp_path).lines == 1


def test_something_is_done_once_a_text_was_shown(tmp_path: Path) -> None:
    source = "import pathlib, time\nprint('await', 'ed')\nwhile not pathlib.Path('go').exists(): time.sleep(0.01)"
    followed(source, tmp_path, when_shown=(b"await ed", (tmp_path / "go").touch))
    assert (tmp_path / "go").exists()


def test_a_follower_that_fails_is_broken_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(BrokenError, match="exit code 3\nno such job"):
        followed("import sys; print('no such job'); sys.exit(3)", tmp_path)


def test_a_follower_that_does_not_end_is_ended(tmp_path: Path) -> None:
    begin = time.monotonic()
    argv = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(BrokenError, match="not done after 0 s"):
        follow(argv, env={}, cwd=tmp_path, timeout_s=0.2)
    assert time.monotonic() - begin < 300


def test_a_name_stands_for_all_that_begin_with_it() -> None:
    assert _meant(["logs"]) == ["logs-steady", "logs-bursts", "logs-late", "logs-replay"]
    assert _meant(["emulator", "job"]) == ["emulator", "job"]
    assert not {"install", "logs-steady"} & set(_meant([]))
