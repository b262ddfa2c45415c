"""A start that would be unsafe ends with one sentence: which variable, and what to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config import environment as env
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
SECRET = "k7" * 30
GOOD = {
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": "jiedian.example",
    "DATABASE_URL": "postgres://u:p@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "BASE_URL": "https://jiedian.example",
}


SETTINGS = ("-c", "import config.settings")
MIGRATE = ("manage.py", "migrate")
WEB = ("-m", "gunicorn", "config.wsgi", "--config", "deploy/gunicorn.conf.py")
CELERY = ("-m", "celery", "--app", "config", "--quiet")
WORKER = (*CELERY, "worker", "--pool", "solo")
BEAT = (*CELERY, "beat", "--schedule", "{folder}/schedule", "--pidfile", "")
# What a program says of itself before it looks around.
GREETING = re.compile(r"Starting gunicorn|beat: Starting|__ ")


def start(tmp_path, program=SETTINGS, **changes):
    """Start in production with this environment; what it said and its exit code."""
    variables = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
        "PORT": str(free_port()),
        **GOOD,
        **changes,
    }
    return subprocess.run(
        [sys.executable, *(word.format(folder=tmp_path) for word in program)],
        cwd=ROOT,
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is missing or unsafe"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is missing or unsafe"),
        ({"SECRET_KEY": "django-insecure-" + SECRET}, "SECRET_KEY is missing or unsafe"),
        ({"DEBUG": "1"}, "DEBUG is on"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is missing"),
        ({"ALLOWED_HOSTS": "a.example,*"}, "ALLOWED_HOSTS is missing or `*`"),
        ({"DATABASE_URL": None}, "DATABASE_URL is not set"),
        ({"DATABASE_URL": "mysql://u@h/n"}, "DATABASE_URL is not understood"),
        ({"REDIS_URL": None}, "REDIS_URL is not set"),
        ({"BASE_URL": None}, "BASE_URL is not set"),
        *(
            ({name: nonsense}, f"{name} is not a number: write digits only")
            for name in ("PROXIES", "EMAIL_PORT", "SILENCE_WORKING_DAYS", "REFUND_WORKING_DAYS")
            for nonsense in ("five", "-1", "1.5", "²")
        ),
    ],
)
def test_an_unsafe_production_does_not_start_and_says_why_in_one_line(tmp_path, changes, said):
    result = start(tmp_path, **changes)

    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "program", [MIGRATE, WEB, WORKER, BEAT], ids=["migrate", "web", "worker", "beat"]
)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "The database of DATABASE_URL cannot be reached"),
        ({"SECRET_KEY": None}, "SECRET_KEY is missing or unsafe"),
    ],
)
def test_no_program_starts_in_vain(tmp_path, program, changes, said):
    """The web server ends too: it does not try one worker after another."""
    result = start(tmp_path, program, **changes)

    assert result.returncode == 1
    assert said in result.stderr
    lines = [line for line in result.stderr.splitlines() if line and not GREETING.search(line)]
    assert len(lines) == 1


def test_a_production_with_everything_named_starts(tmp_path):
    result = start(tmp_path)

    assert (result.returncode, result.stderr) == (0, "")


def test_the_demo_makes_its_own_secret_once_and_keeps_it_to_itself(tmp_path, monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    store = tmp_path / "var" / "secret"

    first = env.secret_key(production=False, store=store)

    assert len(first) >= 40
    assert env.secret_key(production=False, store=store) == first
    assert store.stat().st_mode & 0o777 == 0o600


def test_a_database_address_may_carry_special_characters():
    found = env.database("postgres://j%40c:p%2Fw%3A@db.example/jiedian")

    assert (found["USER"], found["PASSWORD"]) == ("j@c", "p/w:")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "5432", "jiedian")
    assert found["ATOMIC_REQUESTS"] is True


def test_sqlite_waits_for_its_turn_instead_of_failing():
    found = env.database("sqlite:////srv/jiedian/demo.sqlite3")

    assert found["NAME"] == "/srv/jiedian/demo.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in found["OPTIONS"]["init_command"]
