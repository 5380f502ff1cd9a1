"""A log in Cloud Logging: each entry once, whatever the service does meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submit.backends import cloud_logging
from submit.backends.cloud_cursor import Cursor
from submit.backends.cloud_entries import entry_of, identity_of, times_of
from submit.errors import ServiceError
from submit.job import JsonObject
from submit.logs.seen import Seen
from tests.backends.cloud_log import CloudLog, entry, last_words, moment

LINES = [entry(f"line {n}", n) for n in range(1, 30)]


def names(log: CloudLog) -> list[str]:
    return [line.message for line in log.shown()]


EXPECTED = [f"line {n}" for n in range(1, 30)] + ["Job completed successfully."]


def so_far(log: CloudLog) -> None:
    page = log.page("", 0.0)
    while page.more:
        page = log.page(page.cursor, 0.0)


def test_a_finished_job_is_read_to_its_last_words_and_asked_for_no_more() -> None:
    log = CloudLog([*LINES, last_words(30)], 30, page_size=10)
    log.now = 5000.0
    assert names(log) == EXPECTED
    assert (log.count("entries.list"), log.count("entries.tail"), log.count("pause")) == (3, 0, 0)


def test_lines_of_a_running_job_come_when_they_arrive_and_it_ends_with_the_job() -> None:
    log = CloudLog([*LINES, last_words(30)], 30)
    assert names(log) == EXPECTED
    assert log.now < 31
    assert log.count("entries.list") < 10


def test_last_words_before_the_state_changes_are_not_the_end() -> None:
    log = CloudLog([*LINES, last_words(30)], 31)
    assert names(log) == EXPECTED
    assert 31 < log.now < 32


def test_a_job_without_last_words_ends_when_its_log_is_silent() -> None:
    log = CloudLog(LINES, 30)
    assert names(log) == EXPECTED[:-1]
    assert 40 < log.now < 45


def test_what_came_late_before_is_waited_for_at_the_end() -> None:
    late = [entry("early", 5, 14), entry("end", 29, 36)]
    log = CloudLog([*LINES, *late, last_words(30)], 30)
    notes = {page.note for page in CloudLog([*LINES, *late, last_words(30)], 30).pages()}
    assert "the job has ended; its log may not be complete yet" in notes
    shown = log.shown()
    assert sorted(line.message for line in shown) == sorted([*EXPECTED, "early", "end"])
    assert [line.message for line in shown if line.late] == ["early", "end"]
    assert log.now < 45


def test_a_tail_that_is_not_permitted_is_replaced_by_lists_within_the_quota() -> None:
    log = CloudLog([entry(f"line {n}", n * 20) for n in range(1, 30)] + [last_words(600)], 600, ["403", "403"] * 500)
    assert names(log) == EXPECTED
    for begin in range(0, 600, 10):
        calls = [at for at, method in log.calls if method == "entries.list" and begin <= at < begin + 60]
        assert len(calls) <= 60


def test_a_used_up_quota_delays_lines_and_loses_none() -> None:
    assert names(CloudLog([*LINES, last_words(30)], 30, ["429", "", "429", "429"])) == EXPECTED


def test_a_connection_that_is_cut_again_and_again_loses_no_line() -> None:
    log = CloudLog([*LINES, last_words(30)], 30, ["", "", "", "503"] * 200)
    assert names(log) == EXPECTED


def test_a_service_that_does_not_answer_for_a_while_is_waited_for_and_that_is_told() -> None:
    log = CloudLog([*LINES, last_words(30)], 30, ["", *["503"] * 12])
    pages = list(log.pages())
    assert log.messages(pages) == EXPECTED
    assert "HTTP 503; trying again" in {page.note for page in pages}


def test_a_service_that_never_answered_is_told() -> None:
    with pytest.raises(ServiceError, match="503"):
        CloudLog(LINES, 30, ["503"]).page("", 1.0)


@pytest.mark.parametrize(("trouble", "least_s", "most_s"), [("429", 60, 90), ("503", 0, 1)])
def test_who_asks_what_there_is_now_waits_for_the_quota_alone(trouble: str, least_s: float, most_s: float) -> None:
    log = CloudLog(LINES, 1000, ["", *[trouble] * 1000], page_size=10)
    log.now = 100.0
    with pytest.raises(ServiceError, match=trouble):
        so_far(log)
    assert least_s < log.now - 100 < most_s


def test_what_is_refused_is_told() -> None:
    log = CloudLog(LINES, 30, ["404"])
    with pytest.raises(ServiceError, match="404"):
        log.page("", 1.0)


@pytest.mark.parametrize(("lags_s", "hold_s"), [((0, 0), 0.05), ((0.5, 0.625), 0.175), ((0.1, 3), 0.2)])
def test_entries_of_a_tail_wait_for_older_ones_as_far_as_those_may_come(
    lags_s: tuple[float, float], hold_s: float
) -> None:
    """The second is of another replica, whose agent or clock is slower."""
    lags = {name: (lag_s, lag_s) for name, lag_s in zip(("a", "b"), lags_s, strict=True)}
    place = Cursor(lags=lags, session="1", age_s=5.0, began=moment(1), seen=Seen())
    assert place.hold_s == pytest.approx(hold_s)
    assert replace(place, gap=True).hold_s == 0.2


def test_a_page_token_that_has_become_invalid_begins_the_list_anew() -> None:
    log = CloudLog([*LINES, last_words(30)], 30, ["", "400"], page_size=10)
    log.now = 100.0
    pages = list(log.pages())
    assert len(pages[0].entries) == 10
    assert log.messages(pages) == EXPECTED


def test_nothing_new_leaves_the_place_as_it_was() -> None:
    log = CloudLog(LINES, 1000)
    log.now = 100.0
    page = log.page("", 0.0)
    assert len(page.entries) == len(LINES)
    again = log.page(page.cursor, 0.0)
    assert (again.entries, again.cursor, again.more) == ([], page.cursor, False)


def test_a_log_can_be_read_from_a_time_on_without_what_was_before() -> None:
    log = CloudLog([*LINES, entry("late", 3, 25), last_words(30)], 30)
    log.now = 5000.0
    begin = cloud_logging.since(moment(20))
    assert sorted(log.messages(log.pages(begin))) == sorted(["late", *EXPECTED[19:]])
    assert log.count("entries.list") == 1


troubles = st.lists(st.sampled_from(["", "", "", "400", "429", "503", "403"]), max_size=40)
arrivals = st.lists(st.tuples(st.integers(0, 400), st.sampled_from([0, 0, 0, 1, 7, 30])), max_size=15)


@settings(deadline=None)
@given(arrivals, troubles, st.integers(2, 7), st.sets(st.integers(0, 15)), st.booleans())
def test_any_delays_losses_cuts_and_refusals_yield_each_entry_once(
    lines: list[tuple[int, int]], trouble: list[str], page_size: int, unheard: set[int], by_text: bool
) -> None:
    """Times are quarters of a second, so that equal ones are common."""
    lost = [f"n{n}" for n in unheard]
    entries = [entry(f"n{n}", tick / 4, tick / 4 + delay) for n, (tick, delay) in enumerate(lines)]
    end = max((tick / 4 + delay for tick, delay in lines), default=0.0) + 1
    log = CloudLog([*entries, last_words(end)], end, ["", *trouble], page_size=page_size, lost=lost, by_text=by_text)
    shown, newest = log.shown(), ""
    for line in shown:
        assert line.late == (line.timestamp < newest)
        newest = max(newest, line.timestamp)
    assert sorted(line.message for line in shown) == sorted([f"n{n}" for n in range(len(lines))] + [EXPECTED[-1]])


def test_what_is_remembered_is_bounded_by_time() -> None:
    cursor = Cursor(seen=Seen())
    for minute in range(200):
        cursor = replace(cursor, began=moment(minute * 60), known=moment(minute * 60))
        _, cursor = cursor.taken((entry(f"{minute}.{n}", minute * 60 + n / 10) for n in range(100)), by_list=True)
        cursor = cursor.listed()
    assert len(cursor.seen) <= 500
    assert len(str(cursor)) < 30_000


@pytest.mark.parametrize(
    ("payload", "message", "fields"),
    [
        ({"jsonPayload": {"message": "text", "levelname": "INFO", "loss": 0.5}}, "text", {"loss": 0.5}),
        ({"jsonPayload": {"message": 42}}, "42", {}),
        ({"jsonPayload": {"message": {"a": [1]}}}, '{"a": [1]}', {}),
        ({"jsonPayload": {"loss": 0.5}}, '{"loss": 0.5}', {"loss": 0.5}),
        ({"textPayload": "plain", "jsonPayload": None}, "plain", {}),
        ({"protoPayload": {"@type": "x"}, "jsonPayload": None}, "{}", {}),
    ],
)
def test_every_payload_has_a_message_and_keeps_its_fields(
    payload: JsonObject, message: str, fields: JsonObject
) -> None:
    found = entry_of({**entry("a", 1), **payload}, moment(1))
    assert (found.message, dict(found.fields)) == (message, fields)


def test_trials_and_the_task_names_of_older_jobs_are_found() -> None:
    old = entry("a", 1, resource={}, labels={"ml.googleapis.com/task_name": "ps-replica-0", "trial_id": "3"})
    found = entry_of(old, moment(1))
    assert (found.replica, found.trial) == ("ps-replica-0", "3")


def identity(item: JsonObject) -> str:
    return identity_of(item, times_of(item)[0])


def test_an_entry_is_the_same_however_its_time_is_written() -> None:
    written = {**entry("a", 1), "timestamp": "2026-11-21T12:00:01Z"}
    assert identity(entry("a", 1)) == identity(written)
    assert identity(entry("a", 1)) != identity({**written, "logName": "projects/p/logs/other"})
    without: JsonObject = {**written, "insertId": ""}
    assert identity(without) != identity({**without, "jsonPayload": {"message": "b"}})


def test_entries_without_ids_and_fractions_of_seconds_are_shown_once() -> None:
    bare = [{**item, "insertId": None, "timestamp": f"2026-11-21T12:00:{n:02}Z"} for n, item in enumerate(LINES, 1)]
    assert names(CloudLog([*bare, last_words(30)], 30, ["", "", "503"] * 50)) == EXPECTED


@pytest.mark.parametrize("skew_s", [-900, -5, 5, 900])
def test_a_machine_whose_clock_is_wrong_loses_no_line(skew_s: float) -> None:
    other = [
        entry(f"other {n}", 3600 + n + skew_s, 3600 + n + 0.1, logName="projects/p/logs/workerpool1-0")
        for n in range(1, 30)
    ]
    lines = [entry(f"line {n}", 3600 + n) for n in range(1, 30)]
    for troubles in ([], ["", "", "", "503"] * 50, ["403", "", "403", ""] * 50):
        log = CloudLog([*lines, *other, last_words(3630)], 3630, troubles)
        log.now = 3600.0
        assert sorted(names(log)) == sorted([*EXPECTED, *(f"other {n}" for n in range(1, 30))])


def test_a_machine_whose_clock_is_ahead_loses_no_line_of_a_long_log() -> None:
    ahead = [entry(f"ahead {n}", n + 900, n) for n in range(1, 300)]
    for troubles in ([], ["", "", "", "400"]):
        log = CloudLog([*steady(1, 300, 1), *ahead, last_words(300)], 300, troubles, page_size=100)
        log.now = 5000.0
        assert len(set(names(log))) == 2 * 299 + 1


@pytest.mark.parametrize("ahead_s", [-3600, -30, 30, 3600])
def test_the_clock_of_who_reads_may_be_wrong(ahead_s: float) -> None:
    """Nothing is there at first, and the tail loses something all the time; a check takes longer than a minute."""
    lost = [entry(f"lost {second}", 7200 + second) for second in range(20, 200)]
    ids, lines = [str(item["insertId"]) for item in lost], [*steady(7220, 7400, 1), *lost]
    log = CloudLog([*lines, last_words(7400)], 7400, page_size=5, list_s=1, lost=ids, ahead_s=ahead_s)
    log.now = 7200.0
    assert len(names(log)) == len(lines) + 1


@pytest.mark.parametrize("ahead_s", [-3600, -30, 30, 3600])
def test_the_end_is_the_same_by_any_clock_of_who_reads(ahead_s: float) -> None:
    late = [entry("early", 5, 14), entry("end", 29, 36)]
    log = CloudLog([*LINES, *late, last_words(30)], 30, ahead_s=ahead_s)
    assert sorted(names(log)) == sorted([*EXPECTED, "early", "end"])
    assert log.now < 45


def test_who_comes_after_the_end_waits_no_longer_because_his_clock_is_late() -> None:
    log = CloudLog(LINES, 30, ahead_s=-3600)
    log.now = 31.0
    assert names(log) == EXPECTED[:-1]
    assert 40 < log.now < 45


def test_a_job_may_be_silent_for_hours_where_there_is_no_tail() -> None:
    log = CloudLog([*LINES, last_words(18_000)], 18_000, ["403"] * 100_000)
    assert names(log) == EXPECTED


def test_a_clock_that_is_always_wrong_is_no_lateness_to_be_waited_for() -> None:
    skewed = [entry(f"line {n}", n - 8, n) for n in range(9, 30)]
    log = CloudLog([*skewed, last_words(30)], 30)
    assert names(log) == EXPECTED[8:]
    assert log.now < 31


def test_what_a_tail_leaves_out_is_listed() -> None:
    log = CloudLog([*LINES, *(entry(f"burst {n:02}", 10) for n in range(50)), last_words(30)], 30, tail_limit=5)
    delays = log.delays()
    assert sorted(delays) == sorted([*EXPECTED, *(f"burst {n:02}" for n in range(50))])
    assert max(delays.values()) < 1


def test_behind_a_proxy_that_keeps_tails_back_lines_come_by_lists() -> None:
    log = CloudLog([entry(f"line {n}", n * 20) for n in range(1, 30)] + [last_words(600)], 600, tail_limit=0)
    delays = log.delays()
    assert list(delays) == EXPECTED
    assert max(list(delays.values())[3:]) < 30
    assert log.count("entries.list") < 200


def steady(begin: float, end: float, every_s: float) -> list[JsonObject]:
    return [entry(f"{begin}.{n:05}", begin + n * every_s) for n in range(int((end - begin) / every_s))]


@pytest.mark.parametrize("is_refused", [False, True])
def test_where_no_tail_comes_to_be_lists_keep_to_the_quota_from_the_first_minute_on(is_refused: bool) -> None:
    """As without the permission, or behind a proxy that does not let gRPC pass."""
    troubles = ["403"] * 10_000 if is_refused else []
    log = CloudLog([*steady(0, 300, 0.25), last_words(300)], 300, troubles, is_closed=not is_refused)
    delays = log.delays()
    assert len(delays) == 1201
    assert max(delays.values()) < 3
    lists = [at for at, method in log.calls if method == "entries.list"]
    assert max(sum(at <= other < at + 60 for other in lists) for at in lists) <= 60


@pytest.mark.parametrize("every_s", [0.25, 0.02], ids=["a calm log", "one that never rests"])
def test_what_a_tail_loses_in_silence_is_shown_by_the_next_check(every_s: float) -> None:
    """At first after a minute at the latest; then the tail is known for one that loses."""
    lines, lost = steady(1, 150, every_s), [f"lost {second}" for second in range(30, 150, 3)]
    unheard = [entry(f"lost {second}", second) for second in range(30, 150, 3)]
    log = CloudLog([*lines, *unheard, last_words(150)], 150, page_size=200, lost=lost)
    delays = log.delays()
    assert len(delays) == len(lines) + len(lost) + 1
    assert all(delay < 0.5 for line, delay in delays.items() if line not in lost)
    assert max(delays.values()) < 67
    assert max(delays[line] for line in lost[-20:]) < 12


def test_a_tail_that_was_cut_amid_a_burst_is_followed_by_a_list_at_once() -> None:
    burst = steady(10, 12, 0.001)
    log = CloudLog([*burst, last_words(30)], 30, [*[""] * 25, "503"])
    assert max(log.delays().values()) < 1


def test_a_check_of_many_pages_does_not_hold_up_the_tail_nor_the_other_way_round() -> None:
    """A page takes a tenth of a second, a check of the last 25 seconds has ten, and the tail always has something."""
    log = CloudLog([*steady(1, 40, 0.005), last_words(40)], 40, page_size=500, list_s=0.1)
    assert max(log.delays().values()) < 0.6
    pages = [at for at, method in log.calls if method == "entries.list" and 20 < at < 35]
    assert len(pages) >= 10
    assert pages[-1] - pages[0] < 3


def test_a_check_that_is_refused_is_put_off_and_does_not_hold_up_the_tail() -> None:
    log = CloudLog([*LINES, last_words(30)], 30, refused=(3, 25), lost=["line 4"])
    delays = log.delays()
    assert sorted(delays) == sorted(EXPECTED)
    assert max(delay for line, delay in delays.items() if line != "line 4") < 1
    assert log.count("entries.list") < 12


def test_an_entry_of_a_burst_is_listed_twice_at_most_by_a_check_and_at_the_end() -> None:
    log = CloudLog([*steady(2, 4, 0.0005), *steady(5, 6, 0.0005), last_words(7)], 7)
    assert len(log.shown()) == 6001
    assert log.listed <= 2 * 6001


def test_ten_thousand_lines_a_second_are_all_shown_in_order() -> None:
    burst = [entry(f"{n:05}", 10 + n / 10_000) for n in range(2000)]
    log = CloudLog([*burst, last_words(12)], 12)
    assert names(log) == [*(f"{n:05}" for n in range(2000)), EXPECTED[-1]]
