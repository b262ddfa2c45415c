"""Drawing and signing the supply contract."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from applications.models import Application
from contracts import gate, services
from contracts.models import Clause, Contract, digest
from documents.models import Paper
from tests.contracts import factories
from tests.factories import case as opened
from tests.factories import person
from tests.fees import factories as fees
from workflow import moves, walls
from workflow.guards import Refused
from workflow.models import Event, Step
from workflow.process import BusinessType, CustomerClass, Kind

pytestmark = pytest.mark.django_db
OFFICER = Role.CONTRACT_OFFICER


def anew(step: Step) -> Step:
    return fees.fresh(step.case).step(Kind.CONTRACT)


def sql(statement: str, *values) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


# Drawing


def test_the_contract_says_what_the_plan_says():
    contract = factories.drawn(factories.ready(sources=(630, 400)))

    assert contract.capacity_kva == Decimal(1030)
    assert contract.plan.state == "accepted"
    assert "A 线" in contract.sources
    assert contract.boundary == "分界点"
    assert contract.supplier == "临湖区公司"


def test_drawing_hands_it_to_the_customer_with_event_and_paper():
    contract = factories.drawn()
    step = anew(contract.step)

    assert step.state == Step.State.WITH_CUSTOMER
    event = Event.objects.get(step=step, verb="contract_drawn")
    assert event.data["sha256"] == contract.content_hash
    assert Paper.objects.filter(step=step, kind="contract").count() == 2


def test_the_clause_on_breach_is_known_whatever_its_heading():
    Clause.objects.filter(heading_en="Breach").update(heading_en="Default", heading_zh="违约")

    assert factories.drawn().breach.startswith("一方违约的")


def test_the_checksum_is_over_all_that_is_signed():
    contract = Contract.objects.get(pk=factories.drawn().pk)

    assert contract.content_hash == digest(contract.content)
    assert contract.content["capacity_kva"] == "1030.00"
    assert len(contract.content["clauses"]) >= 8
    contract.content["capacity_kva"] = "2000.00"
    assert not contract.is_unchanged


def test_no_contract_before_the_plan_is_accepted():
    case = opened()

    with pytest.raises(Refused):
        services.draw(
            case.step(Kind.CONTRACT),
            by=person(OFFICER),
            kind="residential",
            term_from=timezone.localdate(),
        )
    assert not Contract.objects.exists()


@pytest.mark.parametrize("role", [r for r in Role if r != OFFICER])
def test_only_the_contract_officer_draws(role):
    step = factories.ready()

    with pytest.raises(Refused, match=str(OFFICER.label)):
        services.draw(step, by=person(role), kind="hv", term_from=timezone.localdate())


def test_the_kind_fits_the_customer():
    with pytest.raises(Refused, match="does not fit"):
        factories.drawn(kind="residential")


def test_a_temporary_supply_has_an_end():
    step = factories.ready(fees.hv_case(business_type=BusinessType.TEMPORARY))

    with pytest.raises(ValidationError, match="end date"):
        factories.drawn(step, kind="temporary")
    until = timezone.localdate() + timedelta(days=90)
    assert factories.drawn(step, kind="temporary", term_to=until).term_to == until


def test_a_contract_does_not_end_before_it_begins():
    today = timezone.localdate()

    with pytest.raises(ValidationError, match="ends before"):
        factories.drawn(term_from=today, term_to=today)


def test_a_change_of_name_needs_no_plan_and_takes_the_application():
    case = fees.floor_case(
        business_type=BusinessType.NAME_CHANGE, customer_class=CustomerClass.LV_RESIDENTIAL
    )
    step = fees.fresh(case).step(Kind.CONTRACT)
    assert step.state == Step.State.IN_HAND

    contract = factories.drawn(step, kind="residential")

    assert contract.plan is None
    assert contract.customer_name == case.customer_name


# Signing


def test_both_sign_in_either_order_and_the_step_is_done():
    first = factories.signed()
    contract = factories.drawn(factories.ready(fees.hv_case()))
    contract = services.sign_utility(contract, by=person(OFFICER))
    assert anew(contract.step).state == Step.State.WITH_CUSTOMER
    second = factories.by_customer(contract)

    for signed in (first, second):
        assert signed.state == "signed"
        assert anew(signed.step).outcome == "signed"


def test_an_electronic_signature_has_equal_force_and_its_serial_number():
    contract = factories.drawn()

    with pytest.raises(ValidationError, match="serial number"):
        factories.by_customer(contract, signed_how="electronic")
    contract = Contract.objects.get(pk=contract.pk)
    contract = factories.by_customer(
        contract, signed_how="electronic", signed_reference="CA-2026-1"
    )
    assert contract.signed_at


def test_the_step_is_not_finished_past_the_signatures():
    contract = factories.drawn()

    with pytest.raises(Refused) as refusal:
        moves.finish(anew(contract.step), by=None)
    assert "The customer has not signed." in refusal.value.messages
    assert "The utility has not signed." in refusal.value.messages


def test_nobody_signs_in_the_future_or_before_it_was_drawn():
    contract = factories.drawn()

    for days, reason in ((1, "future"), (-1, "older")):
        with pytest.raises(Refused, match=reason):
            factories.by_customer(contract, signed_at=timezone.now() + timedelta(days=days))


def test_nobody_signs_twice():
    contract = factories.by_customer(factories.drawn())

    with pytest.raises(Refused, match="already"):
        factories.by_customer(contract)


def agent(case, until) -> None:
    Application.objects.create(
        step=fees.fresh(case).step(Kind.APPLICATION),
        customer_name="裕丰冷链",
        agent_name="李代理",
        agent_id_number="320104199003070423",
        agent_phone="13900001111",
        agent_authority="letter",
        agent_authority_until=until,
    )


def test_an_agent_whose_authority_has_ended_cannot_sign():
    case = fees.hv_case()
    agent(case, timezone.localdate() - timedelta(days=1))
    contract = factories.drawn(factories.ready(case))

    with pytest.raises(Refused, match="authority ended"):
        factories.by_customer(contract, signed_name="李代理", signed_as="agent")


def test_only_the_agent_of_the_application_signs_as_agent():
    case = fees.hv_case()
    agent(case, timezone.localdate())
    contract = factories.drawn(factories.ready(case))

    with pytest.raises(Refused, match="李代理"):
        factories.by_customer(contract, signed_name="别人", signed_as="agent")
    assert factories.by_customer(contract, signed_name="李代理", signed_as="agent").signed_at


def test_without_an_agent_nobody_signs_as_one():
    contract = factories.drawn()

    with pytest.raises(Refused, match="No agent"):
        factories.by_customer(contract, signed_as="agent")


# Anew, interim, undone


def test_drawn_anew_it_is_the_next_version_without_the_old_signatures():
    contract = factories.by_customer(factories.drawn())
    before = contract.content_hash

    services.revise(contract, by=person(OFFICER), reason="客户要求改结算方式")
    again = factories.drawn(anew(contract.step), settlement="prepaid")

    assert (again.version, again.signed_at, again.state) == (2, None, "drawn")
    assert again.content_hash != before


def test_nobody_signs_what_was_taken_back_until_it_is_drawn_anew():
    contract = factories.drawn()
    services.revise(contract, by=person(OFFICER), reason="客户要求改结算方式")
    contract = Contract.objects.get(pk=contract.pk)

    with pytest.raises(Refused):
        factories.by_customer(contract)
    with pytest.raises(Refused):
        services.sign_utility(contract, by=person(OFFICER))
    for change in (
        "signed_at = drawn_at, signed_name = 'x', signed_as = 'self', signed_how = 'hand'",
        "state = 'drawn'",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE contracts_contract SET {change} WHERE id = {contract.pk}")

    assert Contract.objects.get(pk=contract.pk).state == "returned"
    assert factories.by_customer(factories.drawn(anew(contract.step))).signed_at


def test_only_in_the_fast_lane_an_interim_agreement_stands_in():
    contract = factories.drawn()

    with pytest.raises(Refused, match="fast lane"):
        services.sign_interim(
            contract, by=person(OFFICER), interim_name="王小明", interim_how="hand"
        )


def test_the_interim_agreement_binds_and_the_contract_is_still_owed():
    case = fees.hv_case()
    moves.ask_fast_lane(case, by=person(Role.CLERK), grounds="重点项目")
    moves.approve_fast_lane(
        fees.fresh(case),
        by=person(Role.SUPERVISOR),
        kinds=[Kind.CONTRACT],
        until=timezone.localdate() + timedelta(days=30),
    )
    contract = factories.drawn(factories.ready(case))
    contract = services.sign_interim(
        contract, by=person(OFFICER), interim_name="王小明", interim_how="hand", **factories.page()
    )

    assert contract.binds
    assert anew(contract.step).is_live


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"signed_how": "hand", "evidence": None}, "evidence"),
        ({"signed_how": "seal", "evidence": None}, "evidence"),
        ({"signed_how": "electronic", "evidence": None}, "signed_reference"),
    ],
)
def test_nobody_signs_by_a_typed_name_alone(how, field):
    contract = factories.drawn()

    with pytest.raises(Refused) as refused:
        factories.by_customer(contract, **how)

    assert [one.fields for one in refused.value.error_list] == [(field,)]
    assert Contract.objects.get().signed_at is None


def test_an_electronic_signature_is_shown_by_its_number():
    how = {"signed_how": "electronic", "signed_reference": "CA-1", "evidence": None}

    assert factories.by_customer(factories.drawn(), **how).signed_at


def test_an_interim_agreement_needs_its_signed_page():
    case = fees.hv_case()
    moves.ask_fast_lane(case, by=person(Role.CLERK), grounds="重点项目")
    moves.approve_fast_lane(
        fees.fresh(case),
        by=person(Role.SUPERVISOR),
        kinds=[Kind.CONTRACT],
        until=timezone.localdate() + timedelta(days=30),
    )
    contract = factories.drawn(factories.ready(case))

    with pytest.raises(Refused, match="scan or photo"):
        services.sign_interim(
            contract, by=person(OFFICER), interim_name="王小明", interim_how="hand"
        )


def test_a_case_that_closes_voids_its_contract():
    contract = factories.drawn()
    moves.withdraw(fees.fresh(contract.step.case), by=person(Role.CLERK), reason="不建了")

    assert Contract.objects.get().state == "void"


def test_going_back_to_the_plan_voids_the_contract_and_the_next_round_counts_on():
    contract = factories.drawn()
    moves.send_back(anew(contract.step), by=person(OFFICER), reason="容量有误", to=Kind.PLAN)

    assert Contract.objects.get().state == "void"
    assert anew(contract.step).round == 2


# The database


def test_every_wall_stands():
    assert walls.missing(connection, gate.WALLS) == []


def test_a_contract_does_not_take_the_plan_of_another_case():
    contract = factories.drawn()
    other = fees.plan(fees.hv_case())

    with pytest.raises(IntegrityError, match="own case"):
        sql("UPDATE contracts_contract SET plan_id = %s WHERE id = %s", other.pk, contract.pk)


def test_a_contract_does_not_lose_its_plan():
    contract = factories.drawn()

    with pytest.raises(IntegrityError, match="own case"):
        sql("UPDATE contracts_contract SET plan_id = NULL WHERE id = %s", contract.pk)


@pytest.mark.parametrize(
    "change", ["capacity_kva = 9", "content_hash = 'x'", "signed_at = NULL", "state = 'drawn'"]
)
def test_a_signed_contract_is_frozen(change):
    contract = factories.signed()

    with pytest.raises(IntegrityError, match=r"never changed|violates|CHECK"):
        sql(f"UPDATE contracts_contract SET {change} WHERE id = %s", contract.pk)


def test_a_contract_is_never_deleted():
    factories.drawn()

    with pytest.raises(IntegrityError, match="never deleted"):
        sql("DELETE FROM contracts_contract")


def test_one_signature_does_not_make_a_contract():
    contract = factories.by_customer(factories.drawn())

    with pytest.raises(IntegrityError):
        sql("UPDATE contracts_contract SET state = 'signed' WHERE id = %s", contract.pk)
