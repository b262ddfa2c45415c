"""Ask once: one numbered list of everything missing, and what is asked for later is counted."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.roles import Role
from documents import asking, pdf
from documents.asking import AskedLate, Point
from documents.models import Ask, Paper
from tests import factories as office
from tests.works import factories as make
from workflow.guards import Refused
from workflow.models import Alert, Subject
from workflow.process import Kind
from works import services
from works.guards import sheet_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor():
    return office.person(Role.SUPERVISOR, at="lh")


@pytest.fixture
def step():
    """A contractor's file, asked to be completed once."""
    found = make.received(make.case_at(Kind.CONTRACTOR), Kind.CONTRACTOR)
    services.ask_for_more(found, missing="许可证正本\n营业执照", by=make.worker(Kind.CONTRACTOR))
    return make.received(make.case_of(found.case), Kind.CONTRACTOR)


def told(case) -> dict[str, Paper]:
    """The newest notice, by language."""
    papers = Paper.objects.filter(case=case, kind="deficiency").order_by("pk")
    return {paper.language: paper for paper in papers}


def test_reviewers_and_counter_stand_on_one_list_with_one_numbering(step):
    case = step.case
    case.papers_owed.filter(requirement__code__startswith="title").update(state="owed", number=90)
    check = sheet_of(step)
    check.decision, check.remarks = "failed", "等级不够"

    services.decide(check, by=make.worker(Kind.CONTRACTOR))

    numbers = [(line.number, line.what) for line in asking.the_list(case)]
    assert [what for _n, what in numbers if what in ("许可证正本", "营业执照", "等级不够")] == [
        "许可证正本",
        "营业执照",
        "等级不够",
    ]
    assert len({n for n, _what in numbers}) == len(numbers)
    for paper in told(case).values():
        with translation.override(paper.language):
            text = pdf.html(paper)
        for number, what in numbers:
            assert what in text or any(p.requirement.label in text for p in case.papers_owed.all())
            assert f">{number}</td>" in text


def test_what_the_first_list_did_not_say_is_refused_until_a_supervisor_approves(step, supervisor):
    reviewer = make.worker(Kind.CONTRACTOR)
    with pytest.raises(AskedLate, match="安全生产许可证") as late:
        services.ask_for_more(step, missing="营业执照\n安全生产许可证", by=reviewer)
    assert [point.what for point in late.value.points] == ["安全生产许可证"]
    assert make.fresh(step).state == "in_hand"

    [ask] = asking.propose(step, late.value.points, source="file", by=reviewer)
    assert asking.propose(step, late.value.points, source="file", by=reviewer) == []
    with pytest.raises(AskedLate):
        services.ask_for_more(step, missing="安全生产许可证", by=reviewer)
    with pytest.raises(Refused):
        asking.approve(ask, by=reviewer)
    asking.approve(ask, by=supervisor)
    services.ask_for_more(step, missing="安全生产许可证", by=reviewer)

    assert make.fresh(step).state == "with_customer"
    assert Ask.objects.asked_later().filter(case=step.case).count() == 1
    assert step.case.events.filter(verb="asked_later", actor=supervisor).count() == 1
    with translation.override("en"):
        assert "approved by a supervisor" in pdf.html(told(step.case)["en"])


def test_what_a_supervisor_declines_is_not_asked_for(step, supervisor):
    reviewer = make.worker(Kind.CONTRACTOR)
    [ask] = asking.propose(step, [Point("安全生产许可证")], source="file", by=reviewer)

    asking.decline(ask, by=supervisor)

    assert not Ask.objects.asked_later().exists()
    with pytest.raises(Refused):
        asking.approve(ask, by=supervisor)
    with pytest.raises(AskedLate):
        services.ask_for_more(step, missing="安全生产许可证", by=reviewer)


def test_points_close_one_by_one_with_who_and_when_and_the_rest_when_the_link_passes(step):
    reviewer = make.worker(Kind.CONTRACTOR)
    first, second = Ask.objects.open().filter(case=step.case)

    asking.close(first, by=reviewer)

    first.refresh_from_db()
    assert (first.closed_by, second.closed_at) == (reviewer, None)
    with pytest.raises(Refused):
        asking.close(first, by=reviewer)
    check = sheet_of(step)
    check.licence, check.checked_voltage = make.licence(Kind.CONTRACTOR), "10kv"
    check.scope_ok = check.grade_ok = check.stamp_ok = True
    check.originals, check.decision = "seen", "passed"
    services.decide(check, by=reviewer)
    assert not Ask.objects.open().filter(case=step.case).exists()
    assert step.case.events.filter(verb="point_put_right").count() == 2


def test_a_defect_cured_is_put_right_and_a_new_one_needs_a_supervisor():
    inspector = make.worker(Kind.ACCEPTANCE)
    step = make.check_ready(make.case_at(Kind.ACCEPTANCE), Kind.ACCEPTANCE)
    found = make.defect(step)
    sheet = sheet_of(step)
    sheet.result = "failed"
    services.decide(sheet, by=inspector)
    second = make.check_ready(make.case_of(step.case), Kind.ACCEPTANCE)
    make.defect(second, text="门未接地")
    sheet = sheet_of(second)
    sheet.result = "failed"

    with pytest.raises(AskedLate, match="门未接地"), transaction.atomic():
        services.decide(sheet, by=inspector)

    assert make.fresh(second).state == "in_hand"
    assert [ask.what for ask in Ask.objects.open()] == [found.text]


def test_the_database_refuses_what_was_asked_later_without_another_persons_yes(step):
    reviewer = make.worker(Kind.CONTRACTOR)
    [ask] = asking.propose(step, [Point("另一份")], source="file", by=reviewer)

    for columns in ({"number": 99}, {"number": 99, "approved_by": reviewer}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Ask.objects.filter(pk=ask.pk).update(**columns)


def test_the_page_asks_the_supervisor_and_the_supervisor_answers_there(step, supervisor):
    client = Client()
    client.force_login(make.worker(Kind.CONTRACTOR))
    missing = reverse("works:contractor_missing", args=[step.case.number])
    answer = client.post(missing, {"missing": "安全生产许可证"}).content.decode()
    assert "Not on the list told before: 安全生产许可证." in answer
    assert "The supervisor has been asked" in answer
    ask = Ask.objects.proposed().get()
    waits = Alert.objects.filter(subject=Subject.ASK, ref=ask.pk)
    assert waits.get().owner == supervisor

    papers = reverse("documents:papers", args=[step.case.number])
    assert "waits for the supervisor" in client.get(papers).content.decode()
    client.force_login(supervisor)
    client.post(reverse("documents:point", args=[step.case.number, ask.pk]), {"act": "approve"})
    shown = client.get(papers).content.decode()

    assert not waits.exists()
    assert "1 point asked for later" in shown
    assert f"asked later, approved by {supervisor}" in shown
