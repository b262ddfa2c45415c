"""Each message arrives once, or is shown as not delivered, however bad the other side is."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from email import message_from_string, policy
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from news import channels, services, tasks
from news.models import Message
from news.services.sending import ATTEMPTS, LEASE
from tests.news.factories import EMAIL, MOBILE, message, now_due, told_case
from workflow.models import Alert, Subject

pytestmark = pytest.mark.django_db
State = Message.State


def task_of(found: Message) -> Alert | None:
    return Alert.objects.filter(subject=Subject.MESSAGE, ref=found.pk).first()


def tried(found: Message) -> Message:
    """The message after one more attempt."""
    now_due(found)
    assert services.send(found.pk)
    found.refresh_from_db()
    return found


# E-mail -----------------------------------------------------------------------------------------


def test_a_mail_arrives_once_in_the_customers_language(mailbox, settings):
    settings.MAIL_BOUNCES = "bounces@utility.example"
    found = tried(message("email"))

    assert found.state == State.SENT
    assert not services.send(found.pk)
    letter = message_from_string(mailbox.taken[0], policy=policy.default)
    assert len(mailbox.taken) == 1
    assert letter["To"] == EMAIL
    assert letter["Subject"] == "您的用电申请已受理"
    assert found.reference in letter["Message-ID"]
    assert "尊敬的王小明" in letter.get_content()
    assert f"bounces+{found.reference}@utility.example" in "".join(mailbox.seen)


def test_a_line_of_one_dot_does_not_end_a_mail(mailbox):
    found = message("email")
    found.body = "first\n.\n..last"
    found.save(update_fields=["body"])

    tried(found)

    letter = message_from_string(mailbox.taken[0].replace("\r\n..", "\r\n."), policy=policy.default)
    assert letter.get_content().splitlines() == ["first", ".", "..last"]


@pytest.mark.parametrize("trouble", ["busy", "busy_letter", "die_at_data", "hang_hello"])
def test_a_mail_that_did_not_leave_is_sent_later_and_once(mailbox, trouble):
    mailbox.does = [trouble]
    found = tried(message("email"))

    assert (found.state, found.handed_at) == (State.WAITING, None)
    assert found.due_at > timezone.now()
    assert found.error

    assert tried(found).state == State.SENT
    assert len(mailbox.taken) == 1
    assert task_of(found) is None


def test_a_mail_server_that_is_away_is_asked_again(settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    assert tried(message("email")).state == State.WAITING


@pytest.mark.parametrize("trouble", ["die_after_dot", "hang_dot"])
def test_a_mail_without_an_answer_is_in_doubt_and_never_sent_again_by_itself(mailbox, trouble):
    mailbox.does = [trouble]
    found = tried(message("email"))

    assert found.state == State.DOUBT
    assert task_of(found)
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        assert tasks.send_due() == 0
        assert not services.send(found.pk)
    assert len(mailbox.taken) == 1


def test_a_mail_cut_off_before_its_end_is_never_shown_as_sent(mailbox):
    mailbox.does = ["die_before_dot"]
    found = tried(message("email"))

    # Whether the break was noticed before or after the dot was written is the network's choice.
    assert found.state in (State.WAITING, State.DOUBT)
    assert mailbox.taken == []


@pytest.mark.parametrize("trouble", ["no_recipient", "refuse_letter"])
def test_a_mail_that_is_refused_is_a_task_for_the_owner(mailbox, trouble):
    mailbox.does = [trouble]
    found = tried(message("email"))

    assert (found.state, found.attempts, mailbox.taken) == (State.UNDELIVERED, 1, [])
    event = found.case.events.get(verb="message_undelivered")
    assert EMAIL in event.note
    task = task_of(found)
    assert (task.case, task.due_on > timezone.localdate()) == (found.case, True)


def test_a_mail_server_that_answers_twice_gets_each_mail_once(mailbox):
    mailbox.does = ["twice"]

    assert tried(message("email")).state == State.SENT
    assert len(mailbox.taken) == 1


# SMS --------------------------------------------------------------------------------------------


def test_an_sms_arrives_once_at_the_mobile_number(gateway):
    found = tried(message("sms"))

    assert found.state == State.SENT
    [(key, body)] = gateway.taken
    assert (key, body["to"], body["text"]) == (found.reference, MOBILE, found.body)
    assert gateway.seen[0].startswith("Bearer secret ")


@pytest.mark.parametrize("trouble", ["500", "503", "429", "401", "302"])
def test_an_sms_the_gateway_does_not_take_now_is_sent_later_and_once(gateway, trouble):
    gateway.does = [trouble]
    found = tried(message("sms"))

    assert (found.state, found.handed_at) == (State.WAITING, None)
    assert tried(found).state == State.SENT
    assert len(gateway.taken) == 1


@pytest.mark.parametrize("trouble", ["hang", "hang_after", "die", "die_after", "garbage", "twice"])
def test_an_sms_without_an_answer_is_asked_for_again_by_its_key_and_arrives_once(gateway, trouble):
    gateway.does = [trouble]
    found = tried(message("sms"))

    if trouble != "twice":
        assert (found.state, bool(found.handed_at)) == (State.WAITING, True)
        found = tried(found)
    assert found.state == State.SENT
    assert len(gateway.taken) == 1
    assert len({seen.split()[-1] for seen in gateway.seen}) == 1


@pytest.mark.parametrize("trouble", ["400", "404", "422"])
def test_an_sms_to_a_number_that_is_none_is_a_task_for_the_owner(gateway, trouble):
    gateway.does = [trouble]
    found = tried(message("sms"))

    assert found.state == State.UNDELIVERED
    assert task_of(found)


def test_each_wait_is_longer_and_the_last_attempt_ends_as_not_delivered(gateway):
    gateway.does = ["500"] * ATTEMPTS
    found, waits = message("sms"), []
    for _n in range(ATTEMPTS):
        found = tried(found)
        waits.append(round((found.due_at - timezone.now()).total_seconds() / 60))

    assert waits[:4] == [1, 2, 4, 8]
    assert (found.state, found.attempts) == (State.UNDELIVERED, ATTEMPTS)
    assert task_of(found)


def test_a_gateway_that_never_answers_leaves_the_message_in_doubt(gateway):
    gateway.does = ["die_after"] + ["500"] * (ATTEMPTS - 1)
    found = message("sms")
    for _n in range(ATTEMPTS):
        found = tried(found)

    assert found.state == State.DOUBT
    assert len(gateway.taken) == 1


# Workers ------------------------------------------------------------------------------------------


def claimed(found: Message, **columns) -> Message:
    """A worker took the message and died."""
    now_due(found)
    long_ago = timezone.now() - LEASE - timedelta(minutes=1)
    Message.objects.filter(pk=found.pk).update(
        state=State.SENDING, claimed_at=long_ago, attempts=1, **columns
    )
    return found


def test_a_message_is_held_by_one_worker_at_a_time(mailbox):
    found = message("email")
    Message.objects.filter(pk=found.pk).update(state=State.SENDING, claimed_at=timezone.now())

    assert not services.send(found.pk)
    assert services.recover() == 0
    assert mailbox.taken == []


def test_what_a_dead_worker_held_and_had_not_sent_is_sent(mailbox):
    found = claimed(message("email"))

    assert services.recover() == 1
    assert tried(found).state == State.SENT
    assert len(mailbox.taken) == 1


def test_what_a_dead_worker_had_handed_over_by_mail_is_in_doubt(mailbox):
    found = claimed(message("email"), handed_at=timezone.now())

    assert services.recover() == 1
    found.refresh_from_db()
    assert found.state == State.DOUBT
    assert mailbox.taken == []


def test_what_a_dead_worker_had_handed_over_by_sms_is_asked_for_again(gateway):
    found = claimed(message("sms"), handed_at=timezone.now())

    services.recover()
    assert tried(found).state == State.SENT


def test_a_worker_that_was_given_up_sends_nothing_any_more(mailbox, monkeypatch):
    found, begin = message("email"), channels._begin

    def slow(smtp, message):
        begin(smtp, message)
        Message.objects.filter(pk=found.pk).update(state=State.WAITING)

    monkeypatch.setattr(channels, "_begin", slow)
    services.send(found.pk)

    found.refresh_from_db()
    assert (found.state, found.handed_at, mailbox.taken) == (State.WAITING, None, [])


def test_a_yes_that_comes_late_ends_the_doubt(mailbox, monkeypatch):
    found = message("email")
    send = channels._judge

    def doubted(code, answer, otherwise):
        if otherwise is channels.Unknown:
            held = Message.objects.filter(pk=found.pk)
            held.update(claimed_at=timezone.now() - 2 * LEASE)
            services.recover()
            held.update(claimed_at=at)
        send(code, answer, otherwise)

    at = timezone.now()
    monkeypatch.setattr(channels, "_judge", doubted)
    services.send(found.pk, at)

    found.refresh_from_db()
    assert found.state == State.SENT
    assert task_of(found) is None


# What comes back --------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["{0.pk}", "{0.reference}", "bounces+{0.reference}@u.example"])
def test_a_mail_that_comes_back_is_a_task_for_the_owner(mailbox, sign):
    found = tried(message("email"))
    said = StringIO()

    call_command("note_bounce", sign.format(found), "--why", "mailbox full", stdout=said)

    found.refresh_from_db()
    assert (found.state, found.error) == (State.UNDELIVERED, "mailbox full")
    assert task_of(found)
    assert found.case.number in said.getvalue()


@pytest.mark.parametrize("sign", ["0", "nonsense", "9" * 30, "²"])
def test_a_bounce_of_nothing_we_sent_is_refused(sign):
    with pytest.raises(CommandError):
        call_command("note_bounce", sign)


def test_a_bounce_noted_twice_is_one_task(mailbox):
    found = tried(message("email"))

    assert services.bounce(str(found.pk))
    assert services.bounce(str(found.pk)) is None
    assert found.case.events.filter(verb="message_undelivered").count() == 1


# Quiet hours --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-10-20T22:15:00+08:00", "2026-10-21T08:00:00+08:00"),
        ("2026-10-21T03:00:00+08:00", "2026-10-21T08:00:00+08:00"),
        ("2026-10-21T08:00:00+08:00", "2026-10-21T08:00:00+08:00"),
        ("2026-10-20T20:59:00+08:00", "2026-10-20T20:59:00+08:00"),
    ],
)
def test_what_happens_at_night_is_told_in_the_morning(settings, gateway, moment, due):
    settings.QUIET_HOURS = time(21), time(8)
    with time_machine.travel(moment, tick=False):
        found = message("sms", told_case())
        assert found.due_at == datetime.fromisoformat(due)
        assert services.send(found.pk) == (moment == due)


def test_what_waited_into_the_night_waits_for_the_morning(settings, gateway):
    settings.QUIET_HOURS = time(21), time(8)
    with time_machine.travel("2026-10-20T20:59:00+08:00", tick=False):
        found = message("sms")
    with time_machine.travel("2026-10-20T21:01:00+08:00", tick=False):
        assert not services.send(found.pk)

    found.refresh_from_db()
    assert (found.state, timezone.localtime(found.due_at).hour) == (State.WAITING, 8)
    assert gateway.taken == []
