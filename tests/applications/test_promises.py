"""What was promised to the customer, and what proves that nobody answers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import services
from applications.models import Contact
from tests.applications.factories import accepted
from tests.factories import person
from workflow import reminders
from workflow.models import Alert, Case, Notice, Subject

pytestmark = pytest.mark.django_db
MONDAY = datetime.fromisoformat("2026-06-01T10:00:00+08:00")


def contact(case: Case, *, by=None, **columns) -> Contact:
    values = {"summary": "告知进展", "at": timezone.now(), **columns}
    made = services.note_contact(Contact(**values), case=case, by=by or person(Role.CLERK))
    Contact.objects.filter(pk=made.pk).update(entered_at=made.at)  # written down on its day
    return made


def promises() -> list[tuple[int, date]]:
    return list(Alert.objects.filter(subject=Subject.PROMISE).values_list("ref", "due_on"))


def told() -> list[str]:
    """Who was told of promises, in order."""
    of_promises = Notice.objects.filter(reminder__subject=Subject.PROMISE)
    return list(
        of_promises.order_by("reminder__level", "user__username").values_list(
            "user__username", flat=True
        )
    )


def test_a_promise_climbs_from_who_gave_it_to_the_company_until_the_customer_is_reached():
    surveyor = person(Role.SURVEYOR)
    person(Role.SUPERVISOR, at="lh")
    person(Role.MANAGER, at="jc")
    person(Role.MANAGER, at="js")
    with time_machine.travel(MONDAY, tick=False) as clock:
        case = accepted()
        contact(case, by=surveyor, promised_on=date(2026, 6, 3))
        for day in range(2, 11):
            clock.move_to(datetime.fromisoformat(f"2026-06-{day:02}T09:00:00+08:00"))
            reminders.sweep()

    names = told()
    assert names[:2] == ["surveyor-lhcd", "surveyor-lhcd"]
    assert {"supervisor-lh", "manager-jc", "manager-js"} <= set(names)
    assert case.owner.username not in names


def test_a_promise_is_kept_by_reaching_the_customer_and_not_by_a_message():
    with time_machine.travel(MONDAY, tick=False) as clock:
        case = accepted()
        made = contact(case, promised_on=date(2026, 6, 3))
        clock.shift(timedelta(hours=1))
        contact(case, outcome="message", channel="sms")
        assert promises() == [(made.pk, date(2026, 6, 3))]
        clock.shift(timedelta(hours=1))
        contact(case)

    assert promises() == []


def test_the_same_talk_keeps_one_promise_and_gives_the_next():
    with time_machine.travel(MONDAY, tick=False) as clock:
        case = accepted()
        contact(case, promised_on=date(2026, 6, 3))
        clock.shift(timedelta(days=1))
        second = contact(case, promised_on=date(2026, 6, 8))

    assert promises() == [(second.pk, date(2026, 6, 8))]


def test_a_promise_entered_late_is_not_put_up_when_the_customer_was_reached_since():
    with time_machine.travel(MONDAY, tick=False) as clock:
        case = accepted()
        clock.shift(timedelta(days=3))
        contact(case)
        contact(case, at=timezone.now() - timedelta(days=1), promised_on=date(2026, 6, 9))

    assert promises() == []


def attempts(case: Case, *tried: tuple[int, str]) -> None:
    """Attempts in vain on these days of the week of MONDAY, by these channels."""
    for day, channel in tried:
        at = MONDAY + timedelta(days=day)
        contact(case, at=at, channel=channel, outcome="not_reached")


@pytest.mark.parametrize(
    ("tried", "lacking"),
    [
        ([], ["3 more attempts on other days", "2 different channels needed"]),
        ([(1, "phone"), (2, "phone")], ["1 more attempt on another day", "1 more channel needed"]),
        ([(1, "phone"), (1, "sms"), (1, "visit")], ["2 more attempts on other days"]),
        ([(1, "phone"), (2, "phone"), (3, "phone")], ["1 more channel needed"]),
        ([(1, "phone"), (2, "phone"), (3, "visit")], []),
    ],
)
def test_three_attempts_on_different_days_by_two_channels_prove_that_nobody_answers(tried, lacking):
    with time_machine.travel(MONDAY, tick=False) as clock:
        case = accepted()
        clock.shift(timedelta(days=7))
        attempts(case, *tried)

        proof = Contact.objects.proof_of_attempts(case, MONDAY)

    assert proof.lacking == lacking
    assert proof.holds is not bool(lacking)


def test_an_attempt_that_is_remembered_days_later_proves_nothing():
    case = accepted()
    late = Contact(outcome="not_reached", summary="x", at=timezone.now() - timedelta(days=0))
    made = services.note_contact(late, case=case, by=person(Role.CLERK))
    assert len(Contact.objects.proof_of_attempts(case, case.opened_at).contacts) == 1

    Contact.objects.filter(pk=made.pk).update(entered_at=made.at + timedelta(days=3))

    assert Contact.objects.proof_of_attempts(case, case.opened_at).contacts == []


def test_being_reached_begins_the_proof_anew_and_what_the_customer_sends_is_no_attempt():
    with time_machine.travel(MONDAY, tick=False) as clock:
        case = accepted()
        clock.shift(timedelta(days=7))
        attempts(case, (1, "phone"), (2, "sms"))
        contact(case, at=MONDAY + timedelta(days=3))
        attempts(case, (4, "phone"))
        contact(
            case, at=MONDAY + timedelta(days=5), direction="in", outcome="message", channel="mail"
        )

        proof = Contact.objects.proof_of_attempts(case, MONDAY)

    assert [c.channel for c in proof.contacts] == ["phone"]
    assert proof.summary == "1 of 3 attempts: 2 more attempts on other days, 1 more channel needed"


def test_the_contact_page_says_how_far_the_proof_has_come():
    case = accepted(at=timezone.now() - timedelta(days=9))
    contact(case, at=timezone.now() - timedelta(days=2), outcome="not_reached")
    contact(case, at=timezone.now() - timedelta(days=1), outcome="not_reached")
    client = Client()
    client.force_login(person(Role.CLERK))

    shown = client.get(reverse("applications:contact", args=[case.number])).content.decode()

    assert "2 of 3 attempts: 1 more attempt on another day, 1 more channel needed" in shown
