"""The same walls on the other engine, so that both are always proven."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WALLS = (
    "tests/fees/test_gate.py",
    "tests/plans/test_walls.py",
    "tests/workflow/test_walls.py",
    "tests/test_standards.py",
)


@pytest.mark.skipif(
    os.environ.get("JIEDIAN_TEST_DATABASE") == "sqlite", reason="this run is on SQLite already"
)
def test_the_walls_stand_on_sqlite_too():
    away = ("PYTEST_XDIST_WORKER", "PYTEST_CURRENT_TEST", "DATABASE_URL", "REDIS_URL")
    environment = {name: value for name, value in os.environ.items() if name not in away}

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *WALLS],
        cwd=ROOT,
        env={**environment, "JIEDIAN_TEST_DATABASE": "sqlite"},
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert " passed" in run.stdout
