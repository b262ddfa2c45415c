"""Two people answer for one sheet: the one signs, the other confirms in their own login."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.roles import Role
from metering import services as metering
from metering.models import Installation, Meter, Removal
from surveys import services as surveys_steps
from surveys.models import Survey
from tests.factories import person
from tests.metering import factories as fitting
from tests.surveys import factories as surveys
from tests.workflow.factories import hung, presented, taken_off
from workflow import moves, process
from workflow.guards import Refused
from workflow.models import Case, LateCause, Step
from workflow.moves import countersign
from workflow.process import Kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


# What waits: its case, step, model, and who are the first, the second and another of their role.
SHEETS = {
    "survey": (presented, Kind.SURVEY, Survey, lambda: (surveys.surveyor(), surveys.second())),
    "order": (hung, Kind.METER, Installation, fitting.fitters),
    "removal": (taken_off, Kind.METER, Removal, fitting.fitters),
}


@pytest.fixture(params=SHEETS)
def waiting(request) -> SimpleNamespace:
    make, kind, model, people = SHEETS[request.param]
    case = make()
    first, second = people()
    role = process.PROCESS[kind].role
    third = person(role, username="third")
    confirm = surveys_steps.confirm if model is Survey else metering.confirm
    room = process.PROCESS[kind].room

    def sheet():
        return model.objects.get(step__case=case)

    return SimpleNamespace(
        case=case,
        kind=kind,
        sheet=sheet,
        first=first,
        second=second,
        third=third,
        confirm=confirm,
        url=reverse(f"{room}:confirm", args=[case.number]),
        step=lambda: Case.objects.get(pk=case.pk).step(kind),
    )


def browser(user) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def test_the_sheet_waits_for_the_second_and_counts_once_they_confirm(waiting):
    before = waiting.step()
    sheet = waiting.sheet()
    assert before.state == "in_hand"
    assert (sheet.signed_at, sheet.waits, sheet.presented_by) == (None, True, waiting.first)

    waiting.confirm(sheet, by=waiting.second)

    sheet = waiting.sheet()
    assert (sheet.signed_by, sheet.confirmed_by) == (waiting.first, waiting.second)
    assert sheet.signed_at
    assert sheet.confirmed_at
    assert not sheet.waits
    order = isinstance(sheet, Installation)
    assert waiting.step().state == ("in_hand" if order else "done")
    assert not order or sheet.meter.state == Meter.State.INSTALLED


@pytest.mark.parametrize("who", ["first", "third"])
def test_nobody_else_confirms_and_the_page_says_who_does(waiting, who):
    by = getattr(waiting, who)
    with pytest.raises(Refused, match="confirm"):
        waiting.confirm(waiting.sheet(), by=by)

    if who == "third":
        answer = browser(by).post(waiting.url, {"decision": "confirm"})
        assert answer.status_code == 403
        assert str(waiting.second) in answer.content.decode()
    assert waiting.sheet().waits


def test_the_second_sees_it_on_desk_and_tablet_and_confirms_there(waiting):
    client = browser(waiting.second)
    for home in (reverse("workflow:desk"), reverse("field:today")):
        page = client.get(home).content.decode()
        assert "Waiting for your confirmation" in page
        assert waiting.url in page
        assert waiting.url not in browser(waiting.third).get(home).content.decode()

    page = client.get(waiting.url)
    assert page.status_code == 200
    assert "Your confirmation" in page.content.decode()
    answer = client.post(waiting.url, {"decision": "confirm"})

    assert answer.status_code == 302
    assert waiting.sheet().confirmed_by == waiting.second
    assert client.post(waiting.url, {"decision": "confirm"}).status_code == 409
    assert waiting.url not in client.get(reverse("workflow:desk")).content.decode()


def test_the_row_that_waits_for_the_second_leads_to_the_confirmation(waiting):
    page = browser(waiting.second).get(waiting.case.get_absolute_url()).content.decode()

    rows = re.findall(r'class="btn btn-sm [^"]*" href="([^"]+)">Confirm or send back…</a>', page)
    assert set(rows) == {waiting.url}


def test_the_case_page_leads_the_second_to_the_confirmation_and_says_why_it_came_back(waiting):
    case_page = waiting.case.get_absolute_url()
    seen = {
        who: browser(getattr(waiting, who)).get(case_page).content.decode()
        for who in ("first", "second", "third")
    }
    assert f'class="btn btn-primary" href="{waiting.url}" data-key="e"' in seen["second"]
    assert "ask them, or ask a supervisor" not in seen["second"]
    assert "Change or take back" in seen["first"]
    assert waiting.url not in seen["third"]
    assert all("waits for the confirmation of" in page for page in seen.values())

    countersign.send_back(waiting.sheet(), by=waiting.second, reason="表位不对")

    page = browser(waiting.first).get(case_page).content.decode()
    assert "Not confirmed by the second person" in page
    assert "表位不对" in page


def test_who_is_to_confirm_already_is_not_offered_as_another_second(waiting):
    page = browser(waiting.first).get(waiting.url).content.decode()

    assert f'<option value="{waiting.third.pk}">' in page
    assert f'<option value="{waiting.second.pk}">' not in page


def test_the_cause_of_lateness_that_the_first_gave_is_not_asked_of_the_second_anew():
    case = presented()
    Step.objects.filter(case=case, kind=Kind.SURVEY).update(
        due_on=timezone.localdate() - timedelta(days=9)
    )
    sheet = Survey.objects.get(step__case=case)
    countersign.send_back(sheet, by=surveys.second(), reason="表位不对")
    cause = LateCause.objects.filter(active=True, needs_words=False).first()
    with moves.because(cause.code, "雨"):
        countersign.present(Survey.objects.get(step__case=case), by=surveys.surveyor())

    page = browser(surveys.second()).get(reverse("surveys:confirm", args=[case.number]))

    page = page.content.decode()
    assert f'<option value="{cause.code}" selected>' in page
    assert 'value="雨"' in page


def test_sent_back_with_a_reason_nothing_is_lost_and_it_is_signed_once_more(waiting):
    client = browser(waiting.second)
    empty = client.post(waiting.url, {"decision": "back", "reason": ""})
    assert empty.status_code == 422
    assert "Say what is not right." in empty.content.decode()
    assert waiting.sheet().waits

    assert client.post(waiting.url, {"decision": "back", "reason": "表位不对"}).status_code == 302

    sheet = waiting.sheet()
    assert (sheet.waits, sheet.not_confirmed) == (False, "表位不对")
    assert (sheet.second, sheet.confirmed_by) == (waiting.second, None)
    step = waiting.step()
    assert step.state == "in_hand"
    page = browser(waiting.first).get(step.get_absolute_url()).content.decode()
    assert "表位不对" in page
    assert 'type="submit"' in page
    page = browser(waiting.first).get(reverse("field:visit", args=[step.pk])).content.decode()
    assert "表位不对" in page


def test_the_first_may_name_another_or_take_it_back(waiting):
    client = browser(waiting.first)
    assert client.post(waiting.url, {"second": ""}).status_code == 422
    assert client.post(waiting.url, {"second": waiting.first.pk}).status_code == 422

    assert client.post(waiting.url, {"second": waiting.third.pk}).status_code == 302
    assert waiting.sheet().second == waiting.third
    with pytest.raises(Refused):
        waiting.confirm(waiting.sheet(), by=waiting.second)

    assert client.post(waiting.url, {"reopen": "1"}).status_code == 302
    assert not waiting.sheet().waits
    with pytest.raises(Refused, match="does not wait"):
        waiting.confirm(waiting.sheet(), by=waiting.third)


def test_while_it_waits_nothing_on_it_changes(waiting):
    on_tablet = browser(waiting.first).get(reverse("field:visit", args=[waiting.step().pk]))
    next_sheet = isinstance(waiting.sheet(), Installation)  # power on goes on being written
    assert on_tablet.status_code == (200 if next_sheet else 302)
    sheet = waiting.sheet()
    keep = {
        Survey: lambda: surveys_steps.save(sheet, surveys.loads(), by=waiting.first),
        Installation: lambda: metering.plan_order(sheet, by=waiting.first),
        Removal: lambda: metering.keep_removal(sheet, by=waiting.first),
    }[type(sheet)]
    with pytest.raises(Refused, match="Take it back"):
        keep()


def test_a_second_who_leaves_is_named_no_longer_and_the_first_names_another(waiting):
    waiting.second.is_active = False
    waiting.second.save()
    moves.pass_on_of(waiting.second, by=None)

    sheet = waiting.sheet()
    assert (sheet.waits, sheet.second) == (True, None)
    client = browser(waiting.first)
    assert waiting.url in client.get(waiting.step().get_absolute_url()).content.decode()
    assert client.post(waiting.url, {"second": waiting.third.pk}).status_code == 302
    waiting.confirm(waiting.sheet(), by=waiting.third)


def test_the_database_lets_nothing_count_that_the_second_has_not_confirmed(waiting):
    now = timezone.now()
    rows = type(waiting.sheet()).objects.filter(step__case=waiting.case)
    signed = {"signed_at": now, "signed_by": waiting.first}
    by_the_first = {"confirmed_at": now, "confirmed_by": waiting.first}
    by_a_third = {"confirmed_at": now, "confirmed_by": waiting.third}
    for columns in (signed, signed | by_the_first, signed | by_a_third):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**columns)


def test_whoever_signs_is_not_the_second_themselves():
    case = presented()
    sheet = Survey.objects.get(step__case=case)
    countersign.reopen(sheet, by=surveys.surveyor())
    step = surveys.fresh(case)
    draft = surveys.filled(
        step, surveyor=surveys.second(), second_surveyor=surveys.surveyor(), phase="three"
    )
    with pytest.raises(Refused, match="cannot confirm too"):
        surveys_steps.sign(draft, surveys.loads(), by=surveys.surveyor())


def test_high_voltage_needs_the_second_even_where_none_is_named():
    case = presented()
    Survey.objects.update(presented_at=None, presented_by=None, second_surveyor=None)
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Survey.objects.filter(step__case=case).update(
            signed_at=now, signed_by=surveys.surveyor(), can_supply=True
        )


def test_a_survey_of_one_is_done_when_it_is_signed():
    case = surveys.at_survey()
    surveys.candidate(case)
    survey = surveys.signed_survey(case)
    assert (survey.presented_at, survey.confirmed_at) == (None, None)
    assert survey.signed_by == surveys.surveyor()


def test_the_clock_of_the_step_runs_on_while_it_waits():
    case = presented()
    step = surveys.fresh(case)
    assert step.state == "in_hand"
    assert step.due_on >= timezone.localdate() - timedelta(days=1)
    [found] = process.to_confirm(surveys.second())
    assert found.step == step
    assert process.to_confirm(person(Role.CLERK)) == []
