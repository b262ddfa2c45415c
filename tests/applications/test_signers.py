"""Who signs for a customer: in person, the legal representative, or an agent in authority."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from applications.signers import against_signer, same_name, signers_of
from contracts.models import Contract
from plans import services
from plans.models import Plan
from tests.contracts import factories as contracting
from tests.fees import factories as fees
from tests.plans import factories as plans
from workflow.guards import Refused

pytestmark = pytest.mark.django_db


def company(**columns):
    """A company on 10 kV whose plan was answered."""
    return plans.answered(plans.factory(**columns))


def accept(plan, name, by=None):
    return services.accept(plan.step, by=by or plans.clerk(), signed_name=name, **plans.word())


def test_a_stranger_accepts_no_plan_and_is_told_who_may():
    plan = plans.answered()

    with pytest.raises(Refused, match=r"钱七 may not sign for this customer\. On record: 王小明"):
        accept(plan, "钱七")

    assert plans.plan_of(plan.step.case).state == Plan.State.ANSWERED


def test_a_company_signs_through_its_legal_representative_never_by_its_own_name():
    plan = company()

    with pytest.raises(Refused, match="On record: 周敏"):
        accept(plan, plan.step.case.customer_name)

    assert accept(plan, "周 敏").state == "done"


def test_an_agent_accepts_while_the_authority_is_in_force():
    until = timezone.localdate() + timedelta(days=1)
    plan = company(
        agent_name="李代理",
        agent_id_number="320104199003070423",
        agent_authority="letter",
        agent_authority_until=until,
    )

    after = time_machine.travel(timezone.now() + timedelta(days=2), tick=False)
    with after, pytest.raises(Refused, match="李代理 may not sign"):
        accept(plan, "李代理")
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        assert accept(plan, "李代理").state == "done"


def test_a_company_without_representative_and_agent_is_told_what_to_do():
    plan = company(legal_representative="")

    with pytest.raises(Refused, match="add the legal representative"):
        accept(plan, "周敏")


def test_on_the_tracking_page_no_name_on_record_is_told():
    plan = plans.answered()
    today = timezone.localdate()

    said = against_signer(plan.step.case, "钱七", today, shown=False)

    assert "not a name on record" in said
    assert "王小明" not in said


def test_who_drew_the_plan_does_not_record_that_the_customer_accepts():
    plan = plans.answered()
    author = plan.step.owner

    with pytest.raises(Refused, match="Ask a colleague"):
        accept(plan, "王小明", by=author)

    assert plans.plan_of(plan.step.case).state == Plan.State.ANSWERED
    assert not plan.step.case.contacts.filter(summary__contains="V1").exists()


def test_the_contract_of_a_company_is_signed_by_who_may():
    case = plans.accepted_plan(plans.factory()).step.case
    contract = contracting.drawn(fees.fresh(case).step("contract"))

    for name, as_whom in (
        (case.customer_name, "self"),
        (case.customer_name, "representative"),
        ("钱七", "representative"),
    ):
        with pytest.raises(Refused, match=r"signs through|may not sign|No legal"):
            contracting.by_customer(contract, signed_name=name, signed_as=as_whom)

    assert contracting.by_customer(
        contract, signed_name="周敏", signed_as=Contract.Signer.REPRESENTATIVE
    ).signed_at


def test_the_form_of_the_contract_begins_with_the_representative_of_a_company(client):
    case = plans.accepted_plan(plans.factory()).step.case
    contract = contracting.drawn(fees.fresh(case).step("contract"))
    client.force_login(contract.drawn_by)

    page = client.get(f"{contract.step.get_absolute_url()}customer/")

    form = page.context["contract_form"]
    assert form["signed_name"].value() == "周敏"
    assert form["signed_as"].value() == "representative"


def test_names_are_compared_without_blanks_and_width():
    assert same_name("Ｗａｎｇ 小明", "Wang小明")
    assert not same_name("", "")
    assert not same_name("王小明", "王小")
    assert signers_of(plans.household(), timezone.localdate()).names == ["王小明"]
