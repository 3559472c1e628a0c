"""The domain's tests once more on PostgreSQL, where writers really run side by side."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.processes import ROOT
from tests.servers import PostgresServer


@pytest.mark.timeout(600)  # a run of its own
@pytest.mark.skipif(connection.vendor == "postgresql", reason="the whole run is on PostgreSQL already")
@pytest.mark.timeout(600)
def test_the_same_on_postgresql() -> None:
    with PostgresServer(fsync=False) as postgres:
        environment = {**os.environ, "DATABASE_URL": postgres.url("chat"), "DJANGO_SETTINGS_MODULE": "tests.settings"}
        command = [sys.executable, "-m", "pytest", "-q", str(Path(__file__).parent)]
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert " passed" in run.stdout
