"""A setting that makes no sense is refused at start-up, by name."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from backend.settings import env_rate
from tests.processes import ROOT


@pytest.mark.parametrize("value", ["20", "20/fortnight", "-1/second", "20/second; 100/hour", "nonsense"])
def test_what_is_no_rate(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RATE_TEST", value)
    with pytest.raises(ImproperlyConfigured, match="RATE_TEST"):
        env_rate("RATE_TEST", "1/second")


@pytest.mark.parametrize("value", ["20/second", "100/5 minutes", "1 per hour", ""])
def test_what_is_a_rate(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RATE_TEST", value)
    assert env_rate("RATE_TEST", "1/second") == (value or "1/second")


@pytest.mark.parametrize("name", ["RATE_MESSAGES", "RATE_LOGIN", "RATE_CONNECT"])
def test_the_server_does_not_start_with_a_malformed_rate(name: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", name: "20 a second"}
    command = [sys.executable, "-m", "backend"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode != 0
    assert f"ImproperlyConfigured: {name} " in run.stderr.splitlines()[-1]
