"""Secrets that were planted are found; what only looks a little like one is left as it is."""

from __future__ import annotations

import pytest

from submit import redact

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAplanted\nsecond+line/planted==\n-----END RSA PRIVATE KEY-----"
PLANTED = {
    "aws": "AKIAIOSFODNN7PLANTED",
    "google api": "AIza" + "SyPlanted0123456789012345678901234x",
    "google oauth": "ya29.a0Planted_0123456789-0123456789",
    "github": "ghp_" + "Planted0123456789012345678901234567",
    "github fine": "github_pat_11PLANTED0_0123456789012345678901234567890",
    "gitlab": "glpat-Planted0123456789012",
    "hugging face": "hf_Planted0123456789012345678901234",
    "openai": "sk-Planted01234567890123456789",
    "slack": "xoxb-1234567890-Planted012345",
    "stripe": "sk_live_Planted0123456789",
    "pypi": "pypi-AgEIcHlwaS5vcmcPlanted0123456789012",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJlUGxhbnRlZA",
    "key": KEY,
}


@pytest.mark.parametrize("secret", PLANTED.values(), ids=PLANTED)
@pytest.mark.parametrize("around", ["{}", "before {} after", "value='{}'", '{{"a": "{}"}}', "x={}&y=1", "/{}/"])
def test_what_looks_like_a_secret_is_gone_wherever_it_stands(secret: str, around: str) -> None:
    found = redact.text(around.format(secret))
    assert secret not in found
    assert "lanted" not in found
    assert redact.GONE in found


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("password=hunter2", "password=[redacted]"),
        ("DB_PASSWORD: hunter2", "DB_PASSWORD: [redacted]"),
        ('{"api_key": "hunter2", "n": 1}', '{"api_key": [redacted], "n": 1}'),
        ("--token=hunter2 --epochs=3", "--token=[redacted] --epochs=3"),
        ("run --password hunter2 now", "run --password [redacted] now"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer [redacted]"),
        ("https://user:hunter2@example.com/a", "https://[redacted]@example.com/a"),
        ("postgres://me:hunter2@db:5432/x", "postgres://[redacted]@db:5432/x"),
        ("git clone https://0123456789abcdef0123@host/r", "git clone https://[redacted]@host/r"),
        ("GET /x?access_token=hunter2&page=2", "GET /x?access_token=[redacted]&page=2"),
        ("wandb_api_key = 'hunter2'", "wandb_api_key = [redacted]"),
    ],
)
def test_what_is_named_a_secret_is_gone(text: str, left: str) -> None:
    assert redact.text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong",
        "tokenizer=bert --max-tokens=512 --keyboard=us",
        "gs://bucket/folder vertex://projects/p/locations/r/customJobs/1",
        "user@example.com https://example.com/a@b",
        "hidden_size: 128, author: me",
        "password=env:DB_PASSWORD token: secret://projects/p/secrets/s",
        "sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "submit jobs describe local://trainer_20260101_120000_ab12",
    ],
)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    assert redact.text(text) == text


def test_arguments_of_a_trainer() -> None:
    argv = ["--arg=42", "--api-key", "hunter2", "--token=hunter2", "--secret", "--epochs", "3", "hf_" + "a1" * 15]
    assert redact.arguments(argv) == [
        "--arg=42",
        "--api-key",
        "[redacted]",
        "--token=[redacted]",
        "--secret",
        "--epochs",
        "3",
        "[redacted]",
    ]


def test_variables_are_judged_by_name_and_by_value() -> None:
    found = redact.variables(
        {
            "HF_TOKEN": "hunter2",
            "WANDB_API_KEY": "env:WANDB_API_KEY",
            "AWS_SECRET_ACCESS_KEY": "hunter2",
            "PLAIN": "AKIAIOSFODNN7PLANTED",
            "EPOCHS": "3",
            "PASSWORD": "",
        }
    )
    assert found == {
        "HF_TOKEN": "[redacted]",
        "WANDB_API_KEY": "env:WANDB_API_KEY",
        "AWS_SECRET_ACCESS_KEY": "[redacted]",
        "PLAIN": "[redacted]",
        "EPOCHS": "3",
        "PASSWORD": "",
    }


@pytest.mark.parametrize(
    ("value", "name"), [("env:HF_TOKEN", "HF_TOKEN"), ("env:", None), ("env:a b", None), ("HF_TOKEN", None)]
)
def test_a_reference_names_a_variable(value: str, name: str | None) -> None:
    assert redact.variable_of(value) == name
