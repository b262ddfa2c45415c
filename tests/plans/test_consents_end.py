"""Third parties: asked in writing, reminded; and what happens when a consent ends too early."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.roles import Role
from contracts import guards
from contracts import services as contracts
from documents import pdf
from documents.models import Paper
from fees import services as fees
from plans import services
from plans.tasks import end_consents
from surveys import services as surveying
from surveys.models import Consent
from tests import factories as office
from tests.applications.factories import sheet
from tests.fees import factories as money
from tests.plans import factories as make
from tests.surveys import factories as surveys
from workflow import reminders
from workflow.guards import Refused
from workflow.models import Alert, Case, Notice, Subject
from workflow.process import Kind

pytestmark = pytest.mark.django_db
MONDAY = datetime.fromisoformat("2026-06-01T10:00:00+08:00")


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY, tick=False) as found:
        yield found


def consented(*, days: int = 8, other_point: bool = False) -> Case:
    """Surveyed; the neighbour consents to the point for so many days. The plan is in hand."""
    case = make.taken(sheet())
    point = surveys.candidate(case)
    consent = surveys.asked(point)
    until = timezone.localdate() + timedelta(days=days)
    surveys.answered(consent, "yes", expires_on=until)
    if other_point:
        surveys.candidate(case, source_point=surveys.source_point("院内 2# 分支箱"))
    surveys.signed_survey(fresh(case))
    return fresh(case)


def fresh(case: Case) -> Case:
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


def alerts(case: Case) -> list:
    found = Alert.objects.filter(case=case, subject=Subject.CONSENT).order_by("ref")
    return [f"{alert.due_on}" for alert in found]


# Asking -------------------------------------------------------------------------------------------


def test_an_unanswered_request_is_reminded_until_the_party_answers(clock):
    surveyor = surveys.surveyor()
    office.person(Role.SUPERVISOR, at="lh")
    case = make.taken(sheet())
    consent = surveys.asked(surveys.candidate(case))
    assert alerts(case) == ["2026-06-08"]

    clock.move_to(datetime.fromisoformat("2026-06-09T09:00:00+08:00"))
    reminders.sweep()

    told = Notice.objects.filter(reminder__subject=Subject.CONSENT)
    assert {n.user.username for n in told} == {surveyor.username, "supervisor-lh"}
    surveys.answered(consent, "not_reached")
    assert alerts(case) == ["2026-06-16"]
    surveys.answered(Consent.objects.get(), "yes")
    assert alerts(case) == []


def test_asking_by_letter_writes_one_in_both_languages_with_the_article_of_the_law(clock):
    case = make.taken(sheet())

    surveys.asked(surveys.candidate(case), party="张建国", asked_how="letter")

    letters = {p.language: p for p in Paper.objects.filter(case=case, kind="consent")}
    assert set(letters) == {"en", "zh-hans"}
    for language, letter in letters.items():
        with translation.override(language):
            text = pdf.html(letter)
        assert "292" in text
        assert "张建国" in text
        assert "从原接户点 T 接" in text
    assert letters["en"].data["answer_by"] == "2026-06-08"


def test_the_button_writes_the_letter_and_not_after_the_answer(clock):
    case = make.taken(sheet())
    consent = surveys.asked(surveys.candidate(case))
    client = Client()
    client.force_login(surveys.surveyor())
    address = reverse("surveys:consent_letter", args=[case.number, consent.pk])

    assert client.post(address).status_code == 302
    assert Paper.objects.filter(case=case, kind="consent").count() == 2
    surveys.answered(consent, "yes")
    client.post(address)
    assert Paper.objects.filter(case=case, kind="consent").count() == 2


# Ending -------------------------------------------------------------------------------------------


def test_before_a_consent_ends_the_ladder_stands_and_not_for_points_nobody_plans(clock):
    case = consented(days=30, other_point=True)
    assert alerts(case) == ["2026-06-24"]
    plan = make.drawn(case)
    other = plan.survey.candidates.last()
    plan.sources.update(candidate=other)
    services.submit(plan.step, by=plan.step.owner)
    services.approve(plan.step, by=make.approver())
    services.answer(plan.step, by=make.clerk(), how="counter")
    services.accept(plan.step, by=make.clerk(), signed_name="王小明", **make.word())

    assert alerts(case) == []


@pytest.mark.parametrize("reach", [make.submitted, make.answered, make.accepted_plan])
def test_the_end_of_a_consent_reopens_the_source_point_and_tells_the_customer(clock, reach):
    case = consented()
    plan = reach(case)
    point = plan.survey.candidates.get().source_point
    before = point.open_kva
    clock.shift(timedelta(days=12))

    assert end_consents() == 1

    case = fresh(case)
    assert case.step(Kind.SURVEY).round == 2
    assert case.step(Kind.SURVEY).state == "in_hand"
    assert case.step(Kind.FEES) is None or not case.step(Kind.FEES).is_live
    plan.refresh_from_db()
    assert plan.state == "void"
    point.refresh_from_db()
    assert point.open_kva == before + 8, "the capacity is free again"
    with translation.override("en"):
        letter = pdf.html(case.papers.get(kind="refusal", language="en"))
    assert "the consent of 张建国 ended on 2026-06-09" in letter
    assert "Choose another source point with us" in letter
    assert "We have not closed your request." in letter
    assert case.events.filter(verb="consent_expired").count() == 1
    assert end_consents() == 0
    with pytest.raises(Refused):
        fees.issue(case.step(Kind.FEES), by=office.person(Role.BILLER))


def test_with_another_usable_point_only_the_plan_is_drawn_anew(clock):
    case = consented(other_point=True)
    make.answered(case)
    clock.shift(timedelta(days=12))

    end_consents()

    case = fresh(case)
    assert (case.step(Kind.SURVEY).round, case.step(Kind.PLAN).round) == (1, 2)
    assert case.step(Kind.PLAN).state == "in_hand"


def test_on_its_last_day_a_consent_still_holds(clock):
    case = consented()
    make.answered(case)
    clock.move_to(datetime.fromisoformat("2026-06-09T09:00:00+08:00"))

    assert end_consents() == 0
    assert make.plan_of(case).state == "answered"


def test_between_midnight_and_the_task_no_money_and_no_contract_pass(clock):
    case = consented()
    plan = make.accepted_plan(case)
    clock.shift(timedelta(days=12))

    assert [c.party for c in type(plan).of(fresh(case)).ended_consents(timezone.localdate())] == [
        "张建国"
    ]
    contract = fresh(case).step(Kind.CONTRACT)
    assert not guards.CONSENTS_STAND(contract)
    assert "张建国" in guards.CONSENTS_STAND.says(contract)


def test_where_money_was_taken_the_case_is_held_and_the_ladder_climbs_until_it_is_refunded():
    payment = money.paid()
    plan = payment.bill.plan
    case = fresh(plan.case)
    yesterday = timezone.localdate() - timedelta(days=1)
    consent = Consent.objects.create(
        candidate=plan.sources.first().candidate,
        party_kind="village",
        party="南庄村委会",
        subject="架空线过境",
        asked_on=yesterday,
        asked_how="letter",
        answer="yes",
        answered_on=yesterday,
        expires_on=yesterday,
    )

    assert end_consents() == 1

    case = fresh(case)
    assert make.plan_of(case).state == "accepted"
    assert case.papers.filter(kind="refusal").count() == 2
    alert = Alert.objects.get(subject=Subject.CONSENT)
    assert (alert.ref, alert.due_on) == (consent.pk, yesterday)
    contract = case.step(Kind.CONTRACT)
    assert not guards.CONSENTS_STAND(contract)
    with pytest.raises(Refused, match="南庄村委会"):
        contracts.draw(
            contract,
            by=office.person(Role.CONTRACT_OFFICER),
            kind="hv",
            term_from=timezone.localdate(),
            term_to=None,
        )


def test_a_consent_given_for_longer_in_time_changes_nothing_for_the_customer(clock):
    case = consented()
    make.accepted_plan(case)
    consent = Consent.objects.get()
    until = timezone.localdate() + timedelta(days=400)

    surveying.renew_consent(consent, by=surveys.surveyor(), words="续签一年", expires_on=until)
    clock.shift(timedelta(days=12))

    assert end_consents() == 0
    assert make.plan_of(case).state == "accepted"
    assert len(alerts(case)) == 1


def test_a_consent_taken_back_ends_and_only_a_surveyor_records_it(clock):
    case = consented(days=300)
    make.accepted_plan(case)
    today = timezone.localdate()
    with pytest.raises(Refused):
        surveying.renew_consent(
            Consent.objects.get(), by=make.clerk(), words="收回", expires_on=today
        )

    surveying.renew_consent(
        Consent.objects.get(), by=surveys.surveyor(), words="收回", expires_on=today
    )
    clock.shift(timedelta(days=1))

    assert end_consents() == 1
    assert fresh(case).step(Kind.SURVEY).round == 2
