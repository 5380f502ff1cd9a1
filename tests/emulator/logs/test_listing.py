from __future__ import annotations

import json
import time
from typing import Any

from tests.emulator.logs.conftest import Emulator, messages

JOB = 'resource.type="ml_job" AND resource.labels.job_id="42"'


def test_a_vertex_job_has_entries_as_the_service_writes_them(emulator: Emulator) -> None:
    emulator.run(
        "vertex-42", "42", "import json; print(json.dumps({'message': 'step', 'severity': 'WARNING', 'loss': 5}))"
    )
    entries = emulator.ask(filter=JOB)["entries"]
    (step,) = [entry for entry in entries if entry.get("jsonPayload", {}).get("message") == "step"]
    assert step["logName"] == "projects/demo/logs/workerpool0-0"
    labels = {"job_id": "42", "project_id": "demo", "task_name": "workerpool0-0"}
    assert step["resource"] == {"type": "ml_job", "labels": labels}
    assert step["severity"] == "WARNING"
    assert step["jsonPayload"] == {"message": "step", "levelname": "WARNING", "loss": 5}
    assert step["labels"] == {"ml.googleapis.com/job_id/log_area": "root"}
    last = entries[-1]
    assert last["logName"] == "projects/demo/logs/ml.googleapis.com%2F42"
    assert (last["textPayload"], last["resource"]["labels"]["task_name"]) == ("Job completed successfully.", "service")
    assert last["labels"]["ml.googleapis.com/job_state"] == "SUCCEEDED"


def test_an_ml_engine_job_has_its_own_words_and_task_names(emulator: Emulator) -> None:
    emulator.run("ml-first_job", "first_job")
    entries = emulator.ask(filter="resource.labels.job_id=first_job")["entries"]
    assert messages({"entries": entries})[:4] == [
        "Validating job requirements...",
        "Job creation request has been successfully validated.",
        "Job first_job is queued.",
        "Waiting for job to be provisioned.",
    ]
    (hello,) = [entry for entry in entries if entry.get("jsonPayload", {}).get("message") == "hello"]
    assert hello["logName"] == "projects/demo/logs/master-replica-0"
    assert hello["labels"]["ml.googleapis.com/task_name"] == "master-replica-0"


def test_times_have_nine_digits_and_sort_as_the_entries_do(emulator: Emulator) -> None:
    emulator.run("vertex-42", "42", "for n in range(200): print(n)")
    entries = emulator.ask(filter=JOB, pageSize=1000)["entries"]
    assert {len(entry["timestamp"]) for entry in entries} == {30}
    keys = [(entry["timestamp"], entry["insertId"]) for entry in entries]
    assert keys == sorted(set(keys))
    time_, insert_id = keys[100]
    bound = f'((timestamp="{time_}" AND insertId>"{insert_id}") OR timestamp>"{time_}")'
    assert emulator.ask(filter=f"{JOB} AND {bound}", pageSize=1000)["entries"] == entries[101:]


def test_pages_put_together_are_the_whole_in_both_orders(emulator: Emulator) -> None:
    emulator.run("vertex-42", "42", "for n in range(20): print(n)")
    whole = emulator.ask(filter=JOB, pageSize=1000)["entries"]
    for order, expected in (("timestamp asc", whole), ("timestamp desc", whole[::-1])):
        assert _all_pages(emulator, filter=JOB, pageSize=7, orderBy=order) == expected


def test_a_page_token_is_good_for_its_filter_only(emulator: Emulator) -> None:
    emulator.run("vertex-42", "42")
    token = emulator.ask(filter=JOB, pageSize=1)["nextPageToken"]
    for bad in ({"filter": "", "pageToken": token}, {"filter": JOB, "pageToken": "bm9uc2Vuc2U"}):
        response = emulator.post("list", **bad)
        assert (response.status_code, response.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_unknown_jobs_and_other_projects_have_no_entries(emulator: Emulator) -> None:
    emulator.run("vertex-42", "42")
    assert emulator.ask(filter="resource.labels.job_id=43") == {}
    assert emulator.ask(resourceNames=["projects/other"], filter=JOB) == {}
    assert len(emulator.ask(filter="textPayload=~'^Job completed'")["entries"]) == 1


def test_a_filter_that_cannot_be_read_is_refused_in_googles_words(emulator: Emulator) -> None:
    response = emulator.post("list", filter="severity=(")
    assert response.status_code == 400
    assert response.json()["error"] == {
        "code": 400,
        "message": "Unparseable filter: syntax error at line 1, column 11, token '<EOF>'",
        "status": "INVALID_ARGUMENT",
    }


def test_a_line_that_no_message_can_hold_does_not_hide_the_others(emulator: Emulator) -> None:
    deep = "'[' * 200 + ']' * 200"
    emulator.run(
        "vertex-42", "42", f"print('{{\"message\": \"odd\", \"a\": ' + {deep} + '}}'); print('\\\\ud800'); print('end')"
    )
    shown = messages(emulator.ask(filter=JOB))
    assert shown[-1] == "Job completed successfully."
    assert "end" in shown


def test_written_entries_are_listed_and_kept_apart_by_project(emulator: Emulator) -> None:
    entry = {"textPayload": "hello", "severity": "NOTICE", "insertId": "a", "timestamp": "2026-01-01T00:00:00Z"}
    for project in ("demo", "other"):
        name = f"projects/{project}/logs/mine"
        written = emulator.post("write", logName=name, resource={"type": "global"}, labels={"a": "b"}, entries=[entry])
        assert (written.status_code, written.json()) == (200, {})
    (found,) = emulator.ask(filter="severity=NOTICE")["entries"]
    assert found["logName"] == "projects/demo/logs/mine"
    assert (found["textPayload"], found["labels"]) == ("hello", {"a": "b"})
    assert found["timestamp"].startswith("2026-01-01T00:00:00")


def test_an_entry_without_a_log_is_refused(emulator: Emulator) -> None:
    response = emulator.post("write", resource={"type": "global"}, entries=[{"textPayload": "x"}])
    assert (response.status_code, response.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_a_hundred_thousand_entries_do_not_slow_a_page(emulator: Emulator) -> None:
    emulator.run("vertex-42", "42")
    line = emulator.site.log("vertex-42")[-1]
    with (emulator.site.folder("vertex-42") / "log.jsonl").open("a") as log:
        for n in range(100_000):
            text = json.dumps({**line, "time": f"2100-01-01T00:00:{n // 2000:02}.{n % 2000:09}Z", "message": str(n)})
            log.write(text + "\n")
    begin = time.monotonic()
    emulator.ask(filter=JOB)  # finds out where which time is
    found_out = time.monotonic()
    late = emulator.ask(filter=f'{JOB} AND timestamp>="2100-01-01T00:00:49.000001995Z"')
    assert messages(late) == ["99995", "99996", "99997", "99998", "99999"]
    assert messages(emulator.ask(filter=JOB, orderBy="timestamp desc", pageSize=1)) == ["99999"]
    assert time.monotonic() - found_out < found_out - begin  # both together, of what it takes to read the log once


def test_pages_are_whole_while_entries_are_added(emulator: Emulator) -> None:
    def write(*texts: str) -> None:
        entries = [{"textPayload": text} for text in texts]
        emulator.post("write", logName="projects/demo/logs/mine", resource={"type": "global"}, entries=entries)

    write(*(f"{number:02}" for number in range(20)))
    newest = emulator.ask(orderBy="timestamp desc", pageSize=7)
    seen, token = [], ""
    for number in range(20, 30):
        write(str(number))
        page = emulator.ask(pageSize=3, pageToken=token)
        seen += messages(page)
        token = page.get("nextPageToken", "")
    assert (seen, token) == ([f"{number:02}" for number in range(30)], "")
    older = emulator.ask(orderBy="timestamp desc", pageSize=50, pageToken=newest["nextPageToken"])
    assert messages(newest) + messages(older) == [f"{number:02}" for number in reversed(range(20))]


def _all_pages(emulator: Emulator, **body: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        answer = emulator.ask(**body, pageToken=token)
        found += answer["entries"]
        token = answer.get("nextPageToken", "")
        if not token:
            return found
