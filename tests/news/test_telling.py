"""What the customer is told of, in which words, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from applications import services as applications
from applications.models import Contact
from applications.services import code_of
from news import reference, services, wording
from news.models import Message, OptOut, Template
from surveys import services as surveying
from tests import factories
from tests.applications.factories import accepted, draft, sheet
from tests.factories import person
from tests.news.factories import EMAIL, MOBILE, message, told_case
from tests.surveys import factories as surveys
from workflow import clocks, moves, verbs
from workflow.guards import Refused
from workflow.models import Alert, StopReason, Subject

pytestmark = pytest.mark.django_db
State = Message.State
LANGUAGES = ("zh-hans", "en")


# The words ----------------------------------------------------------------------------------------


def test_every_verb_that_is_told_has_its_words_in_each_language_and_channel():
    verbs.meet_rooms()
    shipped = {(t.verb, t.language, t.channel) for t in Template.objects.in_use()}

    assert {verb for verb, _language, _channel in shipped} == verbs.TOLD
    assert len(shipped) == len(verbs.TOLD) * 4


def test_the_words_as_shipped_pass_what_is_asked_of_edited_ones():
    for template in Template.objects.in_use():
        template.full_clean(validate_unique=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_has_at_most_three_parts_however_much_was_noted(language):
    values = {**wording.sample(language), "note": "证" * 900, "options": "另" * 300}
    for template in Template.objects.filter(channel="sms", language=language):
        text = wording.fit(template.body, values)

        assert wording.parts(text) <= 3, text
        assert text.endswith(values["link"])
        assert "李娜" in text


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_every_message_says_who_looks_after_it_and_where_to_look(channel):
    for template in Template.objects.filter(channel=channel):
        assert {"who", "phone", "link", "number"} <= set(wording.PLACE.findall(template.body))


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("电" * 70, 1),
        ("电" * 71, 2),
        ("电" * 201, 3),
        ("电" * 202, 4),
        ("𬸦" * 35, 1),
        ("𬸦" * 36, 2),
    ],
)
def test_the_parts_of_an_sms_are_counted_as_networks_count_them(text, needed):
    assert wording.parts(text) == needed


@pytest.mark.parametrize(
    ("phone", "mobile"),
    [
        ("139 0000 4217", "13900004217"),
        ("+86 139-0000-4217", "13900004217"),
        ("025-8800 2101", ""),
        ("400 800 1234", ""),
        ("+49 170 1234567", ""),
        ("", ""),
    ],
)
def test_an_sms_goes_to_mobile_numbers_only(phone, mobile):
    assert wording.mobile(phone) == mobile


@pytest.mark.parametrize("text", ["{nmuber}", "{}", "{0}", "{number.case}", "{number!r}"])
def test_an_unknown_placeholder_is_named(text):
    with pytest.raises(ValidationError) as caught:
        wording.check(body=text)

    assert text in str(caught.value)
    assert "{number}" in str(caught.value)


@pytest.mark.parametrize("text", ["{number", "number}", "{{number}}"])
def test_a_brace_left_open_is_refused(text):
    with pytest.raises(ValidationError):
        wording.check(body=text)


def test_what_a_person_typed_is_never_read_for_placeholders():
    assert wording.fill("{note}", {"note": "{link}", "link": "x"}) == "{link}"


# What is told -------------------------------------------------------------------------------------


def test_the_customer_is_told_of_the_acceptance_by_every_channel_there_is():
    case = told_case()
    found = {m.channel: m for m in case.messages.filter(verb="application_accepted")}

    assert {channel: m.to for channel, m in found.items()} == {"sms": MOBILE, "email": EMAIL}
    survey = case.steps.get(kind="survey")
    for m in found.values():
        assert m.state == State.WAITING
        assert code_of(case).url in m.body
        assert f"现场勘查，{survey.due_on:%Y-%m-%d} 前" in m.body or str(survey.due_on) in m.body
        assert case.number in m.body
    assert found["email"].event.verb == "application_accepted"


def test_the_customer_is_told_in_the_language_they_chose():
    case = told_case(language="en")

    subject = case.messages.get(verb="application_accepted", channel="email").subject
    assert subject == "Your application is accepted"


def test_who_has_no_address_gets_no_message_and_the_act_stands():
    case = accepted(sheet(phone="025-8800 2101"))

    assert not case.messages.exists()
    assert case.events.filter(verb="application_accepted").exists()


def test_without_words_nothing_is_told():
    Template.objects.update(active=False)

    assert not told_case().messages.exists()


def test_production_uses_no_channel_that_is_not_set_up(settings):
    settings.PRODUCTION = True
    settings.EMAIL_HOST, settings.SMS_URL = "mail.example", ""

    assert set(told_case().messages.values_list("channel", flat=True)) == {"email"}


def test_an_error_while_writing_a_message_breaks_no_act(monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("news.services.outbox.values_of", broken)
    case = told_case()

    assert case.events.filter(verb="application_accepted").exists()
    assert not case.messages.exists()
    assert "the customer was not told of application_accepted" in caplog.text


def test_a_broken_database_statement_breaks_no_act(monkeypatch):
    monkeypatch.setattr(
        "news.services.outbox.reader_of", lambda case: connection.cursor().execute("SELECT nothing")
    )

    assert told_case().events.filter(verb="application_accepted").exists()


def test_an_act_that_is_undone_tells_nobody():
    with transaction.atomic():
        told_case()
        transaction.set_rollback(True)

    assert not Message.objects.exists()


def test_what_is_missing_is_told_as_one_list():
    case = told_case(customer_class="lv_other")
    missing = case.events.get(verb="papers_promised")

    assert missing.note
    for found in case.messages.filter(verb="papers_promised"):
        owed = case.papers_owed.owed().first().requirement
        assert owed.label_zh in found.body or owed.label_en in found.body


def test_a_stop_tells_the_listed_reason_and_not_its_evidence():
    step = surveys.fresh(told_case())
    case, surveyor = step.case, step.owner or surveys.surveyor()
    reason = StopReason.objects.filter(active=True).first()
    moves.stop(
        step,
        by=surveyor,
        reason=reason,
        party="张建国",
        evidence="电话录音 17",
        review_on=clocks.calendar().add(timezone.localdate(), 1),
    )
    body = case.messages.get(verb="stopped", channel="email").body

    assert reason.label_zh in body
    assert "录音" not in body
    assert "张建国" not in body

    moves.resume(surveys.fresh(case), by=surveyor)
    due = surveys.fresh(case).due_on
    assert f"{due:%Y-%m-%d}" in case.messages.get(verb="resumed", channel="sms").body


def test_a_refusal_tells_the_reason_and_what_can_be_done_instead():
    case = told_case()
    moves.refuse(case, by=person(Role.APPROVER), reason="线路已满", options="改用其他电源点")

    body = case.messages.get(verb="refused", channel="email").body
    assert "线路已满" in body
    assert "改用其他电源点" in body


def test_an_appointment_for_the_survey_is_told():
    case = told_case()
    step = surveys.fresh(case)
    at, surveyor = timezone.now() + timedelta(days=2), step.owner or surveys.surveyor()
    surveying.book(step, at=at, by=surveyor)

    sms = case.messages.get(verb="survey_booked", channel="sms")
    assert f"{timezone.localtime(at):%Y-%m-%d %H:%M}" in sms.body
    with pytest.raises(Refused):
        surveying.book(step, at=timezone.now(), by=surveyor)


# The contact clock ------------------------------------------------------------------------------


def test_a_message_does_not_set_the_contact_clock_back(mailbox, gateway):
    case = told_case()
    before = case.last_contact_at
    for found in case.messages.all():
        services.send(found.pk)
    services.bounce(str(case.messages.first().pk))

    case.refresh_from_db()
    assert {m.state for m in case.messages.all()} >= {State.SENT}
    assert case.last_contact_at == before


def undelivered(channel: str = "email") -> Message:
    found = message(channel)
    Message.objects.filter(pk=found.pk).update(state=State.SENT, sent_at=timezone.now())
    return services.bounce(str(found.pk))


def contact(case, outcome: str) -> None:
    applications.note_contact(
        Contact(summary="电话告知", outcome=outcome, channel="phone"),
        case=case,
        by=person(Role.CLERK),
    )


def test_a_customer_who_was_reached_otherwise_ends_the_task():
    found = undelivered()
    contact(found.case, "message")
    assert Alert.objects.filter(subject=Subject.MESSAGE, ref=found.pk).exists()

    contact(found.case, "reached")

    assert not Alert.objects.filter(subject=Subject.MESSAGE, ref=found.pk).exists()
    found.refresh_from_db()
    assert found.settled_at
    assert not found.can_go_again


def test_a_message_that_did_not_arrive_is_sent_again_once_to_the_address_of_today(mailbox):
    found = undelivered()
    held = applications.correctable(found.case)
    held.email = "new@example.org"
    applications.correct(found.case, held, by=person(Role.CLERK), reason="客户来电")

    again = services.resend(found, by=person(Role.CLERK))
    with pytest.raises(Refused):
        services.resend(found, by=person(Role.CLERK))

    assert (again.to, again.body, again.instead_of_id) == ("new@example.org", found.body, found.pk)
    assert again.reference != found.reference
    assert not Alert.objects.filter(subject=Subject.MESSAGE).exists()
    assert services.send(again.pk)
    assert len(mailbox.taken) == 1


def test_what_was_sent_is_not_sent_again():
    found = message("email")
    Message.objects.filter(pk=found.pk).update(state=State.SENT, sent_at=timezone.now())
    found.refresh_from_db()

    with pytest.raises(Refused):
        services.resend(found, by=person(Role.CLERK))


# Who wants none -----------------------------------------------------------------------------------


def test_who_wants_no_messages_gets_by_mail_only_what_the_law_demands():
    for address in (MOBILE, EMAIL):
        services.stop(address, how="STOP")
    case = told_case()
    moves.refuse(case, by=person(Role.APPROVER), reason="线路已满")

    states = {(m.verb, m.channel): m.state for m in case.messages.all()}
    assert states["application_accepted", "sms"] == State.WITHHELD
    assert states["application_accepted", "email"] == State.WITHHELD
    assert states["refused", "sms"] == State.WITHHELD
    assert states["refused", "email"] == State.WAITING


def test_the_word_stop_is_noted_however_the_number_is_written(capsys):
    call_command("note_stop", "+86 139 0000 4217", "13900004217")

    assert list(OptOut.objects.values_list("address", flat=True)) == [MOBILE]


def test_a_customer_may_change_their_mind():
    case, clerk = told_case(), person(Role.CLERK)
    services.want(case, "sms", False, by=clerk)
    services.want(case, "sms", False, by=clerk)
    assert OptOut.objects.get().address == MOBILE

    services.want(case, "sms", True, by=clerk)

    assert not OptOut.objects.exists()
    assert case.events.filter(verb__startswith="messages_").count() == 2


def test_who_only_looks_notes_no_wish():
    with pytest.raises(Refused):
        services.want(told_case(), "sms", False, by=person(Role.AUDITOR))


# New versions -------------------------------------------------------------------------------------


def test_edited_words_are_a_new_version_and_messages_keep_theirs():
    case = told_case()
    sent = case.messages.get(verb="application_accepted", channel="email")
    administrator = person(Role.ADMINISTRATOR)
    new = services.revise(
        sent.template, by=administrator, subject="已受理", body="{number}", by_law=False
    )

    assert (new.version, new.active, new.made_by) == (2, True, administrator)
    sent.refresh_from_db()
    assert (sent.template.version, sent.template.active) == (1, False)
    assert told_case(not_duplicate="另一户").messages.get(
        verb="application_accepted", channel="email"
    ).subject == "已受理"  # fmt: skip
    with pytest.raises(Refused):
        services.revise(sent.template, by=administrator, subject="x", body="x", by_law=False)


# What it costs ------------------------------------------------------------------------------------


def statements(act) -> int:
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


def test_telling_takes_eight_statements_and_untold_acts_none(monkeypatch):
    case = told_case()
    plain = statements(lambda: moves.record(case, "noted", by=None))
    monkeypatch.setattr("news.services.tell", lambda event, case: None)
    assert statements(lambda: moves.record(case, "withdrawn", by=None)) == plain
    monkeypatch.undo()

    told = statements(lambda: moves.record(case, "withdrawn", by=None))

    # The savepoint and its release; sheet, words, wishes, steps, code; the messages.
    assert case.messages.filter(verb="withdrawn").count() == 2
    assert told - plain == 8


def test_no_address_costs_one_statement_and_a_savepoint():
    case = accepted(sheet(phone="025-8800 2101"))
    event = case.events.filter(verb="application_accepted").first()

    assert statements(lambda: services.tell(event, case)) == 3


def test_a_case_without_a_sheet_is_told_by_its_telephone():
    case = factories.case()
    event = case.events.first()
    event.verb = "application_accepted"

    assert [m.to for m in services.tell(event, case)] == [MOBILE]
    assert draft().messages.count() == 0


def test_the_shipped_words_are_put_into_an_empty_table():
    assert len(reference.rows()) == Template.objects.count()
