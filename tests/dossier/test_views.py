"""The page of the dossier, and the worker behind it, killed or not."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from config.celery import app
from dossier import services, tasks
from dossier.models import Dossier
from tests.documents.factories import counter_case
from tests.documents.test_worker import Worker, wait_for
from tests.dossier.factories import asked, short
from tests.factories import person

pytestmark = pytest.mark.django_db


def browser(role: str = Role.SUPERVISOR, at: str = "lhcd") -> Client:
    client = Client()
    client.force_login(person(role, at=at))
    return client


def test_one_press_on_the_case_page_asks_for_the_dossier(django_capture_on_commit_callbacks):
    case, manager = counter_case(), browser(Role.MANAGER)
    address = reverse("dossier:dossier", args=[case.number])
    assert f'action="{address}"' in manager.get(case.get_absolute_url()).content.decode()
    clerk = browser(Role.CLERK).get(case.get_absolute_url()).content.decode()
    assert f'action="{address}"' not in clerk

    with django_capture_on_commit_callbacks() as sent:
        response = manager.post(address)

    assert response.url == address
    assert len(sent) == 1
    page = manager.get(address).content.decode()
    assert "being made" in page
    assert 'hx-trigger="every 2s"' in page


def test_a_made_dossier_is_handed_out_whole_and_never_kept_by_the_browser():
    case = counter_case()
    dossier = short(case)
    auditor = browser(Role.AUDITOR)

    page = auditor.get(reverse("dossier:dossier", args=[case.number])).content.decode()
    archive = auditor.get(reverse("dossier:archive", args=[case.number, dossier.pk]))
    paper = auditor.get(reverse("dossier:pdf", args=[case.number, dossier.pk]))

    assert dossier.sha256 in page
    assert "every 2s" not in page
    assert archive["Content-Disposition"] == f'attachment; filename="{dossier.number}.zip"'
    assert archive["Cache-Control"] == paper["Cache-Control"] == "private, no-store"
    assert ZipFile(BytesIO(b"".join(archive))).namelist() == ["dossier.pdf"]
    assert b"".join(paper) == b"%PDF-1.7 nothing"
    archive.close()


def test_what_is_not_made_or_is_of_another_case_is_not_found():
    case, other = counter_case(), counter_case(street="人民路 3 号", not_duplicate="另一户")
    unmade, made = asked(case), short(other)

    for name in ("dossier:archive", "dossier:pdf"):
        for pk in (unmade.pk, made.pk, 999_999):
            assert browser().get(reverse(name, args=[case.number, pk])).status_code == 404
    default_storage.delete(made.file.name)
    assert browser().get(reverse("dossier:pdf", args=[other.number, made.pk])).status_code == 404


def test_one_that_takes_too_long_says_so_and_is_sent_again_when_asked_again(
    django_capture_on_commit_callbacks,
):
    case = counter_case()
    asked(case)
    Dossier.objects.update(asked_at=timezone.now() - timedelta(days=2))
    address = reverse("dossier:dossier", args=[case.number])
    assert "takes longer than it should" in browser().get(address).content.decode()
    assert tasks.make_missing() == 0, "not for ever"

    with django_capture_on_commit_callbacks() as sent:
        browser().post(address)

    assert len(sent) == 1
    assert "takes longer" not in browser().get(address).content.decode()
    assert Dossier.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_no_dossier_and_none_is_made_twice():
    app.control.purge()
    case = counter_case()
    dossier = asked(case)
    worker = Worker()
    try:
        # Killed over the dossier, which it takes up after the papers.
        wait_for(lambda: not case.papers.filter(rendered_at=None).exists())
    finally:
        worker.kill()
    assert Dossier.objects.unmade().exists()
    app.control.purge()
    assert tasks.make_missing() == 0, "its worker may be at it"
    Dossier.objects.update(asked_at=timezone.now() - timedelta(minutes=10))

    assert tasks.make_missing() == 1
    tasks.make.delay(dossier.pk)
    again = Worker()
    try:
        wait_for(lambda: not Dossier.objects.unmade().exists())
        tasks.make(dossier.pk)
    finally:
        again.stop()

    made = Dossier.objects.get()
    assert case.events.filter(verb=services.MADE).count() == 1
    assert made.sha256 in made.file.name
    folder = default_storage.path(made.file.name).rsplit("/", 1)[0]
    assert [name for name in default_storage.listdir(folder)[1] if made.sha256 in name] == [
        f"{made.sha256}.zip"
    ]
    assert case.papers.filter(rendered_at=None).count() == 0
