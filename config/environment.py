"""What differs between machines, read from the environment and nowhere else.

Every reader ends a start that would be unsafe with one sentence: which variable, and what to do.
"""

import os
from datetime import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.db import OperationalError, connection

TRUE = {"1", "true", "yes", "on"}
UNSAFE_SECRETS = {"", "secret", "change-me", "changeme", "insecure"}


class Unsafe(ImproperlyConfigured, SystemExit):
    """A setting is missing or unsafe; ends the process with its one sentence, without a trace."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.code = sentence


def flag(name: str, default: bool = False) -> bool:
    """A yes-or-no variable."""
    return os.environ.get(name, "1" if default else "0").strip().lower() in TRUE


def words(name: str) -> list[str]:
    """A comma-separated variable."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def number(name: str, default: int) -> int:
    """A variable that counts something, zero or more."""
    given = os.environ.get(name, "").strip() or str(default)
    if not (given.isascii() and given.isdigit()):
        raise Unsafe(f"{name} is not a number: write digits only, for example {default}.")
    return int(given)


def hours(name: str, default: str) -> tuple[time, time] | None:
    """A variable that names hours of the day, `21:00-08:00`; None where it is empty."""
    given = os.environ.get(name, default).strip()
    if not given:
        return None
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in given.split("-"))
    except ValueError:
        raise Unsafe(
            f"{name} is not understood: write two times of the day, for example {default}, "
            "or nothing."
        ) from None
    return begin, end


def required(name: str, what_for: str) -> str:
    """A variable without which production must not start."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise Unsafe(f"{name} is not set: {what_for}")
    return value


def secret_key(*, production: bool, store: Path) -> str:
    """The signing key: given in production, made once and kept beside the data elsewhere."""
    given = os.environ.get("SECRET_KEY", "").strip()
    if production:
        if (
            given.lower() in UNSAFE_SECRETS
            or len(given) < 40
            or given.startswith("django-insecure")
        ):
            raise Unsafe(
                "SECRET_KEY is missing or unsafe: set it to at least 40 random characters, "
                "for example from `openssl rand -base64 48`."
            )
        return given
    if given:
        return given
    if not store.exists():
        store.parent.mkdir(parents=True, exist_ok=True)
        store.write_text(get_random_secret_key())
        store.chmod(0o600)
    return store.read_text()


SQLITE_OPTIONS = {
    # All three are needed: without them about half of concurrent writes find the database locked.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}


def database(url: str, *, lock: int = 0, statement: int = 0) -> dict:
    """Django's database settings from `postgres://user:password@host:port/name` or `sqlite:///path`.

    `lock` and `statement`: after how many seconds PostgreSQL gives up waiting for a lock, and a
    statement; 0 for never.
    """
    parts = urlsplit(url)
    common = {"ATOMIC_REQUESTS": True}
    if parts.scheme == "sqlite":
        return common | {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path[1:] if parts.path.startswith("//") else parts.path,
            "OPTIONS": SQLITE_OPTIONS,
            "TEST": {"NAME": os.environ.get("TEST_SQLITE") or None},
        }
    if parts.scheme in {"postgres", "postgresql"} and parts.hostname is not None:
        return common | {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname,
            "PORT": str(parts.port or 5432),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {
                "connect_timeout": 5,
                "options": f"-c lock_timeout={lock}s -c statement_timeout={statement}s",
            },
        }
    raise Unsafe(
        "DATABASE_URL is not understood: write postgres://user:password@host:5432/name "
        "or sqlite:///path/to/file."
    )


def demand_database() -> None:
    """End a start whose database does not answer."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise Unsafe(f"The database of DATABASE_URL cannot be reached: {reason}") from None
    finally:
        connection.close()
