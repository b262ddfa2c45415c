"""The real PostgreSQL and the real Redis the tests run against: private, empty, gone afterwards.

A pytest plugin, loaded with `-p tests.services` (see pyproject.toml). It starts both on free ports
in a temporary folder before Django reads its settings, once per run: the workers of pytest-xdist
find the addresses in the environment. Both die with the test run, even when that is killed.

The database named in DATABASE_URL is migrated once and is the template of the workers' own. What
the migrations made is kept in var/tests until a file of the product changes.

`JIEDIAN_TEST_DATABASE=sqlite` runs the tests on an SQLite file instead of PostgreSQL (Redis stays).
"""

import contextlib
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "static" / "fonts" / "fonts.conf"
DATABASE = "jiedian"
KEPT = ROOT / "var" / "tests"
PATIENCE = 30  # seconds a service may take to answer

POSTGRESQL_SETTINGS = {
    # The data need not survive anything.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "jit": "off",
    # Rows of a test are never committed: the planner takes the tables for empty, and reading them
    # whole for cheap.
    "enable_seqscan": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


class Missing(Exception):
    """This machine lacks a program the tests need."""


class Services:
    """The two services of one test run and the folder they live in."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="jiedian-tests-"))
        self.processes = []
        # PostgreSQL refuses to run as root: there it runs as the user Debian made for it.
        self.user = "postgres" if os.geteuid() == 0 else None

    def start_postgresql(self) -> str:
        """Start an empty cluster and return its DATABASE_URL."""
        binaries = postgresql_binaries()
        home = self.folder / "postgresql"
        home.mkdir()
        password = secrets.token_urlsafe(24)
        password_file = home / "password"
        password_file.write_text(password)
        if self.user:
            try:
                owner = pwd.getpwnam(self.user)
            except KeyError:
                raise Missing("There is no user 'postgres' to run PostgreSQL as.") from None
            self.folder.chmod(0o711)
            for path in (home, password_file):
                os.chown(path, owner.pw_uid, owner.pw_gid)

        initdb = subprocess.run(
            [
                *self._as_owner(),
                binaries / "initdb",
                *("--pgdata", home / "data", "--username", "jiedian", "--pwfile", password_file),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"),
                "--no-sync",
            ],
            cwd=home,
            capture_output=True,
            text=True,
        )
        if initdb.returncode:
            raise pytest.UsageError(f"initdb failed:\n{initdb.stdout}{initdb.stderr}")

        port = free_port()
        settings = POSTGRESQL_SETTINGS | {"port": str(port)}
        self._start(
            "PostgreSQL",
            [
                *self._as_owner("--pdeathsig", "INT"),
                binaries / "postgres",
                *("-D", home / "data"),
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            home,
            lambda: postgresql_answers(port, password),
        )
        return f"postgres://jiedian:{password}@127.0.0.1:{port}/{DATABASE}"

    def start_redis(self) -> str:
        """Start an empty Redis that keeps nothing on disk and return its REDIS_URL."""
        program = shutil.which("redis-server")
        if program is None:
            raise Missing("redis-server is not installed.")
        home = self.folder / "redis"
        home.mkdir()
        port = free_port()
        self._start(
            "Redis",
            [
                *("setpriv", "--pdeathsig", "TERM", program),
                *("--bind", "127.0.0.1", "--port", str(port), "--dir", home),
                *("--save", "", "--appendonly", "no", "--databases", "64"),
            ],
            home,
            lambda: redis_answers(port),
        )
        return f"redis://127.0.0.1:{port}/0"

    def stop(self):
        """Stop both, last started first, and remove what they wrote."""
        for process in reversed(self.processes):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(2)  # PostgreSQL's "fast" shutdown; Redis takes it as "stop" too
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _as_owner(self, *options):
        """The words before a PostgreSQL command: who runs it, and what ends it when we are gone."""
        identity: tuple[str, ...] = ()
        if self.user:
            identity = ("--reuid", self.user, "--regid", self.user, "--init-groups")
        return ["setpriv", *identity, *options] if identity or options else []

    def _start(self, name, command, home, answers):
        log = home / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Out of the terminal's reach: Ctrl-C is for pytest, which then stops them itself.
                start_new_session=True,
            )
        self.processes.append(process)
        give_up = time.monotonic() + PATIENCE
        while not answers():
            if process.poll() is not None or time.monotonic() > give_up:
                raise pytest.UsageError(f"{name} did not start:\n{log.read_text()}")
            time.sleep(0.05)


def postgresql_binaries() -> Path:
    """The folder of the newest PostgreSQL server programs on this machine."""
    folders = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda folder: float(folder.parent.name),
    )
    if folders:
        return folders[-1]
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    raise Missing("The PostgreSQL server is not installed.")


def free_port() -> int:
    """A port of this machine nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def postgresql_answers(port: int, password: str) -> bool:
    """Whether a client gets in; makes the database its URL names on the way."""
    import psycopg2

    try:
        connection = psycopg2.connect(
            host="127.0.0.1", port=port, user="jiedian", password=password, dbname="postgres"
        )
    except psycopg2.OperationalError:
        return False
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()
    return True


def redis_answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def migrate(database: str) -> None:
    """Bring an empty PostgreSQL database to where the product's migrations lead.

    A database just like it may have been kept by an earlier run; it is loaded in a second.
    """
    kept = KEPT / f"migrated-{digest_of_the_product()}.sql"
    tools = postgresql_binaries()
    if kept.exists():
        run([tools / "psql", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={kept}", database])
        return
    run([sys.executable, "manage.py", "migrate", "--verbosity=0"])
    KEPT.mkdir(parents=True, exist_ok=True)
    for old in KEPT.glob("migrated-*.sql"):
        old.unlink(missing_ok=True)
    whole = kept.with_suffix(f".{os.getpid()}")
    run([tools / "pg_dump", "--no-owner", f"--file={whole}", database])
    whole.rename(kept)


def digest_of_the_product() -> str:
    """What a migrated database may depend on: every Python file but the tests, and the engine."""
    digest = hashlib.sha256(str(postgresql_binaries()).encode())
    for path in sorted(ROOT.glob("*/**/*.py")):
        room = path.relative_to(ROOT).parts[0]
        if room not in {"tests", "bench", "var"} and not room.startswith("."):
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def run(command: list) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise pytest.UsageError(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


# --- pytest --------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    """Start the services before pytest-django, which reads the settings in this same hook."""
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        if worker := os.environ.get("PYTEST_XDIST_WORKER"):
            # Each worker has a Redis database of its own, as pytest-django gives it one of
            # PostgreSQL.
            number = int(worker.removeprefix("gw")) + 1
            os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + f"/{number}"
        else:
            start_services(early_config)
    return (yield)


def start_services(config):
    """Start what the run needs, tell Django where it is, and stop it when pytest ends."""
    services = Services()
    config.add_cleanup(services.stop)
    try:
        if os.environ.get("JIEDIAN_TEST_DATABASE") == "sqlite":
            database = f"sqlite:///{services.folder / 'jiedian.sqlite3'}"
            # A file: Django's test database in memory knows no locks between connections.
            os.environ["TEST_SQLITE"] = str(services.folder / "test.sqlite3")
        else:
            database = services.start_postgresql()
        redis = services.start_redis()
    except Missing as missing:
        services.stop()
        raise pytest.UsageError(f"{missing} Run script/setup test first.") from None
    except BaseException:
        services.stop()
        raise

    os.environ.update(JIEDIAN_TEST="1", DATABASE_URL=database, REDIS_URL=redis)
    for name in ("media", "static"):
        folder = services.folder / name
        folder.mkdir()
        os.environ[f"{name.upper()}_ROOT"] = str(folder)
    # A demo's or a deployment's environment must not leak into the tests.
    os.environ.pop("JIEDIAN_DEMO", None)
    if database.startswith("postgres:"):
        migrate(database)
    if FONTS.exists():
        # Chinese in headless Chromium and in PDFs, whatever fonts the machine has.
        os.environ["FONTCONFIG_FILE"] = str(FONTS)


def pytest_report_header():
    engine = os.environ["DATABASE_URL"].split(":", 1)[0]
    return f"services: {engine}, redis"
