"""The pages a tablet keeps: every file they name lies on it too, and their counts are true."""

from __future__ import annotations

import re

import pytest

from field.models import Record
from field.views import shell
from tests.field import factories as tablet
from tests.surveys import factories as surveys
from workflow.models import Step

pytestmark = pytest.mark.django_db
STATIC_FILE = re.compile(r'(?:src|href|data-icons)="(/static/[^"#]+)')


@pytest.mark.parametrize("page", ["/field/", "/field/visits/{pk}/", "/field/records/"])
def test_every_file_a_page_names_is_kept_on_the_tablet(mine, site, page):
    answer = mine.get(page.format(pk=site.pk))

    named = set(STATIC_FILE.findall(answer.content.decode()))
    assert answer.status_code == 200
    assert len(named) >= 9
    assert named <= set(shell())


def test_the_tablet_keeps_no_file_that_no_page_names(mine, site):
    pages = [mine.get("/field/"), mine.get(f"/field/visits/{site.pk}/")]

    named = {name for page in pages for name in STATIC_FILE.findall(page.content.decode())}
    assert set(shell()) == named


def test_the_count_on_the_page_of_today_is_that_of_the_list(mine, client, site, lina):
    for shade in range(3):
        tablet.post(mine, tablet.envelope(site, lina, photos=[tablet.picture(shade)]))
    second = surveys.second()
    Step.objects.filter(pk=site.pk).update(owner=second)

    for person in (lina, second):
        client.force_login(person)
        assert client.get("/field/").context["waiting"] == 3
        assert len(client.get("/field/records/").context["page"].rows) == 3


def test_a_long_list_of_records_goes_on_over_the_page(mine, site, lina):
    tablet.post(mine, tablet.envelope(site, lina, photos=[tablet.picture(1)]))
    first = Record.objects.values("step_id", "author_id", "happened_at", "sent_at").get()
    Record.objects.bulk_create(
        Record(**first, uuid=f"00000000-0000-4000-8000-{n:012}", sheet="survey") for n in range(60)
    )

    page = mine.get("/field/records/")
    rest = mine.get(f"/field/records/{page.context['page'].next_url}")

    assert (len(page.context["page"].rows), len(rest.context["page"].rows)) == (50, 11)
    assert page.context["page"].next_url in page.content.decode().replace("&amp;", "&")
