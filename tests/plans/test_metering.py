"""The metering of a plan fits its voltage, its transformers and its tariff."""

from decimal import Decimal
from itertools import product

import pytest

from plans import ratios, services
from plans.models import Plan
from plans.services.metering import unmeterable
from tests.plans import factories as make
from tests.plans.test_services import refused
from workflow.models import Step


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("50/5", "50/5"),
        (" ５０／５ A ", "50/5"),
        ("150：5", "150/5"),
        ("300A/5A", "300/5"),
        ("75/1", "75/1"),
    ],
)
def test_a_ct_ratio_has_one_form(typed, kept):
    assert ratios.normalized(typed) == kept
    assert ratios.is_ct(typed)
    assert not ratios.is_pt(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("10/0.1", "10/0.1"),
        ("１０／０．１ ｋＶ", "10/0.1"),
        ("10kV/0.1kV", "10/0.1"),
        ("10kV/100V", "10/0.1"),
        ("10000/100", "10/0.1"),
        ("35000 V / 100 V", "35/0.1"),
        ("10：0.1 千伏", "10/0.1"),
    ],
)
def test_a_pt_ratio_has_one_form(typed, kept):
    assert ratios.normalized(typed) == kept
    assert ratios.is_pt(typed)
    assert not ratios.is_ct(typed)


@pytest.mark.parametrize(
    "typed", ["", "/", "50", "0/5", "50/0", "<b>", "见图纸", "50/5/5", "1e3/5"]
)
def test_what_is_no_ratio_is_none(typed):
    assert not ratios.is_ct(typed)
    assert not ratios.is_pt(typed)


@pytest.mark.parametrize("voltage", ["220v", "380v", "10kv", "35kv"])
def test_of_all_ways_to_plan_the_metering_those_that_contradict_are_told(voltage):
    ways = [*product(Plan.Metering.values, ("", "50/5"), ("", "10/0.1", "35/0.1"))]

    sound = {
        (mode, ct, pt)
        for mode, ct, pt in ways
        if not unmeterable(Plan(voltage=voltage, metering=mode, ct_ratio=ct, pt_ratio=pt))
    }

    at_low = {("hv_lv" if voltage.endswith("kv") else "lv_lv", ct, "") for ct in ("", "50/5")}
    at_high = {("hv_hv", "50/5", f"{voltage[:2]}/0.1")} if voltage.endswith("kv") else set()
    assert sound == at_low | at_high


@pytest.mark.parametrize(
    ("tariff", "kva", "asked"),
    [
        ("residential", 400, False),
        ("commercial", 99, False),
        ("commercial", 100, True),
        ("agriculture", 99, False),
        ("agriculture", 100, True),
        ("large_industry", 50, True),
    ],
)
def test_a_tariff_with_a_power_factor_standard_asks_for_it(tariff, kva, asked):
    plan = Plan(tariff=tariff, total_kva=Decimal(kva))

    assert [reason.fields[0] for reason in unmeterable(plan)] == ["power_factor"] * asked
    plan.power_factor = Decimal("0.90")
    assert not unmeterable(plan)


@pytest.mark.django_db
def test_a_plan_metered_at_high_voltage_without_pt_is_not_submitted():
    plan = make.drawn(make.factory(), pt_ratio="")

    assert "PT ratio is missing" in refused(services.submit, plan.step, by=make.planner())
    assert make.plan_of(plan.case).state == "draft"


@pytest.mark.django_db
def test_a_plan_in_the_customers_hand_is_accepted_by_what_it_was_answered_with():
    """Drawn before its metering was judged: the customer is not sent back for that."""
    plan = make.answered(make.factory())
    Plan.objects.filter(pk=plan.pk).update(pt_ratio="", power_factor=None)

    step = services.accept(
        plan.step, by=make.clerk(), signed_name=make.signer(plan.case), **make.word()
    )

    assert step.state == Step.State.DONE
