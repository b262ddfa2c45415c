"""What all tests share: the browser they drive."""

import os
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.utils import translation

BROWSER_TESTS = Path(__file__).parent / "browser"


def pytest_collection_modifyitems(items):
    """Let Django work beside Playwright, but only in a run that has browser tests.

    Playwright keeps an event loop running in the main thread from its first test on; Django, seeing
    it, would refuse every query made there.
    """
    if any(BROWSER_TESTS in item.path.parents for item in items):
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(autouse=True)
def english(settings):
    """The tests are written in English, whether or not the Chinese catalogue is compiled."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


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
def shipped_rows(django_db_setup, django_db_blocker):
    """What the migrations wrote: limits, calendar, lists, catalogues, roles."""
    derived = {"contenttypes", "sessions", "admin"}
    with django_db_blocker.unblock():
        permission = apps.get_model("auth", "Permission")
        models = [
            m for m in apps.get_models() if m._meta.app_label not in derived and m._meta.managed
        ]
        return [(m, list(m._base_manager.all())) for m in models if m is not permission]


@pytest.fixture(autouse=True)
def _reference_data(request):
    """A test with real commits empties the tables behind it; the next one finds them as shipped."""
    marker = request.node.get_closest_marker("django_db")
    commits = marker and marker.kwargs.get("transaction")
    if (
        commits
        or "transactional_db" in request.fixturenames
        or "live_server" in request.fixturenames
    ):
        rows = request.getfixturevalue("shipped_rows")
        request.getfixturevalue("transactional_db")
        for model, instances in rows:
            model._base_manager.bulk_create(instances, ignore_conflicts=True)


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
