from datetime import date

import pytest

from applications import rules
from tests.applications.factories import COMPANY, WANG, shared, sheet

TODAY = date(2026, 10, 20)


def faults(application):
    return rules.faults(application.computed(), TODAY)


def test_a_complete_household_lacks_nothing():
    assert faults(sheet()) == {}
    assert faults(shared()) == {}


@pytest.mark.parametrize(
    "column", ["customer_name", "id_number", "phone", "street", "existing_supply"]
)
def test_what_every_application_needs(column):
    assert set(faults(sheet(**{column: ""}))) == {column}


@pytest.mark.parametrize(
    ("columns", "lacking"),
    [
        ({"existing_supply": "own"}, {"account_number"}),
        ({"existing_supply": "shared"}, {"shared_account", "co_users", "disputed"}),
        ({"existing_supply": "resold"}, {"co_users", "disputed"}),
        ({"business_type": "temporary"}, {"temporary_from", "temporary_to"}),
        ({"business_type": "ev_charger"}, {"parking_space", "parking_right"}),
        (
            {"business_type": "name_change", "existing_supply": "own", "account_number": "1"},
            {"previous_holder"},
        ),
        (
            {"business_type": "relocation", "existing_supply": "own", "account_number": "1"},
            {"previous_address"},
        ),
        ({"new_kw": 0}, {"new_kw"}),
        ({"customer_class": "hv_single", "voltage": "10kv"}, {"new_kva"}),
        (
            {"customer_type": "company", "id_type": "credit_code", "id_number": COMPANY},
            {"contact_name", "legal_representative"},
        ),
        ({"agent_name": "李四"}, {"agent_id_number", "agent_authority"}),
        (
            {"agent_name": "李四", "agent_id_number": WANG, "agent_authority": "letter"},
            {"agent_authority_until"},
        ),
    ],
)
def test_what_the_choice_makes_necessary(columns, lacking):
    assert set(faults(sheet(**columns))) == lacking


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ({"id_number": WANG[:-1] + "9"}, "id_number"),
        ({"business_type": "increase"}, "existing_supply"),
        ({"customer_class": "hv_single", "new_kva": 100}, "voltage"),
        ({"voltage": "10kv"}, "voltage"),
        ({"sources_wanted": 2}, "sources_wanted"),
        ({"customer_class": "hv_dual", "voltage": "10kv", "new_kva": 1}, "sources_wanted"),
        ({"wanted_on": date(2026, 10, 19)}, "wanted_on"),
        (
            {
                "business_type": "temporary",
                "temporary_from": date(2026, 11, 2),
                "temporary_to": date(2026, 11, 1),
            },
            "temporary_to",
        ),
        (
            {
                "business_type": "temporary",
                "temporary_from": date(2026, 1, 2),
                "temporary_to": date(2026, 2, 1),
            },
            "temporary_to",
        ),
        (
            {
                "agent_name": "李四",
                "agent_id_number": WANG,
                "agent_authority": "letter",
                "agent_authority_until": date(2026, 10, 19),
            },
            "agent_authority_until",
        ),
        (
            {
                "business_type": "ev_charger",
                "parking_space": "B1-12",
                "parking_right": "leased",
                "parking_until": date(2027, 10, 1),
            },
            "parking_until",
        ),
        (
            {
                "business_type": "decrease",
                "existing_supply": "own",
                "account_number": "1",
                "existing_kw": 5,
                "new_kw": 5,
            },
            "new_kw",
        ),
    ],
)
def test_contradictions_are_named_at_their_field(columns, wrong):
    assert set(faults(sheet(**columns))) == {wrong}


def test_no_dispute_is_an_answer():
    assert faults(shared(disputed=False, dispute="")) == {}


def test_a_decrease_counts_downwards():
    application = sheet(business_type="decrease", existing_kw=10, new_kw=4).computed()

    assert application.total_kw == 6


def test_only_a_contested_supply_has_consequences():
    assert rules.consequences(sheet()) == []
    assert len(rules.consequences(shared(disputed=False))) == 4
    assert len(rules.consequences(shared())) == 5
    assert len(rules.consequences(sheet(existing_supply="own", disputed=True))) == 5
