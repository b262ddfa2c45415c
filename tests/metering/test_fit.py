"""A meter fits the accepted plan: phase, accuracy, rating, voltage, mode and ratios."""

from itertools import product

import pytest
from django.db import transaction
from django.utils import timezone

from metering import fit, services
from metering.models import Installation, Meter, Seal
from metering.models.meter import Accuracy
from tests.metering import factories as make
from tests.plans import factories as plans
from tests.works.factories import walk
from workflow.guards import Refused
from workflow.process import BusinessType, Kind

# Phase, rating (A) and voltage (V) of every meter there could be, fitting or not.
METERS = [*product(("single", "three"), ("5(60)", "1.5(6)"), ("3×220/380", "3×57.7/100"))]
MODES, CTS, PTS = ("lv_lv", "hv_lv", "hv_hv"), ("", "50/5"), ("", "10/0.1")
EVERY = [*product(METERS, MODES, CTS, PTS)]
# What is planned, and the one way among all of them in which it can be metered.
SUPPLIES = {
    "one phase": (
        plans.household,
        {"voltage": "220v"},
        (("single", "5(60)", "3×220/380"), "lv_lv", "", ""),
    ),
    "three phases": (
        plans.household,
        {"voltage": "380v"},
        (("three", "5(60)", "3×220/380"), "lv_lv", "", ""),
    ),
    "three phases through a CT": (
        plans.household,
        {"voltage": "380v", "ct_ratio": "50/5"},
        (("three", "1.5(6)", "3×220/380"), "lv_lv", "50/5", ""),
    ),
    "high voltage metered at low voltage": (
        plans.factory,
        {"metering": "hv_lv", "pt_ratio": ""},
        (("three", "1.5(6)", "3×220/380"), "hv_lv", "50/5", ""),
    ),
    "high voltage metered there": (
        plans.factory,
        {},
        (("three", "1.5(6)", "3×57.7/100"), "hv_hv", "50/5", "10/0.1"),
    ),
}


@pytest.mark.parametrize(
    ("text", "accuracy"),
    [
        ("0.5S", Accuracy.C),
        ("有功 0.2s 级", Accuracy.D),
        ("C 级", Accuracy.C),
        ("2", Accuracy.A),
        ("1.0", Accuracy.B),
        ("", None),
        ("CLASS", None),
        ("DDZY", None),
    ],
)
def test_the_accuracy_of_a_plan_is_read_as_figure_or_letter(text, accuracy):
    assert fit.accuracy_in(text) == accuracy


@pytest.mark.django_db
def test_the_plan_says_which_meter_fits():
    plan = plans.accepted_plan(meter_accuracy="1.0", voltage="380v", ct_ratio="100/5")
    case = make.case_of(plan.step.case)

    single = fit.misfits(make.meter(), case)
    three = make.meter("2", phase="three", accuracy="1.0", rating_a="1.5(6)", voltage_v="3×220/380")

    assert len(single) == 3
    assert fit.misfits(three, case) == []
    assert fit.ratios_of(case) == ("100/5", "")


def stock() -> dict[tuple[str, str, str], Meter]:
    """One meter of each make."""
    return {
        made: make.meter(
            f"32{n:04d}", phase=made[0], rating_a=made[1], voltage_v=made[2], accuracy="0.2S"
        )
        for n, made in enumerate(METERS)
    }


def hangs(step, meter, mode, ct, pt) -> bool:
    """Whether the door lets this meter be hung so; nothing of it stays."""
    first, second = make.fitters()
    order = services.order_of(step)
    order.meter, order.mode, order.ct_ratio, order.pt_ratio = meter, mode, ct, pt
    order.installer, order.second_installer = first, second
    order.installed_at = order.customer_signed_at = timezone.now()
    order.reading_total, order.customer_signed_name = 0, make.signer(step.case)
    signed = False
    with transaction.atomic():
        try:
            with transaction.atomic():
                services.plan_order(order, by=first)
                Seal.objects.create(installation=order, place="meter", number="S1")
                make.signature(step, first)
                services.install(order, by=first)
                signed = True
        except Refused:
            pass
        transaction.set_rollback(True)
    return signed


def traits(way) -> tuple[str, ...]:
    return (*way[0], *way[1:])


@pytest.mark.django_db
@pytest.mark.parametrize("supply", SUPPLIES)
def test_of_all_ways_to_meter_a_supply_only_the_planned_one_is_signed(supply):
    """Every way is judged; the door is tried with the planned one and those one trait away."""
    begun, columns, only = SUPPLIES[supply]
    plan = plans.accepted_plan(begun(not_duplicate="另一户"), **columns)
    case, meters = walk(make.case_of(plan.step.case), Kind.METER), stock()
    step = case.step(Kind.METER)

    fitting = [
        (made, mode, ct, pt)
        for made, mode, ct, pt in EVERY
        if not fit.unfit(
            Installation(step=step, meter=meters[made], mode=mode, ct_ratio=ct, pt_ratio=pt)
        )
    ]
    near = [
        way
        for way in EVERY
        if sum(one != other for one, other in zip(traits(way), traits(only), strict=True)) < 2
    ]
    signed = [
        way
        for way in near
        if hangs(make.fresh(step), Meter.objects.get(pk=meters[way[0]].pk), *way[1:])
    ]

    assert fitting == signed == [only]
    assert len(near) == 8
    assert [*Meter.objects.fitting(*fit.wanted(case))] == [meters[only[0]]]


@pytest.mark.django_db
def test_without_a_plan_meter_mode_and_transformers_fit_each_other():
    case, meters = make.case_at(business_type=BusinessType.METER_MOVE), stock()

    signed = {
        (made, mode, ct, pt)
        for made, mode, ct, pt in EVERY
        if not fit.unfit(
            Installation(
                step=case.step(Kind.METER), meter=meters[made], mode=mode, ct_ratio=ct, pt_ratio=pt
            )
        )
    }

    assert signed == {
        (made, "lv_lv", ct, "")
        for made in METERS
        for ct in CTS
        if "100" not in made[2] and (made[1] == "1.5(6)") == bool(ct)
    }


@pytest.mark.django_db
def test_a_plan_of_earlier_days_without_ratios_lets_the_technician_write_them():
    plan = plans.accepted_plan(plans.factory())
    case = make.case_of(plan.step.case)
    case.read_plan = plan
    plan.ct_ratio, plan.pt_ratio = "见图纸", ""
    order = Installation(step=case.step(Kind.METER) or plan.step, mode="hv_hv")
    order.step.case = case
    order.meter = make.meter(
        phase="three", rating_a="1.5(6)", voltage_v="3×57.7/100", accuracy="0.5S"
    )

    missing = {field for reason in fit.unfit(order) for field in reason.fields}
    order.ct_ratio, order.pt_ratio = "50/5", "10/0.1"

    assert missing == {"ct_ratio", "pt_ratio"}
    assert fit.unfit(order) == []
