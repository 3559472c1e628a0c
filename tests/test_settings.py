"""A setting that makes no sense is refused at start-up, by name."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from backend.settings import env_backend, env_rate
from tests.processes import ROOT

RATES = ["RATE_MESSAGES", "RATE_ROOMS", "RATE_LOGIN", "RATE_CONNECT", "RATE_UPLOADS", "RATE_EXPORTS", "RATE_SEARCH"]


@pytest.mark.parametrize("value", ["20", "20/fortnight", "-1/second", "20/second; 100/hour", "nonsense"])
def test_what_is_no_rate(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RATE_TEST", value)
    with pytest.raises(ImproperlyConfigured, match="RATE_TEST"):
        env_rate("RATE_TEST", "1/second")


@pytest.mark.parametrize("value", ["20/second", "100/5 minutes", "1 per hour", ""])
def test_what_is_a_rate(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RATE_TEST", value)
    assert env_rate("RATE_TEST", "1/second") == (value or "1/second")


@pytest.mark.parametrize(
    ("value", "backend"),
    [
        ("", {"BACKEND": "a.Default", "OPTIONS": {}}),
        ("some.Storage", {"BACKEND": "some.Storage", "OPTIONS": {}}),
        (
            'some.Storage?bucket_name=chat&querystring_auth=false&expire=60&location=a%2Fb&id="7"&empty=',
            {
                "BACKEND": "some.Storage",
                "OPTIONS": {
                    "bucket_name": "chat",
                    "querystring_auth": False,
                    "expire": 60,
                    "location": "a/b",
                    "id": "7",
                    "empty": "",
                },
            },
        ),
    ],
)
def test_a_backend_with_its_options(monkeypatch: pytest.MonkeyPatch, value: str, backend: dict[str, object]) -> None:
    monkeypatch.setenv("BACKEND_TEST", value)
    assert env_backend("BACKEND_TEST", "a.Default") == backend


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        *(({name: "20 a second"}, name) for name in RATES),
        ({"ACCEL_PREFIX": "/protected/", "STORAGE": "some.Storage"}, "ACCEL_PREFIX"),
    ],
)
def test_the_server_does_not_start(changes: dict[str, str], named: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **changes}
    command = [sys.executable, "-m", "backend"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode != 0
    assert f"ImproperlyConfigured: {named} " in run.stderr.splitlines()[-1]
