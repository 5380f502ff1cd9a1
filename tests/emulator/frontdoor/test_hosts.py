from __future__ import annotations

import pytest

from submit.emulator.frontdoor.hosts import api, is_google


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("storage.googleapis.com", "storage"),
        ("my.bucket.storage.googleapis.com", "storage"),
        ("us-central1-aiplatform.googleapis.com", "services"),
        ("aiplatform.googleapis.com", "services"),
        ("ml.googleapis.com", "services"),
        ("logging.googleapis.com", "logs"),
        ("www.googleapis.com", "any"),
        ("127.0.0.1", "any"),
        ("compute.googleapis.com", "none"),
        ("accounts.google.com", "none"),
        ("evil-aiplatform.example.com", "any"),
    ],
)
def test_the_host_says_whose_a_request_is(host: str, owner: str) -> None:
    assert api(host) == owner


@pytest.mark.parametrize("host", ["pypi.org", "google.com", "googleapis.com.example.org", "notgoogleapis.com"])
def test_other_hosts_are_not_google(host: str) -> None:
    assert not is_google(host)
