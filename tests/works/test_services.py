"""The customer's works: received, judged, sent back, passed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from accounts.roles import Role
from documents.models import Paper, PaperItem
from tests.factories import person
from tests.works import factories as make
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.process import Kind
from works import services
from works.guards import sheet_of
from works.models import DrawingComment, Licence, Request

pytestmark = pytest.mark.django_db


def test_our_clock_runs_from_the_moment_the_file_came():
    case = make.case_at(Kind.CONTRACTOR)
    assert case.step(Kind.CONTRACTOR).state == Step.State.WITH_CUSTOMER

    step = make.received(case, Kind.CONTRACTOR)

    assert step.state == Step.State.IN_HAND
    assert step.due_on is not None
    assert case.events.filter(verb="file_received").count() == 1


@pytest.mark.parametrize("hours", [1, -48])
def test_a_file_is_not_received_ahead_of_time_nor_before_the_customers_turn(hours):
    case = make.case_at(Kind.CONTRACTOR)
    moment = timezone.now() + timedelta(hours=hours)
    request = Request(
        step=case.step(Kind.CONTRACTOR), received_at=moment, what="x", from_whom="王小明"
    )

    with pytest.raises(Refused):
        services.receive(request, by=make.worker(Kind.CONTRACTOR))
    assert not Request.objects.exists()


def test_an_incomplete_file_goes_back_with_one_written_list():
    case = make.case_at(Kind.CONTRACTOR)
    step = make.received(case, Kind.CONTRACTOR)

    services.ask_for_more(step, missing="许可证正本\n\n营业执照", by=make.worker(Kind.CONTRACTOR))

    assert make.fresh(step).state == Step.State.WITH_CUSTOMER
    papers = Paper.objects.filter(case=case, kind="deficiency")
    assert papers.count() == 2
    assert papers[0].data["items"] == ["许可证正本", "营业执照"]


def test_a_qualified_contractor_lets_the_case_go_on():
    case = make.case_at(Kind.CONTRACTOR)

    step = make.qualified(case, Kind.CONTRACTOR)

    assert step.state == Step.State.DONE
    assert case.events.filter(verb="contractor_qualified").exists()


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"valid_to": timezone.localdate() - timedelta(days=1)}, "expired"),
        ({"status": Licence.Status.SUSPENDED}, "suspended"),
        ({"installs": False, "tests": True}, "no class to install"),
    ],
)
def test_a_licence_that_does_not_stand_is_refused(columns, why):
    case = make.case_at(Kind.CONTRACTOR)
    bad = make.licence(number=why, **columns)

    with pytest.raises(Refused, match="does not cover"):
        make.qualified(case, Kind.CONTRACTOR, licence=bad)
    assert make.fresh(case.step(Kind.CONTRACTOR)).state == Step.State.IN_HAND


def test_a_grade_below_the_voltage_is_refused():
    case = make.case_at(Kind.CONTRACTOR)
    small = make.licence(code="五级", number="small")

    with pytest.raises(Refused, match="does not cover"):
        make.qualified(case, Kind.CONTRACTOR, licence=small, checked_voltage="35kv")


def test_a_designer_is_not_a_contractor():
    case = make.case_at(Kind.CONTRACTOR)
    other = make.licence("designer", installs=True)

    with pytest.raises(Refused, match="wrong kind"):
        make.qualified(case, Kind.CONTRACTOR, licence=other)


def test_originals_are_deferred_in_the_fast_lane_only_and_become_a_debt():
    until = timezone.localdate() + timedelta(days=30)
    late = {"originals": "deferred", "originals_until": until}
    case = make.case_at(Kind.CONTRACTOR)
    with pytest.raises(Refused, match="fast lane"), transaction.atomic():
        make.qualified(case, Kind.CONTRACTOR, **late)
    clerk, boss = person(Role.CLERK), person(Role.SUPERVISOR)
    moves.ask_fast_lane(case, by=clerk, grounds="信用 AAA")
    moves.approve_fast_lane(case, by=boss, kinds=[Kind.FEES], until=until)

    step = make.qualified(Case.objects.get(pk=case.pk), Kind.CONTRACTOR, **late)

    assert step.state == Step.State.DONE
    debt = PaperItem.objects.get(case=case, requirement__code="contractor_original")
    assert (debt.state, debt.due_on) == ("owed", until)


def test_a_failed_qualification_says_why_and_waits_for_the_customer_again():
    case = make.case_at(Kind.CONTRACTOR)
    step = make.received(case, Kind.CONTRACTOR)
    sheet = sheet_of(step)
    sheet.decision = "failed"
    with pytest.raises(Refused, match="not in order"), transaction.atomic():
        services.decide(sheet, by=make.worker(Kind.CONTRACTOR))
    sheet.remarks = "许可证已注销"

    services.decide(sheet, by=make.worker(Kind.CONTRACTOR))

    again = make.fresh(step)
    assert (again.round, again.state) == (2, Step.State.WITH_CUSTOMER)
    assert Paper.objects.filter(kind="deficiency", case=case).exists()


def test_an_open_comment_keeps_the_next_revision_from_passing():
    case = make.case_at(Kind.DESIGNER)
    make.qualified(case, Kind.DESIGNER)
    case = make.case_of(case)
    step = make.drawings_ready(case)
    review = sheet_of(step)
    comment = DrawingComment.objects.create(
        case=case, raised_in=review, drawing="A-01", item="3", text="缺联锁"
    )
    reviewer = make.worker(Kind.DRAWINGS)
    with pytest.raises(Refused, match="still open"), transaction.atomic():
        services.decide(review, by=reviewer)
    review.decision = "returned"
    services.decide(review, by=reviewer)
    second = make.drawings_ready(make.case_of(case))
    assert second.round == 2
    with pytest.raises(Refused, match="still open"), transaction.atomic():
        services.decide(sheet_of(second), by=reviewer)
    comment.closed_in, comment.closed_by, comment.answer = sheet_of(second), reviewer, "已加"
    comment.save()

    services.decide(sheet_of(second), by=reviewer)

    assert make.fresh(second).state == Step.State.DONE


def test_a_comment_is_not_closed_without_an_answer():
    case = make.case_at(Kind.DRAWINGS)
    review = sheet_of(make.received(case, Kind.DRAWINGS))
    comment = DrawingComment(
        case=case,
        raised_in=review,
        drawing="A",
        item="1",
        text="x",
        closed_in=review,
        closed_by=make.worker(Kind.DRAWINGS),
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        comment.save()


def test_a_permit_that_lapsed_stops_the_acceptance_and_sends_it_back_to_qualification():
    case = make.case_at(Kind.CONTRACTOR, concealed_works=False, importance="none")
    make.qualified(case, Kind.CONTRACTOR)
    case = make.walk(make.case_of(case), Kind.ACCEPTANCE)
    step = make.check_ready(case, Kind.ACCEPTANCE)
    inspector = make.worker(Kind.ACCEPTANCE)
    with pytest.raises(Refused, match="still valid"), transaction.atomic():
        services.back_to_qualification(step, by=inspector)
    Licence.objects.update(valid_to=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Refused, match=r"permit of .* does not cover"), transaction.atomic():
        services.decide(sheet_of(step), by=inspector)

    services.back_to_qualification(make.fresh(step), by=inspector)

    case = make.case_of(case)
    assert case.step(Kind.CONTRACTOR).round == 2
    assert case.step(Kind.CONTRACTOR).state == Step.State.WITH_CUSTOMER


def test_a_mid_check_needs_a_photo_before_covering():
    case = make.case_at(Kind.MID_CHECK)
    step = make.check_ready(case, Kind.MID_CHECK)
    step.check_photos.all().delete()

    with pytest.raises(Refused, match="photo before covering"):
        services.decide(sheet_of(step), by=make.worker(Kind.MID_CHECK))


def test_a_check_begins_with_the_standard_items_and_all_must_be_in_order():
    case = make.case_at(Kind.ACCEPTANCE)
    step = make.check_ready(case, Kind.ACCEPTANCE)
    assert step.check_items.count() >= 9
    item = step.check_items.first()
    item.result = "not_ok"
    item.save()

    with pytest.raises(Refused, match="Not every item"):
        services.decide(sheet_of(step), by=make.worker(Kind.ACCEPTANCE))


def test_standard_items_are_read_in_the_readers_language_in_every_round():
    case = make.case_at(Kind.ACCEPTANCE)
    with translation.override("en"):
        step = make.check_ready(case, Kind.ACCEPTANCE)
        make.defect(step)
        sheet = sheet_of(step)
        sheet.result = "failed"
        services.decide(sheet, by=make.worker(Kind.ACCEPTANCE))
        second = make.check_ready(make.case_of(case), Kind.ACCEPTANCE)

    with translation.override("zh-hans"):
        for round_ in (step, second):
            assert "接地电阻" in [row.item for row in round_.check_items.all()]


def test_defects_are_told_once_in_writing_and_cured_before_the_next_attempt_passes():
    case = make.case_at(Kind.ACCEPTANCE)
    inspector = make.worker(Kind.ACCEPTANCE)
    step = make.check_ready(case, Kind.ACCEPTANCE)
    sheet = sheet_of(step)
    sheet.result = "failed"
    with pytest.raises(Refused, match="row of its own"), transaction.atomic():
        services.decide(sheet, by=inspector)
    found = make.defect(step)
    services.decide(sheet, by=inspector)
    notice = Paper.objects.filter(case=case, kind="deficiency").first()
    assert notice.data["items"] == [f"{found.text} · ≤ {found.cure_by:%Y-%m-%d}"]

    second = make.check_ready(make.case_of(case), Kind.ACCEPTANCE)
    assert second.round == 2
    with pytest.raises(Refused, match="not cured"), transaction.atomic():
        services.decide(sheet_of(second), by=inspector)
    found.cured_on, found.cure, found.seen_by = timezone.localdate(), "重做", inspector
    found.save()
    services.decide(sheet_of(second), by=inspector)

    assert make.fresh(second).state == Step.State.DONE
    assert case.events.filter(verb="acceptance_failed").count() == 1


def test_another_role_cannot_sign():
    case = make.case_at(Kind.ACCEPTANCE)
    step = make.check_ready(case, Kind.ACCEPTANCE)

    with pytest.raises(Refused, match="This is the work of"):
        services.decide(sheet_of(step), by=person(Role.CLERK))


def test_a_signed_check_without_a_result_is_refused_by_the_database():
    step = make.received(make.case_at(Kind.ACCEPTANCE), Kind.ACCEPTANCE)
    sheet = sheet_of(step)
    sheet.signed_at, sheet.signed_by = timezone.now(), make.worker(Kind.ACCEPTANCE)

    with pytest.raises(IntegrityError), transaction.atomic():
        sheet.save()
