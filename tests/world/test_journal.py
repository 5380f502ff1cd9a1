"""The journal on a real disk: modes, kills, damage, other versions, full and read-only folders, many at once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from submit.errors import ServiceError
from submit.intents.intent import State
from submit.world.journal import Journal
from tests.intents.examples import INTENT, PLACE, clock
from tests.project import REPOSITORY
from tests.small_disk import fill, mounted

SENT = INTENT.sending(PLACE, clock())

WRITER = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from submit.intents.intent import State
from submit.world.journal import Journal
from tests.intents.examples import INTENT, PLACE, clock

journal = Journal(Path(sys.argv[1]))
intent = replace(INTENT, submission_id=sys.argv[2])
journal.write(intent)
intent = intent.sending(PLACE, clock())
journal.write(intent)
print("sent", flush=True)
if sys.argv[3] == "wait":
    sys.stdin.read()
if sys.argv[3] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
journal.settle(replace(intent, state=State.CREATED, handle="h"))
"""

CROWD = """
import os, sys

program = compile({!r}, "writer", "exec")
import submit.world.journal, tests.intents.examples
children = []
for number in range(50):
    children.append(os.fork())
    if not children[-1]:
        sys.argv[2:] = [f"w{{number}}", "end"]
        exec(program)
        sys.exit()
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""

FORKS = """
import os, sys
from dataclasses import replace
from pathlib import Path
from submit.world import journal
from tests.intents.examples import INTENT

def write(name):
    ours = journal.shared(Path(sys.argv[1]))
    assert ours is journal.shared(Path(sys.argv[1]))
    ours.write(replace(INTENT, submission_id=name))
    return ours

parent = write("before")
children = []
for number in range(20):
    children.append(os.fork())
    if not children[-1]:
        assert write(f"child{number}") is not parent
        sys.exit()
assert write("meanwhile") is parent
assert not any([os.waitpid(child, 0)[1] for child in children])
write("after")
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "state")
    yield opened
    opened.close()


def writer(state: Path, submission: str, end: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(state), submission, end],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_is_private(journal: Journal, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        journal.write(SENT)
    finally:
        os.umask(before)
    paths = list((tmp_path / "state").rglob("*"))
    assert {oct(path.stat().st_mode & 0o777) for path in paths if path.is_file()} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in [tmp_path / "state", *paths] if path.is_dir()} == {"0o700"}


def test_a_process_shares_one_for_a_folder_and_its_forks_have_their_own(journal: Journal, tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", FORKS, str(tmp_path / "state")], cwd=REPOSITORY, timeout=120)
    assert ran.returncode == 0
    names = {intent.submission_id for intent in journal.open_intents()}
    assert names == {"before", "meanwhile", "after", *(f"child{number}" for number in range(20))}
    assert not journal.damage


def test_a_killed_submission_is_open_and_a_living_one_is_not(journal: Journal, tmp_path: Path) -> None:
    killed, living = writer(tmp_path / "state", "killed", "die"), writer(tmp_path / "state", "living", "wait")
    assert living.stdout is not None
    assert living.stdout.readline() == "sent\n"
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL

    (orphan,) = journal.open_intents()
    assert (orphan.submission_id, orphan.state, orphan.places) == ("killed", State.SENT, (PLACE,))
    with journal.adopted(replace(orphan, submission_id="living")) as intent:
        assert intent is None, "somebody is busy with it"

    living.communicate("", timeout=60)
    with journal.adopted(orphan) as intent:
        assert intent == orphan
        journal.settle(replace(orphan, state=State.REFUSED))
    assert journal.open_intents() == []
    found = journal.find("handle", "h")
    assert found
    assert found.submission_id == "living"


def test_what_killed_submissions_have_left_of_files_is_tidied_up(journal: Journal, tmp_path: Path) -> None:
    killed, living = writer(tmp_path / "state", "killed", "die"), writer(tmp_path / "state", "living", "wait")
    assert living.stdout is not None
    assert living.stdout.readline() == "sent\n"
    killed.communicate(timeout=60)
    folder = tmp_path / "state/submissions"
    (folder / "provenance").mkdir()
    left = [
        folder / place / f".{name}.json.1.part" for place in ("records", "provenance") for name in ("killed", "living")
    ]
    for path in left:
        path.touch()

    journal.tidy()

    assert [path for path in left if path.exists()] == [left[1], left[3]]
    assert [path.name for path in (folder / "alive").iterdir()] == ["living"]
    living.communicate("", timeout=60)


def test_a_settled_intent_is_not_adopted_again(journal: Journal) -> None:
    journal.write(SENT)
    journal.settle(replace(SENT, state=State.CREATED, handle="h"))
    with journal.adopted(SENT) as intent:
        assert intent is None


def test_fifty_commands_at_once_lose_nothing(journal: Journal, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CROWD.format(WRITER), str(tmp_path / "state")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    states = [found.state for n in range(50) if (found := journal.find("submission_id", f"w{n}"))]
    assert states == [State.CREATED] * 50


@pytest.mark.parametrize("damage", [b"this is no database" * 100, b"", None], ids=["garbage", "emptied", "removed"])
def test_a_damaged_journal_is_made_anew_from_its_records(tmp_path: Path, damage: bytes | None) -> None:
    for submission, end in (("cut", "die"), ("whole", "end")):
        writer(tmp_path / "state", submission, end).communicate(timeout=60)
    folder = tmp_path / "state/submissions"
    for name in ("journal.sqlite3-wal", "journal.sqlite3-shm"):
        (folder / name).unlink(missing_ok=True)
    (folder / "journal.sqlite3").unlink() if damage is None else (folder / "journal.sqlite3").write_bytes(damage)

    journal = Journal(tmp_path / "state")
    assert [(intent.submission_id, intent.state) for intent in journal.open_intents()] == [("cut", State.SENT)]
    found = journal.find("handle", "h")
    journal.close()
    assert found
    assert (found.submission_id, found.state) == ("whole", State.CREATED)
    aside = list(folder.glob("journal.sqlite3.damaged-*"))
    assert len(aside) == bool(damage)
    assert not damage or str(aside[0]) in journal.damage
    assert not damage or "2 submissions found again in their records" in journal.damage


def test_a_journal_that_is_damaged_while_it_is_open_is_made_anew(journal: Journal, tmp_path: Path) -> None:
    journal.write(SENT)
    path = tmp_path / "state/submissions/journal.sqlite3"
    path.unlink()
    journal.write(replace(SENT, state=State.UNKNOWN))
    found = journal.find("submission_id", "s1")
    assert found
    assert found.state is State.UNKNOWN


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The state folder."""
    with mounted(tmp_path / "state", "512k") as folder:
        yield folder


def test_on_a_full_disk_nothing_is_sent_and_it_is_said(small_disk: Path, journal: Journal) -> None:
    journal.write(SENT)
    filler = fill(small_disk)
    with pytest.raises(ServiceError, match=r"cannot be used: .*(full|no space)") as caught:
        journal.write(replace(SENT, submission_id="s2"))
    assert "--state-dir" in caught.value.problems[0].hint
    filler.unlink()
    journal.write(replace(SENT, submission_id="s2"))
    assert journal.find("submission_id", "s1") == SENT


def test_in_a_folder_that_is_read_only_nothing_is_sent_and_it_is_said(small_disk: Path, journal: Journal) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(ServiceError, match="cannot be used: read-only file system"):
        journal.write(SENT)
    assert journal.open_intents() == []


def test_the_journal_of_a_newer_version_is_left_alone(journal: Journal, tmp_path: Path) -> None:
    journal.write(SENT)
    journal.close()
    path = tmp_path / "state/submissions/journal.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ServiceError, match="made by a newer version of jobdir"):
        journal.write(SENT)


def test_what_was_created_is_not_an_error_if_it_cannot_be_written(journal: Journal, tmp_path: Path) -> None:
    journal.write(SENT)
    journal.close()
    path = tmp_path / "state/submissions/journal.sqlite3"
    path.unlink()
    path.mkdir()
    journal.settle(replace(SENT, state=State.CREATED, handle="h"))
    with pytest.raises(ServiceError, match=r"the journal of submissions in .* cannot be used"):
        journal.write(SENT)
