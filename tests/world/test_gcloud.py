from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from submit.world.gcloud import settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """gcloud's own folder, with two configurations."""
    configurations = tmp_path / ".config" / "gcloud" / "configurations"
    configurations.mkdir(parents=True)
    (configurations / "config_default").write_text("[core]\naccount = a@b\nproject = first\n[compute]\nregion = r1\n")
    (configurations / "config_work").write_text("[core]\nproject = second\n\n[ai]\nregion=r2\n")
    return configurations.parent


def at(folder: Path, **more: str) -> dict[str, str]:
    return settings({"HOME": str(folder.parent.parent), **more})


def test_the_default_configuration_is_read(folder: Path) -> None:
    assert at(folder) == {"core/project": "first", "compute/region": "r1"}


def test_the_active_configuration_is_read(folder: Path) -> None:
    (folder / "active_config").write_text("work")
    assert at(folder) == {"core/project": "second", "ai/region": "r2"}
    assert at(folder, CLOUDSDK_ACTIVE_CONFIG_NAME="default")["core/project"] == "first"


def test_the_folder_may_be_elsewhere(folder: Path, tmp_path: Path) -> None:
    moved = folder.rename(tmp_path / "moved")
    assert settings({"HOME": str(tmp_path / "nobody"), "CLOUDSDK_CONFIG": str(moved)})["core/project"] == "first"


@pytest.mark.parametrize("text", ["", "project = x", "[core", "[core]\n= x", "\x00"])
def test_what_cannot_be_read_is_as_good_as_not_there(folder: Path, text: str) -> None:
    (folder / "configurations" / "config_default").write_text(text)
    assert at(folder) == {}
    (folder / "configurations" / "config_default").write_bytes(b"[core]\nproject = \xff")
    assert at(folder) == {}
    assert settings({}) == {}


def test_the_project_of_the_application_default_credentials_is_found(folder: Path, tmp_path: Path) -> None:
    secret = {"refresh_token": "secret", "quota_project_id": "pays"}
    (folder / "application_default_credentials.json").write_text(json.dumps(secret))
    assert at(folder)["auth/quota_project"] == "pays"
    assert "secret" not in str(at(folder))
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"type": "service_account", "project_id": "robots"}))
    assert at(folder, GOOGLE_APPLICATION_CREDENTIALS=str(key))["auth/quota_project"] == "robots"
    key.write_text("[]")
    assert "auth/quota_project" not in at(folder, GOOGLE_APPLICATION_CREDENTIALS=str(key))


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
def test_what_gcloud_itself_has_written_is_read(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    for key, value in (("project", "my-project"), ("ai/region", "europe-west4")):
        subprocess.run(["gcloud", "config", "set", key, value], env=environ, check=True, capture_output=True)
    assert settings(environ) == {"core/project": "my-project", "ai/region": "europe-west4"}
