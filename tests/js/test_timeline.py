"""The demo's timeline, without a server."""

import os
import subprocess
from pathlib import Path

from tests.js.leash import CLIENTS


def test_the_timeline(node: str) -> None:
    script = Path(__file__).with_name("timeline.test.mjs")
    environment = {**os.environ, "TIMELINE": str(CLIENTS / "timeline.js")}
    run = subprocess.run([node, "--test", script], env=environment, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout
