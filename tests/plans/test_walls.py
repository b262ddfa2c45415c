"""What holds even past the room: concurrent hands, stale rows, and SQL."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from plans import steps
from plans.models import Plan, PlanSource
from surveys.models import SourcePoint
from tests.plans import making as make
from tests.surveys import factories as surveying
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import CustomerClass, Kind

pytestmark = pytest.mark.django_db


def sql(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_a_draft_read_before_the_submission_does_not_undo_it():
    case = make.surveyed()
    make.drawn(case)
    stale, _sources = steps.draft_for(make.fresh(case))
    steps.submit(make.fresh(case), by=make.planner())

    with pytest.raises(Refused):
        steps.save_draft(make.fresh(case), stale, [], by=make.planner())

    assert make.plan_of(case).state == Plan.State.SUBMITTED
    assert make.plan_of(case).sources.count() == 1


def test_a_point_outside_the_catalogue_gives_what_was_measured_open():
    case = surveying.at_survey()
    surveying.candidate(
        case, name="院内新分支箱", rated_kva=Decimal(100), committed_kva=Decimal(95)
    )
    surveying.signed_survey(case)
    case = Case.objects.get(pk=case.pk)
    make.drawn(case)

    with pytest.raises(Refused, match=r"5\.00.*8\.00"):
        steps.submit(make.fresh(case), by=make.planner())


def test_a_standby_source_does_not_carry_the_load():
    case = make.surveyed()
    make.drawn(case, [make.source(case, role="standby")])

    with pytest.raises(Refused):
        steps.submit(make.fresh(case), by=make.planner())


def test_a_decision_is_news_from_the_customer():
    case = make.surveyed()
    make.answered(case)
    before = Case.objects.get(pk=case.pk).last_contact_at

    steps.object_to(make.fresh(case), by=make.planner(), reason="表位不合适")

    assert Case.objects.get(pk=case.pk).last_contact_at > before


def test_a_consent_that_ended_before_the_customer_decided_stops_the_acceptance():
    case = make.surveyed()
    today = timezone.localdate()
    make.source(case).candidate.consents.create(
        party_kind="co_user",
        party="张建国",
        subject="从原接户点 T 接",
        asked_on=today,
        asked_how="in_person",
        answer="yes",
        answered_on=today,
    )
    plan = make.answered(case)
    plan.sources.get().candidate.consents.update(expires_on=today, answered_on=None, answer="")

    with pytest.raises(Refused):
        steps.accept(make.fresh(case), by=make.planner(), signed_name="王小明", how="signature")

    assert Plan.of(case) is None


def test_a_plan_at_ten_kilovolts_makes_a_low_voltage_case_high_voltage():
    case = make.surveyed(customer_class="lv_other", category="commercial")

    make.accepted(case, voltage="10kv", tariff="commercial")

    case = Case.objects.get(pk=case.pk)
    assert (case.customer_class, case.capacity_kva) == (CustomerClass.HV_SINGLE, 8)
    assert case.step(Kind.ACCEPTANCE)


def test_a_plan_decided_while_the_sweep_was_on_its_way_is_left_alone(monkeypatch):
    case = make.surveyed()
    plan = make.answered(case)
    after = plan.valid_until + timedelta(days=1)
    seen = steps._locked

    def decided_meanwhile(step):
        monkeypatch.setattr(steps, "_locked", seen)
        steps.object_to(make.fresh(case), by=make.planner(), reason="表位不合适")
        return seen(step)

    monkeypatch.setattr(steps, "_locked", decided_meanwhile)

    assert steps.expire(after) == 0
    assert make.fresh(case).round == 2


# SQL ----------------------------------------------------------------------------------------------


def test_the_database_refuses_a_plan_on_a_survey_that_is_not_signed():
    signed, case = (
        make.surveyed(),
        surveying.at_survey(
            customer_name="赵敏", id_number="32010219851106441X", phone="13900008888", room="4-101"
        ),
    )
    survey = surveying.steps.save(
        surveying.filled(surveying.fresh(case)), [], by=surveying.surveyor()
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(step=make.fresh(signed), survey=survey)


def test_the_database_refuses_a_plan_on_the_survey_of_another_case():
    mine, other = make.surveyed(), make.neighbour()

    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(step=make.fresh(mine), survey=other.step(Kind.SURVEY).survey)


@pytest.mark.parametrize(
    "change",
    [
        "total_kva = 9",
        "voltage = '380v'",
        "reserve_kva = 1",
        "signed_name = 'x'",
        "state = 'draft'",
    ],
)
def test_the_database_refuses_to_change_what_the_customer_signed(change):
    plan = make.accepted(make.surveyed())

    with pytest.raises(IntegrityError):
        sql(f"UPDATE plans_plan SET {change} WHERE id = %s", plan.pk)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE plans_plansource SET capacity_kva = 9 WHERE plan_id = %s",
        "DELETE FROM plans_plansource WHERE plan_id = %s",
    ],
)
def test_the_database_refuses_to_change_the_sources_of_an_accepted_plan(statement):
    plan = make.accepted(make.surveyed())

    with pytest.raises(IntegrityError):
        sql(statement, plan.pk)

    assert plan.sources.get().capacity_kva == 8


def test_a_draft_stays_free_to_be_changed():
    plan = make.drawn(make.surveyed())

    sql("UPDATE plans_plan SET total_kva = 9 WHERE id = %s", plan.pk)
    sql("DELETE FROM plans_plansource WHERE plan_id = %s", plan.pk)

    assert not PlanSource.objects.filter(plan=plan).exists()


@pytest.mark.django_db(transaction=True)
def test_two_plans_at_once_never_hold_more_than_the_point_has():
    if connection.vendor != "postgresql":
        pytest.skip("rows are locked on PostgreSQL; SQLite writes one at a time")
    cases = [make.surveyed(), make.neighbour()]
    for case in cases:
        make.drawn(case, [make.source(case, capacity_kva=Decimal(40))])
    planner, refused, start = make.planner(), [], threading.Barrier(2)

    def press(case):
        try:
            step = make.fresh(case)
            start.wait()
            steps.submit(step, by=planner)
        except Refused:
            refused.append(case)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[case]) for case in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert SourcePoint.objects.get(name="人民路 2# 公变").reserved_kva == 40
