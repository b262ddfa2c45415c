"""The fees page: each role at its place, and nobody elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from fees import guards, services
from fees.models import Bill, Correction, Payment, Refund
from fees.panel import next_acts
from tests.factories import case as opened
from tests.factories import person
from tests.fees import factories
from workflow import moves
from workflow.models import Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>‮'\"; DROP TABLE fees_bill; --"


def page(client, who, step, name="fees", **more):
    client.force_login(who)
    return client.get(reverse(f"fees:{name}", args=[step.case.number]), **more)


def post(client, who, step, name="fees", *args, **data):
    client.force_login(who)
    return client.post(reverse(f"fees:{name}", args=[step.case.number, *args]), data)


def slip(**more) -> dict:
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    return {"method": "cash", "payer": "裕丰冷链", "received_at": now} | more


def english(*roles) -> object:
    return person(*roles, language="en")


def text(response) -> str:
    return response.content.decode()


def test_with_every_condition_met_the_page_does_not_ask_why_not(client):
    step = factories.ready()
    biller = person(Role.BILLER)
    biller.language = "en"
    biller.save(update_fields=["language"])
    client.force_login(biller)

    page = client.get(step.get_absolute_url()).content.decode()

    assert "All conditions are met" in page
    assert "Why can&#x27;t I take the fee?" not in page
    assert "Why can't I take the fee?" not in page


def test_before_the_survey_the_page_says_why_no_fee_can_be_taken(client):
    step = opened().step(Kind.FEES)

    said = text(page(client, english(Role.BILLER), step))

    assert "Why can't I take the fee?" in said
    assert "No signed survey says that the customer can be supplied." in said
    assert "The customer has not accepted a supply plan." in said
    assert 'name="issue"' not in said


def test_a_direct_post_before_the_survey_bills_nothing(client):
    step = opened().step(Kind.FEES)

    response = post(client, english(Role.BILLER), step, issue="1")

    assert response.status_code == 200
    assert "No signed survey" in text(response)
    assert not Bill.objects.exists()


def test_the_biller_issues_and_the_cashier_receives(client):
    step = factories.ready()
    assert "88,000.00" in text(page(client, english(Role.BILLER), step))

    assert post(client, english(Role.BILLER), step, issue="1").status_code == 302
    assert 'fees/payment/"' in text(page(client, english(Role.CASHIER), step))
    assert post(client, english(Role.CASHIER), step, "payment", **slip()).status_code == 302

    assert Payment.objects.get().amount == Bill.objects.get().total
    assert "Receive payment" not in text(page(client, english(Role.CASHIER), step))


def test_the_amount_is_nobodys_to_type(client):
    bill = factories.billed()

    post(client, english(Role.CASHIER), bill.step, "payment", **slip(amount="1", total="1"))

    assert Payment.objects.get().amount == bill.total


def test_nothing_due_is_confirmed_from_the_page(client):
    step = factories.ready(sources=(630,))

    assert 'name="nothing_due"' in text(page(client, english(Role.BILLER), step))
    post(client, english(Role.BILLER), step, nothing_due="1")

    assert factories.fresh(step.case).step(Kind.FEES).outcome == "nothing_due"


@pytest.mark.parametrize("role", [r for r in Role if r != Role.BILLER])
def test_others_read_the_page_and_cannot_bill(client, role):
    step = factories.ready()

    assert page(client, english(role), step).status_code == 200
    assert post(client, english(role), step, issue="1").status_code == 403
    assert not Bill.objects.exists()


@pytest.mark.parametrize("role", [r for r in Role if r != Role.CASHIER])
def test_only_the_cashier_sees_the_slip(client, role):
    bill = factories.billed()

    assert page(client, english(role), bill.step, "payment").status_code == 403
    assert post(client, english(role), bill.step, "payment", **slip()).status_code == 403


def test_a_case_of_another_unit_is_not_found(client):
    bill = factories.billed()
    stranger = person(Role.CASHIER, at="bhxc", language="en")

    for name in ("fees", "payment", "correction"):
        assert page(client, stranger, bill.step, name).status_code == 404


def test_without_a_bill_there_is_no_slip(client):
    assert page(client, english(Role.CASHIER), factories.ready(), "payment").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": ""},
        {"method": "barter"},
        {"method": "card", "reference": ""},
        {"payer": ""},
        {"payer": "x" * 10_000},
        {"payer": "a\x00b"},
        {"received_at": "gestern"},
        {"received_at": "2999-01-01T00:00"},
    ],
)
def test_a_wrong_slip_is_told_and_keeps_what_was_typed(client, wrong):
    bill = factories.billed()
    typed = slip(reference="6222 0000", **wrong) if "reference" not in wrong else slip(**wrong)

    response = post(client, english(Role.CASHIER), bill.step, "payment", **typed)

    assert response.status_code == 422
    assert "cannot be handed in" in text(response)
    assert not Payment.objects.exists()


def test_hostile_words_are_only_words(client):
    bill = factories.billed()

    post(client, english(Role.BILLER), bill.step, "correction", kind="waive", reason=HOSTILE)

    assert Correction.objects.get().reason == HOSTILE
    assert "<script>alert" not in text(page(client, english(Role.SUPERVISOR), bill.step))


def test_a_waiver_goes_through_two_pairs_of_hands(client):
    bill = factories.billed()
    post(client, english(Role.BILLER), bill.step, "correction", kind="waive", reason="减免")
    assert 'name="approve"' not in text(page(client, english(Role.BILLER), bill.step))
    assert post(client, english(Role.BILLER), bill.step, "answer", approve="1").status_code == 403

    assert 'name="approve"' in text(page(client, english(Role.SUPERVISOR), bill.step))
    post(client, english(Role.SUPERVISOR), bill.step, "answer", approve="1")

    assert Bill.objects.get().state == "waived"


def test_a_refund_goes_through_two_pairs_of_hands(client):
    payment = factories.paid()
    step = payment.bill.step
    moves.withdraw(factories.fresh(step.case), by=person(Role.CLERK), reason="不建了")
    refund = Refund.objects.get()

    post(client, english(Role.CASHIER), step, "refund", refund.pk, method="cash", reference="1")
    refund.refresh_from_db()
    assert refund.state == "paid_out"
    response = post(client, english(Role.CASHIER), step, "refund", refund.pk)
    assert "cannot confirm" in text(response)
    post(client, english(Role.BILLER), step, "refund", refund.pk)

    refund.refresh_from_db()
    assert refund.state == "confirmed"


def test_a_refund_of_another_case_is_not_found(client):
    payment = factories.paid()
    moves.withdraw(factories.fresh(payment.bill.step.case), by=person(Role.CLERK), reason="不建了")
    other = factories.ready(factories.hv_case())

    pk = Refund.objects.get().pk
    assert post(client, english(Role.CASHIER), other, "refund", pk).status_code == 409


@pytest.mark.parametrize("model", ["bill", "payment", "refund", "correction", "feeproof"])
def test_the_admin_looks_at_money_and_never_touches_it(client, model):
    payment = factories.paid()
    root = person(Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
    client.force_login(root)

    assert client.get(reverse(f"admin:fees_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:fees_{model}_add")).status_code == 403
    if model == "payment":
        change = reverse("admin:fees_payment_change", args=[payment.pk])
        assert client.post(change, {"amount": "1"}).status_code == 403
        delete = reverse("admin:fees_payment_delete", args=[payment.pk])
        assert client.post(delete, {"post": "yes"}).status_code == 403


def test_the_administrator_corrects_the_catalogue(client):
    client.force_login(person(Role.ADMINISTRATOR, is_staff=True, is_superuser=True))

    assert client.get(reverse("admin:fees_catalogueitem_add")).status_code == 200


@pytest.mark.parametrize("make", [factories.ready, factories.billed, factories.paid])
def test_the_pages_ask_few_questions(client, make, django_assert_max_num_queries):
    made = make()
    step = made if hasattr(made, "kind") else getattr(made, "bill", made).step
    biller = english(Role.BILLER)
    client.force_login(biller)

    # Fifteen and the two of the savepoint that only the test causes.
    with django_assert_max_num_queries(17):
        client.get(step.get_absolute_url())
    with django_assert_max_num_queries(17):
        client.get(step.case.get_absolute_url() + f"?step={step.pk}")


def test_a_payment_hears_at_once_of_everything_against_it(client):
    both = person(Role.BILLER, Role.CASHIER, language="en")
    bill = services.issue(factories.ready(), by=both)
    tomorrow = timezone.localtime() + timedelta(days=1)
    wrong = slip(payer="", received_at=tomorrow.isoformat())

    answer = post(client, both, bill.step, "payment", **wrong)

    errors = answer.context["money_form"].errors
    assert {*errors} == {"payer", "received_at", "__all__"}
    assert "future" in str(errors["received_at"])
    assert "Who set the fee cannot collect it." in str(errors["__all__"])
    assert not Payment.objects.exists()


def test_while_a_waiver_waits_there_is_no_payment_form(client):
    bill = factories.billed()
    services.propose(bill, by=person(Role.BILLER), kind="waive", reason="多收")
    client.force_login(english(Role.CASHIER))
    address = reverse("fees:payment", args=[bill.step.case.number])

    for answer in (client.get(address), client.post(address, slip())):
        assert answer.context["money_form"] is None
        text = answer.content.decode()
        assert "waits for its answer: a supervisor answers it first" in text
        assert 'name="payer"' not in text
    assert not Payment.objects.exists()


def test_a_waived_bill_names_who_waived_it_on_its_page_and_beside_the_case(client):
    bill = factories.billed()
    proposal = services.propose(bill, by=person(Role.BILLER), kind="waive", reason="减免")
    services.approve(proposal, by=person(Role.SUPERVISOR, name="周卫东"))
    client.force_login(english(Role.CASHIER))

    page = client.get(bill.step.get_absolute_url()).content.decode()
    case = client.get(bill.step.case.get_absolute_url()).content.decode()

    assert "周卫东" in page
    assert "Approved" in page
    assert "Waived by 周卫东" in case


def test_after_a_waiver_was_declined_nothing_says_approved(client):
    bill = factories.billed()
    services.propose(bill, by=person(Role.BILLER), kind="waive", reason="减免")
    client.force_login(person(Role.SUPERVISOR, name="周卫东", language="en"))
    address = reverse("fees:answer", args=[bill.step.case.number])

    answer = client.post(address, {"decline": "1"}, follow=True)

    text = answer.content.decode()
    assert "Declined: the bill stands as it is." in text
    assert "周卫东" in text
    for word in ("Approved", "Agreed", "Waived"):
        assert word not in text


def test_a_correction_shows_the_old_and_the_new_before_it_is_agreed_to(client):
    bill = factories.paid(factories.billed(factories.ready(quote=False))).bill
    factories.dearer()
    page = reverse("fees:correction", args=[bill.step.case.number])
    for role, address in ((Role.BILLER, page), (Role.SUPERVISOR, bill.step.get_absolute_url())):
        client.force_login(english(role))
        text = client.get(address).content.decode()
        for said in ("400 kVA × 220.00 = 88,000.00", "400 kVA × 230.00 = 92,000.00", "+4,000.00"):
            assert said in text
        if role == Role.BILLER:
            assert client.post(page, {"kind": "correct", "reason": "算错"}).status_code == 302


def test_a_correction_that_changes_nothing_is_refused_at_its_field(client):
    bill = factories.paid().bill
    answer = post(
        client, english(Role.BILLER), bill.step, "correction", kind="correct", reason="算错"
    )

    assert answer.status_code == 422
    assert "nothing to correct" in str(answer.context["money_form"].errors["kind"])


def test_the_page_of_a_waiver_says_what_is_to_be_paid_then(client):
    bill = factories.billed()
    services.propose(bill, by=person(Role.BILLER), kind="waive", reason="减免")

    told = text(page(client, english(Role.SUPERVISOR), bill.step))

    assert "Once agreed, nothing is to be paid any more: ¥88,000.00 is waived." in told


def test_of_an_unpaid_bill_it_is_said_what_is_to_be_paid_instead(client):
    bill = factories.billed(factories.ready(quote=False))
    factories.dearer()

    told = text(page(client, english(Role.BILLER), bill.step, "correction"))

    assert "¥92,000.00 is to be paid instead of ¥88,000.00" in told


def test_nothing_is_offered_where_nothing_can_be_corrected(client):
    bill = factories.paid().bill
    offer = reverse("fees:correction", args=[bill.step.case.number])

    assert offer not in text(page(client, english(Role.BILLER), bill.step))
    told = text(page(client, english(Role.BILLER), bill.step, "correction"))
    assert "there is nothing to correct" in told
    assert 'name="kind"' not in told


def test_only_the_waiver_is_offered_where_computed_anew_the_bill_is_the_same(client):
    bill = factories.billed()

    told = text(page(client, english(Role.BILLER), bill.step, "correction"))

    assert 'value="waive" selected' in told
    assert 'value="correct"' not in told


def test_whose_turn_it_is_finds_the_button_on_the_case(client):
    bill = factories.billed()
    case = f"{bill.step.case.get_absolute_url()}?step={bill.step.pk}"
    client.force_login(english(Role.CASHIER))
    assert "Receive payment" in text(client.get(case))

    services.propose(bill, by=person(Role.BILLER), kind="waive", reason="减免")

    told = text(client.get(case))
    assert "Receive payment" not in told
    assert "until then nobody pays" in told
    client.force_login(english(Role.SUPERVISOR))
    assert "Answer the proposal" in text(client.get(case))


def test_the_desk_says_that_a_proposal_waits():
    bill = factories.billed()
    assert next_acts([bill.step]) == {bill.step.pk: "to be paid"}

    services.propose(bill, by=person(Role.BILLER), kind="waive", reason="减免")

    assert next_acts([bill.step]) == {bill.step.pk: "proposal to answer"}


def test_the_history_writes_money_as_the_pages_do():
    bill = factories.paid().bill
    notes = [event.note for event in bill.step.case.events.all()]

    assert f"{bill.number}: ¥88,000.00" in notes
    assert "To be paid: ¥88,000.00" in notes
    assert not [note for note in notes if "88000" in note]


def test_a_survey_that_is_done_once_more_says_no_more_that_it_can_be_supplied(client):
    case = factories.fresh(factories.paid().bill.step.case)
    moves.set_facts(case, by=person(Role.SUPERVISOR), note="现场查明合表", existing_supply="shared")

    told = text(page(client, english(Role.CASHIER), factories.fresh(case).step(Kind.FEES)))

    assert "No signed survey says that the customer can be supplied." in told
    assert "The signed survey says" not in told


def test_a_plan_that_waits_for_the_survey_is_owed_by_the_surveyor():
    case = factories.fresh(factories.paid().bill.step.case)
    moves.set_facts(case, by=person(Role.SUPERVISOR), note="现场查明合表", existing_supply="shared")
    case = factories.fresh(case)
    survey, step = case.step(Kind.SURVEY), case.step(Kind.FEES)

    accepted = guards.PLAN_ACCEPTED.finding(step)

    assert case.step(Kind.PLAN).state == "waiting"
    assert accepted.owes == (survey.owner or survey.role_label)
    assert accepted.since == survey.since
    assert accepted.remedy[1] == survey.get_absolute_url()


def test_an_open_plan_is_owed_by_who_draws_it():
    case = factories.hv_case()
    factories.survey(case)
    factories._done(factories.fresh(case).step(Kind.SURVEY))
    Step.objects.filter(case=case, kind=Kind.PLAN).update(state="in_hand")
    case = factories.fresh(case)

    accepted = guards.PLAN_ACCEPTED.finding(case.step(Kind.FEES))

    assert accepted.owes == case.step(Kind.PLAN).role_label
    assert accepted.remedy[1] == case.step(Kind.PLAN).get_absolute_url()


def test_the_history_says_how_much_goes_back():
    case = factories.fresh(factories.paid().bill.step.case)
    moves.withdraw(case, by=person(Role.CLERK), reason="不建了")

    note = case.events.get(verb="refund_opened").note
    assert note.endswith("-R1 ¥88,000.00: Withdrawn by the customer: 不建了")
