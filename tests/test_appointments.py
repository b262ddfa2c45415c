"""Work that is still to be done is named for nobody who cannot do it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from metering.guards import callback_of
from metering.models import Installation
from metering.services import order_of
from tests.factories import person
from tests.metering import factories as metering
from tests.works import factories as works
from workflow import moves, reminders
from workflow.models import Alert, Case, Event, Step, Subject
from workflow.process import Kind
from works.guards import sheet_of

pytestmark = pytest.mark.django_db


def gone(who: User) -> None:
    User.objects.filter(pk=who.pk).update(is_active=False)


def told(case: Case, column: str) -> Event:
    """The one event that says who is named no longer."""
    return case.events.get(verb=moves.PASSED_ON, data__named=column)


def booked_check() -> Step:
    """A check for which a day is agreed, with its inspector."""
    case = works.case_at(Kind.ACCEPTANCE)
    step = works.received(case, Kind.ACCEPTANCE)
    sheet = sheet_of(step)
    sheet.inspector = step.owner or works.worker(Kind.ACCEPTANCE)
    sheet.booked_at = timezone.now() + timedelta(days=1)
    sheet.save()
    return works.fresh(step)


def test_a_booked_check_of_who_left_is_free_and_the_day_agreed_is_told():
    step = booked_check()
    before = sheet_of(step).inspector
    gone(before)

    reminders.pass_on_left()

    step = works.fresh(step)
    sheet = sheet_of(step)
    assert (step.owner, sheet.inspector) == (None, None)
    assert sheet.booked_at
    assert (
        f"{timezone.localtime(sheet.booked_at):%Y-%m-%d %H:%M}" in told(step.case, "inspector").note
    )
    events = step.case.event_count
    assert reminders.pass_on_left() == 0
    assert works.fresh(step).case.event_count == events


def test_a_booked_check_goes_with_its_step_to_the_stand_in():
    step = booked_check()
    before = sheet_of(step).inspector
    colleague = person(step.process.role, username="stand-in")
    User.objects.filter(pk=before.pk).update(stand_in=colleague)
    gone(before)

    reminders.pass_on_left()

    step = works.fresh(step)
    assert (step.owner, sheet_of(step).inspector) == (colleague, colleague)
    assert told(step.case, "inspector").data["after"] == colleague.pk


def test_who_made_the_check_before_leaving_stays_named():
    step = booked_check()
    sheet = sheet_of(step)
    sheet.inspected_at = timezone.now()
    sheet.save()
    gone(sheet.inspector)

    reminders.pass_on_left()

    assert sheet_of(works.fresh(step)).inspector == sheet.inspector


def test_a_second_fitter_who_left_is_named_no_longer():
    case = metering.case_at(Kind.METER)
    one, two = metering.fitters()
    step = case.step(Kind.METER)
    order = order_of(step, one)
    order.installer, order.second_installer = one, two
    order.save()
    gone(two)

    assert moves.left(two) == [case.pk]
    reminders.pass_on_left()

    order = Installation.objects.get(pk=order.pk)
    assert (order.installer, order.second_installer) == (one, None)
    assert told(case, "second_installer").data["before"] == two.pk


def test_a_follow_up_of_who_left_goes_to_who_answers_for_the_case():
    boss = person(Role.SUPERVISOR)
    case = metering.dissatisfied()
    before = callback_of(case.step(Kind.CALLBACK)).follow_up_owner
    gone(before)

    reminders.pass_on_left()

    case = Case.objects.get(pk=case.pk)
    sheet = callback_of(case.step(Kind.CALLBACK))
    assert sheet.follow_up_owner == case.owner == boss
    assert Alert.objects.get(subject=Subject.FOLLOW_UP, case=case).owner == boss
    assert told(case, "follow_up_owner").data["after"] == boss.pk
