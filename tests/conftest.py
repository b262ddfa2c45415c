"""What all tests share: the browser they drive, and the rows they find."""

import gc
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.utils import translation

from tests import services
from tests.made_once import begin

TESTS = Path(__file__).parent
BROWSER_TESTS = TESTS / "browser"
# The files that take longest begin, so that no worker is left alone with one of them at the end.
LONGEST = [
    TESTS / name
    for name in (
        "test_queries.py",
        "test_seed.py",
        "test_links.py",
        "test_permissions.py",
        "workflow/test_concurrency.py",
        "test_languages.py",
        "test_walls_on_sqlite.py",
        "test_machine.py",
        "workflow/test_machine.py",
        "browser/test_pages.py",
        "browser/test_journey.py",
        "browser/test_field.py",
    )
]


def pytest_collection_modifyitems(items):
    """The longest first; and let Django work beside Playwright, in a run that has browser tests.

    Playwright keeps an event loop running in the main thread from its first test on; Django, seeing
    it, would refuse every query made there.
    """
    items.sort(key=lambda item: LONGEST.index(item.path) if item.path in LONGEST else len(LONGEST))
    if any(BROWSER_TESTS in item.path.parents for item in items):
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_finish():
    """The program and its tests stay to the end: the search for garbage leaves them out."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef):
    """What a module writes is judged here, once: else behind each of its tests anew.

    The end of a test asks for the constraints that are put off, and is undone with it.
    """
    result = yield
    if fixturedef.scope == "module" and connection.in_atomic_block:
        connection.check_constraints()
    return result


@pytest.fixture(autouse=True)
def english(settings):
    """The tests are written in English, whether or not the Chinese catalogue is compiled."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _answered(request, _live_server_helper):
    """Nothing is answered any more when the tables are emptied.

    Who leaves a page does not wait for what it had asked: the server goes on answering, and holds
    tables that the end of the test needs. Set up before the test's browser, so ended behind it.
    """
    yield
    if "live_server" not in request.fixturenames:
        return
    server = request.getfixturevalue("live_server").thread
    # Connections are taken in turn: once this one is, none of the test's own waits before it. What
    # is no request gets its answer from the server itself.
    with socket.create_connection((server.host, server.port), timeout=60) as wire:
        wire.sendall(b"answered?\r\n\r\n")
        wire.recv(1)
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=60)
            assert not thread.is_alive(), "a minute after its test the server still answers"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium instead of a downloaded one, and quiet: it calls nobody but our server."""
    return {
        **browser_type_launch_args,
        "executable_path": "/usr/bin/chromium",
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    """On PostgreSQL each worker's database is a copy of the one that services.py has migrated."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = services.DATABASE


def emptied(style, tables, *, reset_sequences=False, allow_cascade=False):
    """The statements that empty the tables: only those that hold anything, a handful of a hundred.

    TRUNCATE writes the files of every table and index anew. As with TRUNCATE, nobody else is at the
    tables meanwhile, and no trigger is asked.
    """
    every = ", ".join(map(connection.ops.quote_name, tables))
    return [
        f"LOCK TABLE {every}",
        "SET LOCAL session_replication_role = replica",
        f"DO $$ DECLARE found regclass; BEGIN FOR found IN {HOLDING} LOOP "
        "EXECUTE 'DELETE FROM ' || found; END LOOP; END $$",
    ]


# The tables that have a page in their file. VACUUM takes it away again from those emptied.
HOLDING = (
    "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace "
    "AND relkind = 'r' AND relname <> 'django_migrations' AND pg_relation_size(oid) > 0"
)


def swept():
    """Nothing is left of rows that were deleted, neither to read past nor in the files."""
    with connection.cursor() as cursor:
        cursor.execute(HOLDING)
        found = ", ".join(table for (table,) in cursor.fetchall())
        if found:
            cursor.execute(f"VACUUM (INDEX_CLEANUP ON) {found}")


PUT_BACK = pytest.StashKey[Callable[[], None]]()


@pytest.fixture(scope="session")
def django_db_setup(request, django_db_setup, django_db_blocker):
    """Remembers what the migrations wrote: limits, calendar, lists, catalogues, roles."""
    derived = {"contenttypes", "sessions", "admin"}
    with django_db_blocker.unblock():
        permission = apps.get_model("auth", "Permission")
        models = [
            m for m in apps.get_models() if m._meta.app_label not in derived and m._meta.managed
        ]
        rows = [(m, list(m._base_manager.all())) for m in models if m is not permission]

    def put_back():
        with django_db_blocker.unblock():
            if connection.vendor == "postgresql":
                swept()
            for model, instances in rows:
                model._base_manager.bulk_create(instances, ignore_conflicts=True)

    request.config.stash[PUT_BACK] = put_back
    if connection.vendor == "postgresql":
        connection.ops.sql_flush = emptied


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """A test with real commits leaves its tables empty; behind it they are as shipped again.

    A hook and no fixture: the tables are emptied by the end of the last fixture. Behind the last
    test of all there is no database any more.
    """
    result = yield
    marker = item.get_closest_marker("django_db")
    commits = (marker and marker.kwargs.get("transaction")) or not {
        "transactional_db",
        "live_server",
    }.isdisjoint(getattr(item, "fixturenames", ()))
    if commits and nextitem and (put_back := item.config.stash.get(PUT_BACK, None)):
        put_back()
    return result


@pytest.fixture(autouse=True)
def _made_before(request, english):
    """Cases made once, for a test of one transaction; before anything else writes."""
    marker = request.node.get_closest_marker("django_db")
    begin(
        copies=bool(marker)
        and not marker.kwargs.get("transaction")
        and "django_capture_on_commit_callbacks" not in request.fixturenames
    )


@pytest.fixture
def walls_down(db):
    """The process without its money: the fee gate's walls on the steps are lowered for this test.

    For tests that walk a case past links whose sheets are other tests' business.
    """
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE workflow_step DISABLE TRIGGER USER")


@pytest.fixture
def process_alone(walls_down, monkeypatch):
    """The floor by itself: no room has a condition, and none has anything to undo."""
    monkeypatch.setattr("workflow.process.guards", lambda kind: ())
    for moves in ("cases", "rounds"):
        monkeypatch.setattr(f"workflow.moves.{moves}.undo", lambda step, by: None)
