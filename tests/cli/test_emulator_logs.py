"""`submit emulator logs` with an emulator that runs."""

from __future__ import annotations

import pytest

from tests.project import Project


def test_settings_are_changed_shown_and_taken_back(project: Project) -> None:
    assert project.submit("emulator", "start").code == 0
    logs = ("emulator", "logs", "--format", "json")
    before = project.submit(*logs).json
    changed = project.submit(*logs, "--late", "5%", "--late-by", "30", "--list-quota", "60", "--refuse-tail").json
    assert changed == before | {
        "late_share": 0.05,
        "late_by_s": 30.0,
        "list_quota_per_minute": 60,
        "tail_refused": True,
    }
    assert project.submit(*logs, "--reset", "--tail-buffer", "10").json == before | {"tail_buffer": 10}
    assert "tail_buffer            10\n" in project.submit("emulator", "logs").out
    assert project.submit(*logs, "--allow-tail", "--reset").json == before
    project.submit("emulator", "stop")


@pytest.mark.parametrize("share", ["105%", "5 percent", "-1", "nan%"])
def test_a_share_that_is_none_is_refused(project: Project, share: str) -> None:
    done = project.submit("emulator", "logs", f"--late={share}")
    assert done.code == 2
    assert "is not a share such as 5% or 0.05" in done.err
