"""Papers are made by a real worker over the real broker, once, whatever dies in between."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from config.celery import app
from documents import tasks
from documents.models import Paper
from tests.documents.factories import counter_case, rendered
from tests.factories import person

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60


class Worker:
    """A worker process on the test's own database, broker and store."""

    def __init__(self) -> None:
        name = connection.settings_dict["NAME"]
        address = (
            f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{name}"
            if connection.vendor == "postgresql"
            else f"sqlite:///{name}"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", "worker", "-P", "solo", "-l", "ERROR"],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": address, "MEDIA_ROOT": str(settings.MEDIA_ROOT)},
            stdout=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


@pytest.fixture
def worker():
    app.control.purge()
    working = Worker()
    yield working
    if working.process.poll() is None:
        working.stop()


def wait_for(what) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until, "the worker did not do it in time"
        time.sleep(0.05)


def all_rendered() -> bool:
    return not Paper.objects.unrendered().exists()


def test_a_worker_renders_what_was_asked_for_and_stores_the_bytes_once(worker):
    case = counter_case()
    assert Paper.objects.unrendered().count() == 4  # in no web process

    wait_for(all_rendered)

    for paper in case.papers.all():
        with paper.file.open() as file:
            content = file.read()
        assert content.startswith(b"%PDF-1.7")
        assert paper.size == len(content)
        assert paper.sha256 in paper.file.name

    # Made again elsewhere, the same data gives the same bytes; what is stored stays as it is.
    before = list(case.papers.values_list("pk", "sha256", "rendered_at").order_by("pk"))
    from documents import pdf

    for paper in case.papers.select_related("case__unit", "step"):
        assert pdf.render(paper)[1] == paper.sha256
        assert rendered(paper).rendered_at == paper.rendered_at
        tasks.render(paper.pk)
    assert list(case.papers.values_list("pk", "sha256", "rendered_at").order_by("pk")) == before


def test_a_paper_made_on_demand_waits_for_its_first_reader(worker, client):
    case = counter_case()
    wait_for(all_rendered)
    blank = {"rendered_at": None, "file": "", "sha256": "", "on_demand": True}
    Paper.objects.update(**blank)
    assert tasks.render_missing() == 0
    found = case.papers.first()
    client.force_login(person(Role.CLERK))

    assert client.get(found.get_absolute_url()).status_code == 404

    wait_for(lambda: Paper.objects.get(pk=found.pk).rendered_at)
    answer = client.get(found.get_absolute_url())
    assert b"".join(answer).startswith(b"%PDF")
    answer.close()
    assert case.papers.filter(rendered_at=None).count() == 3


def test_a_killed_worker_or_a_lost_message_loses_no_paper(worker):
    counter_case()
    worker.kill()
    app.control.purge()
    Paper.objects.update(issued_at=timezone.now() - timedelta(minutes=5))
    missing = Paper.objects.unrendered().count()

    assert tasks.render_missing() == missing
    again = Worker()
    try:
        wait_for(all_rendered)
    finally:
        again.stop()

    for paper in Paper.objects.all():
        folder = Path(default_storage.path(paper.file.name)).parent
        assert len(list(folder.glob(f"{paper.sha256}*"))) == 1
    assert tasks.render_missing() == 0


PAGES = """
import sys
import django
django.setup()
from importlib import import_module
from django.urls import get_resolver
from documents.rooms import ROOMS
get_resolver().url_patterns
for room in set(ROOMS.values()):
    import_module(f"{room}.paper")
print("weasyprint" in sys.modules)
"""


def test_no_page_loads_what_only_the_worker_needs_to_make_papers():
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    said = subprocess.check_output([sys.executable, "-c", PAGES], env=environment, text=True)

    assert said.strip() == "False"
