"""The tracking page: what a customer without an account sees, and may do."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts.roles import Role
from applications import services as applications
from applications.models import Contact
from config.logs import WithoutCodes
from documents import services as documents
from documents.models import PaperItem, Requirement
from fees.models import Bill, Refund
from fees.services import pay_out
from news.models import Message
from plans import services as planning
from plans.models import Plan
from public import services
from public.models import Guess
from surveys.services.evidence import ATTEMPTED
from tests.documents import factories as papers
from tests.factories import person
from tests.fees import factories as money
from tests.plans import factories as plans
from tests.public.factories import code_of, customer, link, page, seen
from tests.surveys import factories as surveys
from workflow import clocks, moves
from workflow.guards import Refused
from workflow.models import Alert, Case, Step, StopReason, Subject
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def owing() -> tuple[Case, PaperItem]:
    case = papers.counter_case()
    item = case.papers_owed.owed().first()
    assert item
    return case, item


# The way in ---------------------------------------------------------------------------------------


def test_the_code_leaves_the_address_bar_and_nobody_is_told_where_it_came_from():
    case = papers.counter_case()

    response = Client().get(link(case))

    assert response.url == page(case)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert "noindex" in response.headers["X-Robots-Tag"]


def test_number_and_code_typed_as_they_are_printed_open_the_page():
    case = papers.counter_case()
    client = Client()

    typed = {"number": f" {case.number} ", "code": code_of(case).grouped.lower()}
    response = client.post(reverse("public:door"), typed)

    assert response.url == page(case)
    assert client.get(page(case)).status_code == 200


def test_a_number_that_there_is_looks_like_one_that_there_is_not():
    case = papers.counter_case()
    absent = case.number[:-1] + ("0" if case.number[-1] != "0" else "1")
    answers = []
    for number in (case.number, absent):
        for path in (
            reverse("public:case", args=[number]),
            reverse("public:enter", args=[number, "ABCDEFGHJKMN"]),
        ):
            with CaptureQueriesContext(connection) as queries:
                response = Client().get(path)
            assert response.status_code == 404
            text = re.sub(r'value="(\w{64}|\w{32})"', "", response.content.decode())
            answers.append((text.replace(number, "N"), [q["sql"][:20] for q in queries]))

    assert answers[:2] == answers[2:]
    assert case.customer_name not in str(answers)


def test_the_code_of_another_case_opens_nothing():
    mine = papers.counter_case()
    other = papers.counter_case(street="人民路 11 号院", not_duplicate="另一户")
    client = customer(mine)

    assert client.get(page(other)).status_code == 404
    path = reverse("public:enter", args=[other.number, code_of(mine).code])
    assert client.get(path).status_code == 404


def test_a_revoked_code_opens_nothing_and_ends_what_it_opened():
    case = papers.counter_case()
    old, client = link(case), customer(case)
    assert client.get(page(case)).status_code == 200

    applications.renew_code(case, by=person(Role.CLERK), reason="回执丢失")

    assert client.get(page(case)).status_code == 404
    assert Client().get(old).status_code == 404
    assert customer(case).get(page(case)).status_code == 200


def test_who_guesses_too_often_waits_and_is_told_how_long():
    case = papers.counter_case()
    client = Client(headers={"accept-language": "en"})
    wrong = {"number": case.number, "code": "AAAA-AAAA-AAAA"}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _guess in range(services.FROM_ONE_ADDRESS):
            assert client.post(reverse("public:door"), wrong).status_code == 404
        barred = client.post(reverse("public:door"), wrong)
        right = client.get(link(case))
        elsewhere = Client(REMOTE_ADDR="192.0.2.7").get(link(case))
        clock.shift(services.WINDOW)
        later = client.get(link(case))

    assert (barred.status_code, barred.headers["Retry-After"]) == (429, "900")
    assert "Try again in 15 minutes" in barred.content.decode()
    assert right.status_code == 429
    assert elsewhere.status_code == 302
    assert later.status_code == 302


def test_one_number_is_not_guessed_from_many_addresses():
    case = papers.counter_case()
    for n in range(services.FOR_ONE_NUMBER):
        services.note_guess(f"192.0.2.{n}", case.number)

    stranger = Client(REMOTE_ADDR="198.51.100.1")
    wrong = reverse("public:enter", args=[case.number, "23456789ABCD"])
    assert stranger.get(wrong).status_code == 429
    assert stranger.get(link(case)).status_code == 302, "nobody can lock the customer out"


def test_who_has_the_page_open_is_not_shut_out_by_another_ones_guesses():
    case = papers.counter_case()
    client = customer(case)
    for n in range(services.FOR_ONE_NUMBER):
        services.note_guess(f"192.0.2.{n}", case.number)

    assert client.get(page(case)).status_code == 200


def test_a_household_of_ipv6_counts_as_one_address():
    for n in range(services.FROM_ONE_ADDRESS):
        services.note_guess(f"2001:db8:1:2::{n}", "2026-000001")

    assert services.barred_until("2001:db8:1:2:ffff::1", "")
    assert not services.barred_until("2001:db8:1:3::1", "")


def test_old_guesses_are_forgotten():
    services.note_guess("192.0.2.1", "2026-000001")
    Guess.objects.update(at=timezone.now() - timedelta(hours=1))
    services.note_guess("192.0.2.1", "2026-000001")

    assert services.clear_guesses() == 1
    assert Guess.objects.count() == 1


@pytest.mark.parametrize("number", ["%00", "x" * 300, "<script>alert(1)</script>", "' OR 1=1--"])
def test_a_strange_number_is_no_error(number):
    for path in (f"/track/{number}/", f"/track/{number}/ABCDEFGHJKMN/", f"/track/{number}/plan/"):
        response = Client().get(path)
        assert response.status_code == 404
        assert "<script>alert" not in response.content.decode()


# What the page says -------------------------------------------------------------------------------


def test_the_page_says_what_happens_who_by_when_and_what_we_want():
    case, item = owing()

    text = seen(case)

    assert "We come and look how you can be supplied with power." in text
    assert str(case.owner) in text
    assert item.requirement.label_en in text
    assert "You need not pay anything now." in text
    assert "95598" in text
    assert "12398" in text
    assert case.phone not in text
    assert "3-201" not in text


def test_the_same_page_in_chinese():
    case, item = owing()

    text = seen(case, language="zh-hans")

    assert '<html lang="zh-CN">' in text
    assert "您目前不需要付任何费用" in text
    assert item.requirement.label_zh in text


def test_lateness_is_said_with_an_apology():
    case = papers.counter_case()
    Step.objects.filter(case=case, kind=Kind.SURVEY).update(
        due_on=timezone.localdate() - timedelta(days=30)
    )

    assert "We are sorry: “Visit on site” is" in seen(case)


def test_a_stop_says_for_what_we_wait_and_until_when():
    case = surveys.at_survey()
    surveyor = surveys.surveyor()
    step = surveys.fresh(case)
    today = timezone.localdate()
    moves.record(case, ATTEMPTED, by=surveyor, step=step, note="无人应门")
    moves.stop(
        surveys.fresh(case),
        by=surveyor,
        reason=StopReason.objects.get(code="no_access"),
        party="张建国",
        evidence="照片",
        review_on=clocks.calendar().add(today, 1),
    )

    text = seen(case)

    assert "We stood before a closed door" in text
    assert "We look at it again on" in text
    assert "张建国" not in text


def test_the_consent_of_others_is_awaited_without_their_names():
    case = surveys.at_survey()
    surveys.asked(surveys.candidate(case), party="李四")

    text = seen(case)

    assert "We wait for the consent of:" in text
    assert "李四" not in text


def test_a_refusal_is_told_with_its_reason_and_the_right_to_object():
    case = papers.counter_case()
    moves.refuse(case, by=person(Role.SUPERVISOR), reason="电源点容量不足，两年内无扩建")
    client = customer(case)

    text = client.get(page(case)).content.decode()
    assert "电源点容量不足" in text
    assert "I do not agree and object" in text

    words = {"about": "object", "words": "我不同意，请复核。"}
    assert client.post(page(case, "word"), words).status_code == 302
    contact = Contact.objects.get(case=case, by=None)
    assert (contact.direction, contact.outcome) == ("in", "message"), "nobody has spoken with them"
    assert Alert.objects.filter(subject=Subject.PROMISE, ref=contact.pk).exists()
    event = case.events.get(verb="customer_objects")
    assert event.who == "Customer"


def test_a_name_with_a_script_is_only_text():
    case = papers.counter_case()
    Case.objects.filter(pk=case.pk).update(customer_name="<script>alert(1)</script>")

    text = seen(case)

    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_no_bill_is_shown_before_the_plan_is_accepted_and_then_with_its_basis():
    bill = money.billed()
    case = Case.objects.get(pk=bill.step.case_id)

    text = seen(case)

    line = bill.lines.first()
    assert f"{bill.total:,.2f}" in text
    assert line.document_number in text
    assert "Pay the bill" in text


def test_the_page_says_what_goes_back_and_that_we_come_once_more():
    payment = money.paid()
    case = Case.objects.get(pk=payment.bill.step.case_id)
    moves.set_facts(case, by=person(Role.SUPERVISOR), existing_supply="shared", note="合表")
    refund = Refund.objects.with_due().get()

    text = seen(Case.objects.get(pk=case.pk))

    day = f"{refund.due_on:%-d %B}"
    assert f"¥{payment.amount:,.2f} goes back to you" in text
    assert day in text
    assert "We have to do this step once more" in text

    pay_out(refund, by=person(Role.CASHIER), method="transfer", reference="6222")
    assert f"¥{payment.amount:,.2f} was paid back to you" in seen(case)


def test_of_a_bill_that_is_paid_back_the_page_says_so():
    payment = money.paid()
    case = Case.objects.get(pk=payment.bill.step.case_id)
    moves.withdraw(case, by=person(Role.CLERK), reason="不建了")

    text = seen(Case.objects.get(pk=case.pk))

    assert f"¥{payment.amount:,.2f} goes back to you" in text
    assert "Nothing more is to be paid" not in text


def asked(case: Case) -> int:
    """How many queries the page takes, for who opened it before."""
    client = customer(case)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page(case)).status_code == 200
    return sum("SAVEPOINT" not in query["sql"] for query in queries)


def stopped_survey() -> Case:
    """A survey that rests for a neighbour's consent: the most that can be asked for at once."""
    case = surveys.at_survey()
    surveys.asked(surveys.candidate(case))
    moves.stop(
        surveys.fresh(case),
        by=surveys.surveyor(),
        reason=StopReason.objects.get(code="third_party"),
        party="业主委员会",
        evidence="征询函",
        review_on=clocks.calendar().add(timezone.localdate(), 1),
    )
    return case


@pytest.mark.parametrize(
    "begun",
    [
        lambda: owing()[0],
        stopped_survey,
        lambda: plans.answered().step.case,
        lambda: money.billed().step.case,
    ],
)
def test_the_page_takes_eight_queries_at_most_however_much_there_is(begun):
    case = Case.objects.get(pk=begun().pk)
    before = asked(case)

    clerk = person(Role.CLERK)
    for requirement in Requirement.objects.exclude(pk__in=case.papers_owed.values("requirement")):
        documents.owe(case, requirement.code, due_on=timezone.localdate(), by=clerk)
    for _again in range(3):
        documents.issue(case, "receipt", by=clerk)
        documents.issue(case, "payment", by=clerk)

    assert asked(case) == before <= 8


# Papers -------------------------------------------------------------------------------------------


def test_a_paper_we_wait_for_is_photographed_and_the_clerk_sees_who_sent_it():
    case, item = owing()
    client = customer(case)
    photo = papers.upload(papers.picture(), "房产证.jpg", "image/jpeg")

    response = client.post(page(case, "hand_in", item.pk), {"file": photo}, follow=True)

    item.refresh_from_db()
    assert item.state == PaperItem.State.OWED, "somebody looks at it before it counts"
    assert item.attachment.uploaded_by is None
    assert "Thank you, we have received it" in response.content.decode()
    assert "We have it from you, and look at it." in response.content.decode()
    assert case.events.get(verb="paper_handed_in").who == "Customer"


def test_what_the_customer_sent_counts_once_the_clerk_takes_it():
    case, item = owing()
    photo = papers.upload(papers.picture(), "房产证.jpg", "image/jpeg")
    customer(case).post(page(case, "hand_in", item.pk), {"file": photo})
    desk = Client()
    desk.force_login(person(Role.CLERK))

    desk.post(reverse("documents:receive", args=[case.number, item.pk]), {"reason": "", "take": ""})

    item.refresh_from_db()
    assert (item.state, item.attachment is None) == (PaperItem.State.RECEIVED, False)


def test_what_cannot_be_read_is_owed_on_and_the_customer_hears_why():
    case, item = owing()
    client, path = customer(case), page(case, "hand_in", item.pk)
    client.post(path, {"file": papers.upload(papers.picture(), "a.jpg", "image/jpeg")})
    desk = Client()
    desk.force_login(person(Role.CLERK))
    taking = reverse("documents:receive", args=[case.number, item.pk])

    desk.post(taking, {"reason": "看不清", "take": ""})  # the Enter key
    item.refresh_from_db()
    assert item.state == PaperItem.State.OWED
    desk.post(taking, {"reason": "", "refuse": ""})
    item.refresh_from_db()
    assert item.attachment is not None, "a reason is needed"
    desk.post(taking, {"reason": "看不清", "refuse": ""})

    item.refresh_from_db()
    assert (item.state, item.attachment) == (PaperItem.State.OWED, None)
    assert "看不清" in client.get(page(case)).content.decode()
    assert "看不清" in Message.objects.filter(verb="paper_not_taken").first().body
    again = client.post(path, {"file": papers.upload(papers.picture(), "b.jpg", "image/jpeg")})
    assert again.status_code == 302


def test_the_same_paper_sent_twice_is_refused_in_words():
    case, item = owing()
    client = customer(case)
    path = page(case, "hand_in", item.pk)
    client.post(path, {"file": papers.upload(papers.picture(), "a.jpg", "image/jpeg")})

    again = client.post(path, {"file": papers.upload(papers.picture(), "b.jpg", "image/jpeg")})

    assert again.status_code == 422
    assert "We have this paper already" in again.content.decode()
    assert case.attachments.count() == 1


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"MZ\x90\x00" * 200, "photo.jpg", "image/jpeg"),
        (b"<html><script>alert(1)</script>", "scan.pdf", "application/pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.svg", "image/svg+xml"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 50, "half.png", "image/png"),
        (b"", "empty.pdf", "application/pdf"),
        (papers.PDF + b"MZ" * 2000, "both.pdf", "application/pdf"),
    ],
)
def test_a_file_that_is_no_paper_is_refused_and_nothing_written(content, name, said):
    case, item = owing()
    client = customer(case)
    events = case.events.count()

    response = client.post(
        page(case, "hand_in", item.pk), {"file": papers.upload(content, name, said)}
    )

    assert response.status_code == 422
    assert (case.events.count(), case.attachments.count()) == (events, 0)


def test_a_file_over_the_limit_is_refused(settings):
    settings.UPLOAD_LIMIT = 1024
    case, item = owing()

    response = customer(case).post(
        page(case, "hand_in", item.pk),
        {"file": papers.upload(papers.picture(), "a.jpg", "image/jpeg")},
    )

    assert "too large" in response.content.decode()
    assert case.attachments.count() == 0


def test_a_paper_of_another_case_is_not_handed_in_here():
    _case, item = owing()
    other = papers.counter_case(street="人民路 11 号院", not_duplicate="另一户")

    response = customer(other).post(
        page(other, "hand_in", item.pk),
        {"file": papers.upload(papers.picture(), "a.jpg", "image/jpeg")},
    )

    assert response.status_code == 302
    item.refresh_from_db()
    assert item.state == PaperItem.State.OWED


def test_a_closed_case_takes_no_papers():
    case, item = owing()
    client = customer(case)
    moves.withdraw(case, by=person(Role.CLERK), reason="不办了")

    response = client.post(
        page(case, "hand_in", item.pk),
        {"file": papers.upload(papers.picture(), "a.jpg", "image/jpeg")},
    )

    assert response.status_code == 422
    assert case.attachments.count() == 0


def test_the_receipt_is_downloaded_and_no_sheet_of_the_office():
    case = papers.counter_case()
    receipt = papers.rendered(case.papers.get(kind="receipt", language="en"))
    sheet = case.papers.create(
        kind="work_order", language="en", number="X-1", issued_at=timezone.now()
    )
    client = customer(case)

    pdf = client.get(page(case, "paper", receipt.pk))
    assert b"".join(pdf).startswith(b"%PDF-")
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert client.get(page(case, "paper", sheet.pk)).status_code == 302
    assert "Application receipt" in client.get(page(case)).content.decode()


# The plan -----------------------------------------------------------------------------------------


def yes(plan: Plan, **values) -> dict:
    return {
        "decision": "accept",
        "version": plan.version,
        "agreed": "on",
        "signed_name": "王小明",
    } | values


def no(plan: Plan, **values) -> dict:
    return {"decision": "object", "version": plan.version, "reason": "想要三相电。"} | values


def test_the_customer_confirms_the_plan_by_name():
    plan = plans.answered()
    case = plan.step.case
    before = Case.objects.get(pk=case.pk).last_contact_at

    response = customer(case).post(page(case, "plan"), yes(plan))

    assert response.status_code == 302
    plan = plans.plan_of(case)
    assert (plan.state, plan.accepted_how, plan.signed_name) == ("accepted", "online", "王小明")
    assert case.events.get(verb="plan_accepted").who == "Customer"
    assert Case.objects.get(pk=case.pk).last_contact_at > before


def test_an_objection_opens_the_next_version_with_its_reason():
    plan = plans.answered()
    case = plan.step.case
    client = customer(case)

    assert client.post(page(case, "plan"), no(plan)).status_code == 302

    plan = Plan.objects.get(pk=plan.pk)
    assert (plan.state, plan.objection) == ("objected", "想要三相电。")
    step = plans.step_of(case)
    assert (step.round, step.state) == (2, Step.State.IN_HAND)
    assert case.events.get(verb="plan_objected").who == "Customer"
    assert "You did not agree: 想要三相电。" in client.get(page(case)).content.decode()


@pytest.mark.parametrize("word", [yes, no])
def test_a_word_on_the_plan_sent_twice_is_refused(word):
    plan = plans.answered()
    case = plan.step.case
    client = customer(case)
    client.post(page(case, "plan"), word(plan))
    events = case.events.count()

    again = client.post(page(case, "plan"), word(plan))

    assert again.status_code == 422
    assert "does not wait for your answer any more" in again.content.decode()
    assert case.events.count() == events


def test_the_word_on_an_old_version_does_not_count_for_the_new_one():
    old = plans.answered()
    case = old.step.case
    planning.object_to(old.step, by=plans.clerk(), reason="太远")
    new = plans.answered(Case.objects.get(pk=case.pk))

    response = customer(case).post(page(case, "plan"), yes(old))

    assert response.status_code == 422
    assert plans.plan_of(case).state == "answered"
    assert new.version == 2


def test_what_was_typed_stays_when_something_is_missing():
    plan = plans.answered()
    case = plan.step.case

    text = (
        customer(case)
        .post(page(case, "plan"), yes(plan, agreed="", signed_name="王小明"))
        .content.decode()
    )

    assert "Tick the box if you agree." in text
    assert 'value="王小明"' in text
    assert plans.plan_of(case).state == "answered"


def test_a_plan_past_its_validity_is_not_confirmed():
    plan = plans.answered()
    case = plan.step.case
    client = customer(case)
    Plan.objects.filter(pk=plan.pk).update(valid_until=timezone.localdate() - timedelta(days=1))

    assert client.post(page(case, "plan"), yes(plan)).status_code == 422
    assert plans.plan_of(case).state == "answered"
    shown = client.get(page(case, "plan")).content.decode()
    assert "cannot be confirmed any more" in shown
    assert 'name="decision"' not in shown
    assert page(case, "plan") not in client.get(page(case)).content.decode()


def test_a_plan_that_is_not_answered_is_neither_shown_nor_confirmed():
    plan = plans.approved()
    case = plan.step.case
    client = customer(case)

    text = client.get(page(case, "plan")).content.decode()
    response = client.post(page(case, "plan"), yes(plan))

    assert plan.property_boundary not in text
    assert response.status_code == 422
    assert plans.plan_of(case).state == "approved"


def test_nobody_of_the_office_confirms_in_the_customers_name():
    plan = plans.answered()

    with pytest.raises(Refused):
        planning.accept(plan.step, by=plans.clerk(), signed_name="王", how="online")

    assert not Bill.objects.exists()


# A word -------------------------------------------------------------------------------------------


def test_a_call_asked_for_stands_in_the_log_and_an_answer_is_promised():
    case = papers.counter_case()
    client = customer(case)

    client.post(page(case, "word"), {"about": "call", "words": "请下午打电话。"})

    contact = Contact.objects.get(case=case, by=None)
    assert contact.promised_on > timezone.localdate()
    assert case.events.get(verb="call_asked").who == "Customer"
    assert "News from us by" in client.get(page(case)).content.decode()


def test_the_same_words_twice_are_kept_once():
    case = papers.counter_case()
    client = customer(case)
    words = {"about": "ask", "words": "什么时候来？"}
    client.post(page(case, "word"), words)

    assert client.post(page(case, "word"), words).status_code == 422
    assert Contact.objects.filter(case=case, by=None).count() == 1


@pytest.mark.parametrize("words", ["", " ", "a" * 901, "a\x00b", "\u202egnp", "👩"])
def test_words_nobody_can_read_are_refused(words):
    case = papers.counter_case()

    response = customer(case).post(page(case, "word"), {"about": "ask", "words": words})

    assert response.status_code == 422
    assert not Contact.objects.filter(case=case, by=None).exists()


def test_ten_megabytes_of_text_are_refused():
    case = papers.counter_case()

    response = customer(case).post(page(case, "word"), {"about": "ask", "words": "长" * 3_500_000})

    assert response.status_code == 400
    assert "Traceback" not in response.content.decode()
    assert not Contact.objects.filter(case=case, by=None).exists()


@pytest.mark.parametrize("name", ["plan", "word"])
def test_without_the_token_of_the_page_nothing_is_taken(name):
    plan = plans.answered()
    case = plan.step.case
    client = customer(case, enforce_csrf_checks=True)

    response = client.post(page(case, name), yes(plan) | {"about": "ask", "words": "?"})

    assert response.status_code == 403
    assert plans.plan_of(case).state == "answered"
    assert not Contact.objects.filter(case=case, by=None).exists()


def test_a_page_that_grew_old_gives_back_what_was_typed_and_asks_nobody_to_log_in():
    plan = plans.answered()
    case = plan.step.case
    client = customer(case, enforce_csrf_checks=True)

    response = client.post(page(case, "plan"), no(plan), headers={"origin": "http://testserver"})

    text = response.content.decode()
    assert response.status_code == 403
    assert "想要三相电。" in text
    assert 'name="password"' not in text


def test_the_language_is_switched_without_an_account_and_the_page_kept():
    case = papers.counter_case()
    client = customer(case)

    response = client.post(
        reverse("accounts:language"), {"language": "zh-hans", "next": page(case)}, follow=True
    )

    assert response.redirect_chain == [(page(case), 302)]
    assert '<html lang="zh-CN">' in response.content.decode()


# Every state has its words ------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_kind_in_every_state_has_plain_words(language):
    from public.words import CASES, REQUESTS, WORDS, told
    from workflow.process import BusinessType

    with translation.override(language):
        for kind in Kind.values:
            sentences = [told(kind, state) for state in Step.State.values]
            assert all(sentences), kind
            assert len(set(sentences)) == len(sentences), kind
            words = WORDS[kind]
            for part in (words.name, words.ask, words.how):
                assert str(part), kind
        assert set(CASES) == set(Case.State.values)
        assert set(REQUESTS) == set(BusinessType.values)


# The clerk's side ---------------------------------------------------------------------------------


def test_the_clerk_reads_out_the_code_and_replaces_a_lost_one(client):
    case = papers.counter_case()
    old = code_of(case)
    client.force_login(person(Role.CLERK))
    path = reverse("applications:code", args=[case.number])

    assert old.grouped in client.get(path).content.decode()
    response = client.post(path, {"reason": "回执丢失"}, follow=True)

    assert code_of(case) != old
    assert code_of(case).grouped in response.content.decode()
    assert case.events.get(verb="code_renewed").note == "回执丢失"


def test_who_draws_the_plan_does_not_read_the_code_that_could_confirm_it(client):
    case = papers.counter_case()
    client.force_login(person(Role.PLANNER))

    assert client.get(reverse("applications:code", args=[case.number])).status_code == 403
    with pytest.raises(Refused):
        applications.renew_code(case, by=person(Role.PLANNER), reason="x")


def test_no_log_holds_a_customers_code():
    address = "/track/2026-000123/ABCDEFGHJKMN/"
    record = logging.LogRecord("x", 30, "", 1, "%s: %s", ("Too Many Requests", address), None)

    assert WithoutCodes().filter(record)

    assert record.getMessage() == "Too Many Requests: /track/2026-000123/-/"
