from __future__ import annotations

from submit.emulator.outside import REPLACED, changes, inside, outside
from submit.launcher import installer_environment
from submit.launcher import outside as outside_for_launchers

USERS = {"https_proxy": "http://company:3128", "SSL_CERT_FILE": "/company.pem", "HOME": "/home/me"}
OURS = {"https_proxy": "http://127.0.0.1:8085", "SSL_CERT_FILE": "/ours.pem", "STORAGE_EMULATOR_HOST": "http://x"}


def entered(environ: dict[str, str]) -> dict[str, str]:
    return environ | inside(environ, OURS)


def test_what_was_set_is_taken_back_and_what_it_replaced_is_given_back() -> None:
    assert outside(entered(USERS)) == USERS
    assert outside(USERS) == USERS


def test_entering_twice_forgets_nothing() -> None:
    assert outside(entered(entered(USERS))) == USERS


def test_the_changes_back_are_those_variables_and_no_others() -> None:
    assert changes(USERS) == {}
    assert changes(entered(USERS)) == {
        "https_proxy": "http://company:3128",
        "SSL_CERT_FILE": "/company.pem",
        "STORAGE_EMULATOR_HOST": None,
        REPLACED: None,
    }


def test_installers_in_a_job_do_not_go_through_the_door() -> None:
    assert outside_for_launchers(entered(USERS)) == USERS
    installers = installer_environment(entered(USERS))
    assert installers["https_proxy"] == "http://company:3128"
    assert "STORAGE_EMULATOR_HOST" not in installers
