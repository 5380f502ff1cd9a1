"""Who we are for Google, asked by the real command line; nothing of this reaches a network."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from tests.project import Finished, Project
from tests.world.google.scripted import Reply, scripted

LIST = ("jobs", "list", "--backend", "vertex", "--project", "p")
HOW = "gcloud auth application-default login"


@pytest.fixture
def nobody(project: Project) -> Project:
    """A user without credentials, on a machine that is not Google's."""
    project.environ |= {"NO_GCE_CHECK": "true", "PATH": "/nowhere"}
    return project


def denied(done: Finished) -> str:
    """What it says after `error:`; the command has ended as if a service had said no."""
    assert (done.code, done.out, "Traceback" in done.err) == (3, "", False), done.err
    assert HOW in done.err
    return done.err.partition("error: ")[2].splitlines()[0]


def test_without_credentials_the_command_that_logs_in_is_named(nobody: Project) -> None:
    assert denied(nobody.submit(*LIST)) == "there are no Google credentials"


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
def test_a_gcloud_that_nobody_is_logged_in_to_is_asked_and_has_none(nobody: Project) -> None:
    gcloud = shutil.which("gcloud")
    assert gcloud is not None
    nobody.environ["PATH"] = f"{gcloud.rpartition('/')[0]}:/usr/bin:/bin"
    assert denied(nobody.submit(*LIST)) == "nobody is logged in to Google Cloud"


@pytest.mark.parametrize("text", [None, "{}", "no JSON"])
def test_a_key_that_cannot_be_used_is_named(nobody: Project, text: str | None) -> None:
    key = nobody.folder / "key.json"
    if text is not None:
        key.write_text(text)
    nobody.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(key)
    words = f"the key `{key}`, which GOOGLE_APPLICATION_CREDENTIALS names, cannot be used: "
    assert denied(nobody.submit(*LIST)).startswith(words)


def test_tokens_are_asked_for_by_the_users_own_proxy(nobody: Project) -> None:
    secrets = {"client_id": "i", "client_secret": "s", "refresh_token": "r"}
    key = nobody.write("key.json", json.dumps({"type": "authorized_user", **secrets}))
    refused = Reply(status=407)
    with scripted(refused, refused, refused, refused) as proxy:
        address = proxy.url.replace("//", "//me:password@")
        nobody.environ |= {"GOOGLE_APPLICATION_CREDENTIALS": str(key), "https_proxy": address}
        done = nobody.submit(*LIST)
    assert (done.code, "nobody gives a token" in done.err, "password" in done.err) == (3, True, False)
    assert proxy.targets[0] == "CONNECT oauth2.googleapis.com:443"
    assert proxy.heard[0].headers["proxy-authorization"].startswith("Basic ")


def test_a_login_of_gcloud_is_enough(nobody: Project) -> None:
    """A stand-in for `gcloud` gives a token, with which the request goes to a server that is not there."""
    tool = nobody.write("bin/gcloud", f"#!{sys.executable}\nprint('token')\n")
    tool.chmod(0o755)
    nobody.environ |= {
        "PATH": str(tool.parent),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM": "https://nowhere.invalid",
    }
    done = nobody.submit(*LIST)
    assert done.code == 3
    assert "https://nowhere.invalid cannot be reached" in done.err
