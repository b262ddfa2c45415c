"""Meters change hands once, power comes on when everything is in order, and somebody calls."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.roles import Role
from documents.models import Paper
from metering import guards, services
from metering.models import Installation, Meter, Seal
from tests.factories import person
from tests.metering import factories as make
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.process import PROCESS, BusinessType, CustomerClass, ExistingSupply, Kind

pytestmark = pytest.mark.django_db


def test_choosing_a_meter_takes_it_out_of_stock_and_issues_the_work_order():
    case = make.case_at()
    chosen = make.meter()

    make.order(case, chosen)

    chosen.refresh_from_db()
    assert chosen.state == Meter.State.ASSIGNED
    assert Paper.objects.filter(case=case, kind="work_order").count() == 2


def test_another_choice_gives_the_first_meter_back():
    case = make.case_at()
    first, second = make.meter(), make.meter("3200000002")
    order = make.order(case, first)
    order.meter = second

    services.plan_order(order, by=make.fitters()[0])

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (Meter.State.IN_STOCK, Meter.State.ASSIGNED)


def test_a_meter_on_another_work_order_is_refused():
    chosen = make.meter()
    make.order(make.case_at(), chosen)

    with pytest.raises(Refused, match="choose another one"):
        make.order(make.case_at(), chosen)


def test_the_database_refuses_one_meter_in_two_places():
    chosen = make.meter()
    make.order(make.case_at(), chosen)
    step = make.case_at().step(Kind.METER)

    with pytest.raises(IntegrityError), transaction.atomic():
        Installation.objects.create(step=step, meter=chosen)


def test_a_meter_of_another_unit_stays_there():
    from tests.factories import unit

    far = make.meter(unit=unit("bhxc"))

    with pytest.raises(Refused, match="another unit"):
        make.order(make.case_at(), far)


def test_a_high_voltage_customer_needs_three_phases_accuracy_ct_and_pt():
    case = make.case_at(customer_class=CustomerClass.HV_SINGLE)

    with pytest.raises(Refused) as refusal:
        make.order(case, make.meter())
    assert len(refusal.value.messages) == 4


def test_a_work_order_without_seals_or_a_second_technician_is_not_signed():
    order = make.order(make.case_at(), make.meter())
    order.second_installer = None

    with pytest.raises(Refused) as refusal:
        services.install(order, by=make.fitters()[0])
    assert "not sealed" in str(refusal.value)
    assert "Two different" in str(refusal.value)


def test_an_unlicensed_installer_is_refused():
    order = make.order(make.case_at(), make.meter())
    Seal.objects.create(installation=order, place="meter", number="S1")
    order.second_installer = person(Role.CLERK)

    with pytest.raises(Refused, match="not a licensed"):
        services.install(order, by=make.fitters()[0])


def test_a_hung_meter_is_found_by_its_number():
    case = make.case_at()

    order = make.ready(case)

    assert Case.objects.matching(order.meter.asset_number).get() == case
    order.meter.refresh_from_db()
    assert order.meter.state == Meter.State.INSTALLED


def test_power_comes_on_and_the_case_with_it():
    case = make.case_at()
    make.ready(case)

    step = make.power_on(make.fresh(case.step(Kind.METER)))

    assert (step.state, step.outcome) == (Step.State.DONE, "energized")
    assert make.case_of(case).state == Case.State.ENERGIZED
    assert case.events.filter(verb="energized").count() == 1


def test_power_does_not_come_on_before_the_meter_hangs():
    step = make.case_at().step(Kind.METER)

    with pytest.raises(Refused) as refusal:
        make.power_on(step)
    assert {"The meter is not sealed.", "The work order is not signed: no meter hangs."} <= set(
        refusal.value.messages
    )


def test_fees_and_contract_stand_in_the_way_until_done_or_deferred():
    case = make.case_at(Kind.CONTRACT)
    boss, clerk = person(Role.SUPERVISOR), person(Role.CLERK)
    moves.ask_fast_lane(case, by=clerk, grounds="AAA")
    until = timezone.localdate() + timedelta(days=20)
    moves.approve_fast_lane(case, by=boss, kinds=[Kind.CONTRACT], until=until)
    case = make.case_of(case)
    make.ready(case)
    moves.revoke_fast_lane(case, by=boss, reason="撤销")

    step = make.fresh(case.step(Kind.METER))
    assert not guards.CONTRACT_SIGNED(step)
    with pytest.raises(Refused):
        make.power_on(step)


def test_closing_takes_the_meter_off_and_switches_nothing_on():
    case = make.case_at(
        business_type=BusinessType.CLOSING,
        existing_supply=ExistingSupply.OWN,
    )
    old = make.meter(state=Meter.State.INSTALLED)
    step = case.step(Kind.METER)
    removal = services.removal_of(step)
    removal.asset_number, removal.removed_at = old.asset_number, timezone.now()
    removal.reading_total = 4821
    removal.installer, removal.second_installer = make.fitters()

    services.remove(removal, by=make.fitters()[0])
    services.confirm(removal, by=make.fitters()[1])

    old.refresh_from_db()
    assert old.state == Meter.State.REMOVED
    done = make.fresh(step)
    assert (done.state, done.outcome) == (Step.State.DONE, "disconnected")
    assert all(guard.finding(done).met for guard in guards.GUARDS[Kind.METER])


def test_a_meter_that_moves_hangs_again_in_the_same_case():
    first = make.case_at()
    make.ready(first)
    make.power_on(make.fresh(first.step(Kind.METER)))
    meter = Meter.objects.get()
    case = make.case_at(business_type=BusinessType.METER_MOVE, existing_supply=ExistingSupply.OWN)
    step = case.step(Kind.METER)
    removal = services.removal_of(step)
    assert removal.what == "moved"
    removal.asset_number, removal.removed_at = meter.asset_number, timezone.now()
    removal.reading_total = 100
    removal.installer, removal.second_installer = make.fitters()
    services.remove(removal, by=make.fitters()[0])
    services.confirm(removal, by=make.fitters()[1])
    removal.reading_total = 1
    with pytest.raises(Refused, match="changed no more"):
        services.keep_removal(removal, by=make.fitters()[0])

    make.ready(make.case_of(case), Meter.objects.get())
    make.power_on(make.fresh(step))

    assert Meter.objects.get().state == Meter.State.INSTALLED
    assert Installation.objects.filter(meter=meter, ended_at=None).count() == 1


def test_a_withdrawn_case_gives_its_meter_back():
    case = make.case_at()
    chosen = make.meter()
    make.order(case, chosen)

    moves.withdraw(case, by=person(Role.CLERK), reason="不装了")

    chosen.refresh_from_db()
    assert chosen.state == Meter.State.IN_STOCK
    make.order(make.case_at(), chosen)


def test_readings_below_zero_or_above_the_total_are_refused_by_the_database():
    order = make.order(make.case_at(), make.meter())
    for columns in ({"reading_total": -1}, {"reading_total": 5, "reading_peak": 6}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Installation.objects.filter(pk=order.pk).update(**columns)


def test_every_condition_names_who_owes_it():
    case = make.case_at()
    for guard in guards.GUARDS[Kind.METER]:
        finding = guard.finding(case.step(Kind.METER))
        assert finding.what
        if not finding.met:
            assert finding.owes


def called(**columns):
    case = make.case_at(Kind.CALLBACK)
    sheet = services.call_of(case.step(Kind.CALLBACK))
    sheet.reached, sheet.called_at, sheet.satisfaction = True, timezone.now(), 5
    sheet.power_quality_ok, sheet.charged_beyond_bill = True, False
    for name, value in columns.items():
        setattr(sheet, name, value)
    return case, sheet


def test_the_call_sets_the_contact_clock_back_and_ends_the_case():
    case, sheet = called()
    before = make.case_of(case).last_contact_at

    services.call_back(sheet, by=person(Role.CLERK))

    case = make.case_of(case)
    assert case.last_contact_at > before
    assert case.step(Kind.CALLBACK).outcome == "reached"
    assert case.contacts.filter(outcome="reached").exists()


def test_a_dissatisfied_customer_needs_somebody_who_follows_it_up():
    case, sheet = called(satisfaction=1)
    clerk = person(Role.CLERK)
    with pytest.raises(Refused, match="follows it up"), transaction.atomic():
        services.call_back(sheet, by=clerk)
    sheet.follow_up_owner, sheet.follow_up = clerk, "上门解释"
    sheet.follow_up_on = timezone.localdate() + timedelta(days=2)

    services.call_back(sheet, by=clerk)

    assert case.events.filter(verb="follow_up").exists()


def test_a_charge_beyond_the_bill_is_written_down():
    case, sheet = called(charged_beyond_bill=True)
    clerk = person(Role.CLERK)
    with pytest.raises(Refused, match="beyond the bill"), transaction.atomic():
        services.call_back(sheet, by=clerk)
    sheet.charged_what, sheet.follow_up_owner, sheet.follow_up = "材料费 200 元", clerk, "退还"
    sheet.follow_up_on = timezone.localdate()

    services.call_back(sheet, by=clerk)

    assert case.events.filter(verb="charged_beyond_bill").exists()


def test_who_is_never_reached_is_tried_on_three_days_and_then_let_be():
    case = make.case_at(Kind.CALLBACK)
    clerk = person(Role.CLERK)
    sheet = services.call_of(case.step(Kind.CALLBACK))
    before = make.case_of(case).last_contact_at
    for days in range(3):
        attempt = services.not_reached(sheet, note="无人接听", by=clerk)
        attempt.at = timezone.now() - timedelta(days=days)
        attempt.save()
        if days < 2:
            assert not guards.CALLED(make.fresh(sheet.step))
    assert make.case_of(case).last_contact_at == before
    sheet.reached = False

    assert services.call_back(sheet, by=clerk).outcome == "not_reached"


def test_only_the_role_of_the_step_works_on_it():
    step = make.case_at().step(Kind.METER)
    assert PROCESS[Kind.METER].role == Role.FITTER

    with pytest.raises(Refused, match="This is the work of"):
        services.keep_power(services.power_of(step), by=person(Role.CLERK))
