"""The life that every backend puts a job through; for tests of backends, ours and those of other packages.

A test module of yours inherits the tests and says where they run:

    from submit.testing.conformance import Conformance
    from submit.testing.site import Site

    @pytest.fixture(scope="module")
    def site(tmp_path_factory):
        return Site.of("mybackend", tmp_path_factory.mktemp("site"), environ={...}, staging_bucket="gs://b")

    class TestMyBackend(Conformance):
        pass

Jobs really run. What a backend says that it cannot do (`capabilities`) has to be refused, with its own reason.
For readable failures, call `pytest.register_assert_rewrite("submit.testing.conformance")` in your `conftest.py`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from submit.backends import Feature, Refused
from submit.errors import ErrorKind, ServiceError, UsageError
from submit.job import Cause, Handle, LogEntry, State
from submit.steps import Call, Command, Step, preview
from submit.testing.site import AWAKE, Site

LINES = 40

_NOTHING = "pass"
_COUNT = f"""
import time
for number in range({LINES}):
    print("line", number, flush=True)
    if number % 10 == 9:
        time.sleep(0.1)
"""
_FAIL = """
import sys, traceback
try:
    raise ValueError("the trainer's own words")
except ValueError:
    traceback.print_exc()
    sys.exit(3)
"""
_SLEEP = f"import time; print('{AWAKE}', flush=True); time.sleep(600)"
_ARGV = "import json, sys; print('argv', json.dumps(sys.argv[2:]), flush=True)"
_CLUSTER = "import os; print('cluster', os.environ['TF_CONFIG'], flush=True)"
_MEASURE = """
import json, os, sys
rate = float(sys.argv[sys.argv.index("--rate") + 1])
line = {"trial": os.environ["CLOUD_ML_TRIAL_ID"], "accuracy": str(rate), "global_step": "1"}
with open(os.environ["CLOUD_ML_HP_METRIC_FILE"], "w") as file:
    print(json.dumps(line), file=file)
"""
_DISTRIBUTED = """
trainingInput:
  scaleTier: CUSTOM
  masterType: n1-standard-4
  workerType: n1-standard-4
  workerCount: 2
"""
_TUNING = """
trainingInput:
  scaleTier: BASIC
  hyperparameters:
    goal: MAXIMIZE
    hyperparameterMetricTag: accuracy
    maxTrials: 2
    maxParallelTrials: 2
    algorithm: RANDOM_SEARCH
    params: [{parameterName: rate, type: DOUBLE, minValue: 0.25, maxValue: 0.75}]
"""
ELEMENTS = 100
_ELEMENT = """
import os, sys
number = os.environ["CLOUD_ML_TRIAL_ID"]
print("element", number, "writes to", sys.argv[-1], flush=True)
sys.exit(3 if number == "7" else 0)
"""
_SILENCE = "trainingInput: {scaleTier: BASIC}\nsubmit: {max_silence: 3s}\n"
_TIMEOUT = "trainingInput: {scaleTier: BASIC, scheduling: {maxRunningTime: 2s}}\n"


def messages(entries: Sequence[LogEntry], start: str | tuple[str, ...]) -> list[str]:
    """What the trainer said of its own, which starts so."""
    return [entry.message for entry in entries if entry.replica != "service" and entry.message.startswith(start)]


def array(site: Site, size: int) -> str:
    """A config; the elements are as small as they can be."""
    cpus = ", cpus: 1" if "cpus" in site.backend.options else ""
    return f"submit: {{{site.target.backend}: {{array: {size}{cpus}}}}}\n"


def element(handle: Handle, number: int) -> Handle:
    return Handle(handle.backend, f"{handle.path}.{number}")


@contextmanager
def refused(kind: ErrorKind, words: str = "") -> Iterator[None]:
    """A `ServiceError` of that kind, which has something to say."""
    with pytest.raises(ServiceError) as caught:
        yield
    assert caught.value.kind is kind
    assert words in str(caught.value).strip()


@contextmanager
def asleep(site: Site, handle: Handle) -> Iterator[Handle]:
    """A job that does nothing for long; it does not outlive a test that fails."""
    try:
        yield handle
    finally:
        site.cancel(handle)


class Conformance:
    """Inherit from it in a module that has a fixture `site`, of module or session scope."""

    def test_a_trainer_that_ends_well_is_a_job_that_succeeded(self, site: Site) -> None:
        status = site.status(site.ended(_COUNT))
        assert (status.state, status.cause) == (State.SUCCEEDED, None)
        assert status.created is not None
        assert status.started is not None
        assert status.ended is not None
        assert status.created <= status.started <= status.ended

    def test_a_handle_survives_as_text(self, site: Site) -> None:
        done = site.ended(_COUNT)
        parsed = Handle.parse(str(done), default_backend="another")
        assert parsed == done
        assert site.status(parsed).handle == done

    def test_every_line_of_the_trainer_is_logged_once_and_in_order(self, site: Site) -> None:
        entries = site.log(site.ended(_COUNT))
        assert messages(entries, "line ") == [f"line {number}" for number in range(LINES)]
        assert len({entry.insert_id for entry in entries}) == len(entries)

    def test_a_log_goes_on_from_any_cursor_without_gap_or_repeat(self, site: Site) -> None:
        """Each look is a new process, while the job writes."""
        handle = site.submit(_COUNT)
        entries: list[LogEntry] = []
        cursors = [""]
        ended = False
        while not ended:
            page = site.page(handle, cursors[-1], 0.05)
            assert not {e.insert_id for e in page.entries} & {e.insert_id for e in entries}, "the log repeats itself"
            entries += page.entries
            cursors.append(str(page.cursor))
            ended = page.ended
        in_order = sorted(entries, key=lambda entry: entry.timestamp)  # pages may say that older ones follow
        assert messages(in_order, "line ") == [f"line {number}" for number in range(LINES)]
        middle = cursors[len(cursors) // 2]
        rest = site.log(handle, middle)
        behind = entries[len(entries) - len(rest) :]  # in the order in which they arrived, not in that of their times
        assert {e.insert_id for e in rest} == {e.insert_id for e in behind}

    def test_several_jobs_are_described_by_fewer_questions_than_one_each(self, site: Site) -> None:
        handles = [site.ended(source) for source in (_COUNT, _FAIL, _NOTHING)]
        asked: list[Step] = []
        found = site.describe(handles, asked.append)
        assert [found[h].state for h in handles] == [State.SUCCEEDED, State.FAILED, State.SUCCEEDED]
        assert len(asked) < 3

    def test_jobs_are_listed_newest_first(self, site: Site) -> None:
        older = site.submit(_NOTHING)
        time.sleep(0.01)  # times of creation are the order
        newer = site.submit(_NOTHING)
        listed = site.listed()
        assert listed.index(newer) < listed.index(older)
        assert site.listed(limit=1) == [newer]

    def test_an_exit_code_is_the_cause_and_the_traceback_is_kept(self, site: Site) -> None:
        status = site.status(site.ended(_FAIL))
        assert (status.state, status.cause, status.exit_code) == (State.FAILED, Cause.EXIT_CODE, 3)
        assert "3" in status.message
        assert status.traceback.splitlines()[-1] == "ValueError: the trainer's own words"

    def test_a_module_that_is_not_there_fails_the_job(self, site: Site) -> None:
        handle = site.submit("", module="trainer.nowhere")
        status = site.end(handle)
        assert (status.state, status.cause) == (State.FAILED, Cause.EXIT_CODE)
        assert any("trainer.nowhere" in entry.message for entry in site.log(handle))

    def test_a_job_that_runs_too_long_is_ended(self, site: Site) -> None:
        status = site.end(site.submit(_SLEEP, config=_TIMEOUT))
        assert (status.state, status.cause) == (State.FAILED, Cause.TIMEOUT)

    def test_a_job_that_writes_nothing_is_ended(self, site: Site) -> None:
        if refusal := site.refusal(Feature.MAX_SILENCE):
            self._is_refused(site, refusal, _SILENCE)
            return
        status = site.end(site.submit(_SLEEP, config=_SILENCE))
        assert (status.state, status.cause) == (State.FAILED, Cause.TIMEOUT)
        assert "wrote nothing for 3 s" in status.message

    def test_a_job_is_cancelled_before_it_runs(self, site: Site) -> None:
        handle = site.submit(_SLEEP)
        site.cancel(handle)
        status = site.end(handle)
        assert (status.state, status.cause) == (State.CANCELLED, Cause.CANCELLED)

    def test_a_running_job_is_not_deleted_but_cancelled_once_and_again(self, site: Site) -> None:
        with asleep(site, site.submit(_SLEEP)) as handle:
            site.awaken(handle)
            assert site.status(handle).state is State.RUNNING
            with refused(ErrorKind.INVALID):
                site.delete(handle)
            assert site.status(handle).state is State.RUNNING
            site.cancel(handle)
            site.cancel(handle)
            assert site.end(handle).state is State.CANCELLED
        assert site.status(handle).state is State.CANCELLED

    def test_a_job_that_has_ended_is_forgotten_when_it_is_deleted(self, site: Site) -> None:
        handle = site.submit(_NOTHING)
        site.end(handle)
        refusal = site.refusal(Feature.DELETION)
        if refusal:
            with refused(ErrorKind.INVALID, refusal.reason):
                site.delete(handle)
            assert handle in site.listed()
            return
        site.delete(handle)
        assert handle not in site.listed()
        with refused(ErrorKind.NOT_FOUND):
            site.status(handle)

    def test_a_job_that_never_was_is_not_found(self, site: Site) -> None:
        done = site.ended(_COUNT)
        unknown = Handle(done.backend, f"{done.path}0")
        verbs: list[Callable[[Handle], object]] = [site.status, site.cancel, site.log]
        verbs += [] if site.refusal(Feature.DELETION) else [site.delete]
        for verb in verbs:
            with refused(ErrorKind.NOT_FOUND):
                verb(unknown)

    def test_async_gives_the_handle_while_the_job_runs(self, site: Site) -> None:
        said = site.submit_by_command("--async", source=_SLEEP).strip()
        with asleep(site, Handle.parse(said, default_backend="another")) as handle:
            assert handle.backend == site.target.backend
            site.awaken(handle)
            assert site.status(handle).state is State.RUNNING
        assert site.end(handle).state is State.CANCELLED

    def test_a_dry_run_shows_the_steps_that_are_taken(self, site: Site) -> None:
        site.ended(_NOTHING)  # what is made once, such as a bucket, is there
        prepared = site.prepared(_NOTHING)
        shown, _ = preview(prepared.backend.submit(prepared.spec, prepared.target))
        listed = site.listed()
        taken: list[Step] = []
        assert site.create(prepared, taken.append) not in listed
        assert taken == shown

    def test_a_job_whose_answer_was_lost_is_found_by_its_submission(self, site: Site) -> None:
        prepared = site.prepared(_NOTHING)
        taken: list[Step] = []
        handle = site.create(prepared, taken.append)
        (place,) = [step.creates for step in taken if isinstance(step, Call | Command) and step.creates]
        assert site.found(prepared.spec.submission_id, place) == handle
        assert site.found("0" * 32, place) is None

    def test_the_job_dir_reaches_the_trainer(self, site: Site) -> None:
        handle = site.submit(_ARGV)
        (argv,) = messages(site.log(handle), "argv ")
        job_dir = site.status(handle).job_dir
        assert job_dir is not None
        assert job_dir.startswith(site.job_dir)
        assert json.loads(argv.removeprefix("argv ")) == ["--job-dir", job_dir]

    def test_replicas_know_each_other(self, site: Site) -> None:
        if refusal := site.refusal(Feature.DISTRIBUTED):
            self._is_refused(site, refusal, _DISTRIBUTED)
            return
        handle = site.submit(_CLUSTER, config=_DISTRIBUTED)
        entries = site.log(handle)
        assert site.status(handle).state is State.SUCCEEDED
        clusters = [json.loads(text.removeprefix("cluster ")) for text in messages(entries, "cluster ")]
        chief = "chief" if "chief" in clusters[0]["cluster"] else "master"
        assert {(c["task"]["type"], c["task"]["index"]) for c in clusters} >= {(chief, 0)}
        assert all(len(c["cluster"][chief]) == 1 and len(c["cluster"]["worker"]) == 2 for c in clusters)
        assert len({json.dumps(cluster["task"]) for cluster in clusters}) == len(clusters)

    def test_trials_are_run_and_measured(self, site: Site) -> None:
        if refusal := site.refusal(Feature.TUNING):
            self._is_refused(site, refusal, _TUNING)
            return
        status = site.end(site.submit(_MEASURE, config=_TUNING))
        assert status.state is State.SUCCEEDED
        assert [trial["state"] for trial in status.trials] == ["SUCCEEDED", "SUCCEEDED"]
        for trial in status.trials:
            parameters, metrics = trial["parameters"], trial["metrics"]
            assert isinstance(parameters, dict)
            assert isinstance(metrics, dict)
            assert float(str(parameters["rate"])) == pytest.approx(float(str(metrics["accuracy"])))

    def test_a_hundred_elements_of_an_array_are_one_job_and_each_is_known(self, site: Site) -> None:
        """The seventh fails."""
        if "array" not in site.backend.options:
            with pytest.raises(UsageError, match=f"array|`{site.target.backend}` is not a key"):
                site.prepared("", config=array(site, ELEMENTS))
            return
        taken: list[Step] = []
        handle = site.create(site.prepared(_ELEMENT, config=array(site, ELEMENTS)), taken.append)
        assert len([step for step in taken if isinstance(step, Call | Command) and step.creates]) == 1
        entries = site.log(handle)
        status = site.status(handle)
        assert (status.state, status.cause, status.exit_code) == (State.FAILED, Cause.EXIT_CODE, 3)
        assert f"{ELEMENTS} elements: 1 failed (7), {ELEMENTS - 1} succeeded" in status.message
        assert [trial["id"] for trial in status.trials] == [str(number) for number in range(1, ELEMENTS + 1)]
        assert [trial["exit_code"] for trial in status.trials if trial["state"] != "SUCCEEDED"] == [3]
        said = {entry.trial: entry.message for entry in entries if entry.message.startswith("element ")}
        wanted = {str(n): f"element {n} writes to {status.job_dir}/{n}" for n in range(1, ELEMENTS + 1)}
        assert said == wanted
        assert len(messages(entries, "element ")) == ELEMENTS
        self._elements_are_known_alone(site, handle)

    def _elements_are_known_alone(self, site: Site, handle: Handle) -> None:
        bad, good, none = (element(handle, number) for number in (7, 8, ELEMENTS + 1))
        asked: list[Step] = []
        found = site.describe([handle, bad, good], asked.append)
        assert [found[each].exit_code for each in (handle, bad, good)] == [3, 3, 0]
        assert len(asked) < 3
        assert (found[good].state, found[good].handle) == (State.SUCCEEDED, good)
        assert {entry.trial for entry in site.log(good)} == {"8"}
        assert messages(site.log(good), "element ") == [f"element 8 writes to {found[good].job_dir}"]
        assert [each for each in site.listed() if each.path.startswith(handle.path)] == [handle]
        with refused(ErrorKind.INVALID, "an element of an array"):
            site.delete(good)
        with refused(ErrorKind.NOT_FOUND):
            site.status(none)

    def test_an_element_is_cancelled_alone_and_then_the_whole_array(self, site: Site) -> None:
        if "array" not in site.backend.options:
            pytest.skip("it has no arrays")
        with asleep(site, site.submit(_SLEEP, config=array(site, 3))) as handle:
            elements = [element(handle, number) for number in (1, 2, 3)]
            for each in elements:
                site.awaken(each)
            site.cancel(elements[1])
            assert site.end(elements[1]).state is State.CANCELLED
            found = site.describe([handle, *elements])
            states = [found[each].state for each in (handle, *elements)]
            assert states == [State.RUNNING, State.RUNNING, State.CANCELLED, State.RUNNING]
            site.cancel(handle)
            status = site.end(handle)
            assert (status.state, status.cause) == (State.CANCELLED, Cause.CANCELLED)
            assert [trial["state"] for trial in status.trials] == ["CANCELLED"] * 3

    def _is_refused(self, site: Site, refusal: Refused, config: str) -> None:
        with pytest.raises(UsageError, match=re.escape(refusal.reason)):
            site.prepared("", config=config)
