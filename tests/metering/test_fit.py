"""A meter fits the accepted plan: phase, accuracy, ratios."""

import pytest

from metering import fit
from metering.models.meter import Accuracy
from tests.metering import factories as make
from tests.plans import factories as plans


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
    three = make.meter("2", phase="three", accuracy="1.0", voltage_v="3×220/380")

    assert len(single) == 2
    assert fit.misfits(three, case) == []
    assert fit.ratios_of(case) == ("100/5", "")
