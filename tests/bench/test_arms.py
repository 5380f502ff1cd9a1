from __future__ import annotations

from collections.abc import Callable

from bench.arms import Arm, Measured, Sample, alternate, ratio
from bench.processes import BrokenError
from bench.programs import AbsentError


def test_arms_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def arm(name: str) -> Arm:
        def once() -> Sample:
            order.append(name)
            return {"wall_s": float(len(order))}

        return Arm(name, lambda: once)

    a, b = alternate([arm("a"), arm("b")], runs=2)

    assert order == ["a", "b"] * 3
    assert [sample["wall_s"] for sample in a.samples] == [3.0, 5.0]
    assert [sample["wall_s"] for sample in b.samples] == [4.0, 6.0]


def test_a_program_that_is_not_installed_is_named_and_the_others_go_on() -> None:
    def absent() -> Callable[[], Sample]:
        raise AbsentError("gcloud is not on PATH")

    gcloud, ours = alternate([Arm("gcloud", absent), Arm("ours", lambda: lambda: {"wall_s": 1.0})], runs=3)

    assert gcloud == Measured("gcloud", missing="gcloud is not on PATH")
    assert len(ours.samples) == 3


def test_a_program_that_breaks_is_not_measured_any_further() -> None:
    def once() -> Sample:
        raise BrokenError("exit code 3")

    (arm,) = alternate([Arm("ours", lambda: once)], runs=3)

    assert arm == Measured("ours", missing="exit code 3", broken=True)


def test_a_ratio_is_of_medians() -> None:
    ours = Measured("ours", ({"wall_s": 1.0}, {"wall_s": 2.0}, {"wall_s": 90.0}))
    theirs = Measured("theirs", ({"wall_s": 4.0},))

    assert ratio(ours, theirs, "wall_s") == 0.5
    assert ratio(ours, Measured("absent"), "wall_s") is None
    assert ratio(ours, theirs, "cpu_s") is None
