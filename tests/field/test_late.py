"""A visit whose step is late: the tablet asks why, and a record that does not say is not lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.field import factories as tablet
from workflow.models import Lateness, Step

pytestmark = pytest.mark.django_db


def late(site: Step) -> None:
    Step.objects.filter(pk=site.pk).update(due_on=timezone.localdate() - timedelta(days=5))


def test_the_tablet_asks_only_where_the_step_is_late_as_the_page_is_opened(mine, site):
    url = reverse("field:visit", args=[site.pk])
    assert "late_cause" not in mine.get(url).content.decode()

    late(site)

    page = mine.get(url).content.decode()
    # On the survey, not on the visit without a result.
    assert page.count('data-title="Why is it late?"') == 1
    assert "Needed to sign." in page.partition('name="late_cause"')[2][:600]


def test_a_record_keeps_the_cause_that_it_brings(mine, site, lina):
    late(site)
    photo = tablet.picture(1)
    sent = tablet.envelope(site, lina, photos=[photo])
    sent["fields"] += [["late_cause", "no_access"], ["late_remark", "门锁"]]

    answer = tablet.send(mine, sent, [photo])

    assert answer["state"] == "applied", answer
    row = Lateness.objects.get(step=site)
    assert (row.cause.code, row.remark, row.by, row.owed) == ("no_access", "门锁", lina, False)


def test_a_record_that_came_late_without_a_cause_is_taken_and_its_cause_is_owed(mine, site, lina):
    photo = tablet.picture(1)
    sent = tablet.envelope(site, lina, photos=[photo])
    late(site)

    answer = tablet.send(mine, sent, [photo])

    assert answer["state"] == "applied", answer
    row = Lateness.objects.get(step=site)
    assert (row.cause, row.by, row.owed) == (None, lina, True)
    url = reverse("workflow:explain", args=[site.case.number, row.pk])
    assert url in mine.get(reverse("field:today")).content.decode()
    case_page = reverse("workflow:case", args=[site.case.number])
    assert url in mine.get(case_page, {"step": site.pk}).content.decode()

    refused = mine.post(url, {"late_cause": "other", "late_remark": ""})
    assert "in a few words" in refused.content.decode()
    assert mine.post(url, {"late_cause": "customer_away", "late_remark": ""}).status_code == 302

    row.refresh_from_db()
    assert (row.cause.code, row.owed) == ("customer_away", False)
    assert site.case.events.filter(verb="late_explained", actor=lina).count() == 1
    assert mine.post(url, {"late_cause": "staff"}).status_code == 403
    assert url not in mine.get(reverse("field:today")).content.decode()
