"""What clerks see of messages, and where administrators edit their words."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from news import services
from news.models import Message, OptOut, Template
from tests.factories import person
from tests.news.factories import EMAIL, MOBILE, message, told_case

pytestmark = pytest.mark.django_db
State = Message.State


@pytest.fixture
def clerk(client):
    client.force_login(person(Role.CLERK))
    return client


@pytest.fixture
def administrator(client):
    client.force_login(person(Role.ADMINISTRATOR, is_staff=True))
    return client


def log_of(case) -> str:
    return reverse("applications:contact", args=[case.number])


def undelivered() -> Message:
    found = message("email")
    Message.objects.filter(pk=found.pk).update(state=State.SENT, sent_at=timezone.now())
    return services.bounce(str(found.pk), why="mailbox full")


def test_the_contact_log_shows_each_message_with_its_state(clerk):
    case = told_case()
    case.messages.filter(channel="sms").update(state=State.SENT, sent_at=timezone.now())
    case.messages.filter(channel="email").update(state=State.DOUBT)

    page = clerk.get(log_of(case)).content.decode()

    for words in ("Sent", "Perhaps not delivered", EMAIL, MOBILE, "Application accepted"):
        assert words in page


def test_a_message_that_did_not_arrive_is_sent_again_with_one_button(clerk):
    found = undelivered()
    url = reverse("news:again", args=[found.case.number, found.pk])
    page = clerk.get(log_of(found.case)).content.decode()
    assert url in page
    assert "mailbox full" in page

    answer = clerk.post(url, follow=True)
    twice = clerk.post(url, follow=True)

    assert "The message is on its way again." in answer.content.decode()
    assert "This message needs not be sent again." in twice.content.decode()
    assert Message.objects.filter(instead_of=found).count() == 1
    assert url not in answer.content.decode()


def test_a_message_of_another_case_is_not_there(clerk):
    found, other = undelivered(), told_case(not_duplicate="另一户")

    assert clerk.post(reverse("news:again", args=[other.number, found.pk])).status_code == 409


def test_who_only_looks_sends_nothing(client):
    found = undelivered()
    client.force_login(person(Role.AUDITOR))

    assert client.post(reverse("news:again", args=[found.case.number, found.pk])).status_code == 403
    assert "/again/" not in client.get(log_of(found.case)).content.decode()


def test_the_customers_wish_for_no_messages_is_noted_and_taken_back(clerk):
    case = told_case()
    url = reverse("news:wanted", args=[case.number])

    clerk.post(url, {"channel": "sms"})
    assert OptOut.objects.get().address == MOBILE
    assert "wanted again" in clerk.get(log_of(case)).content.decode()

    clerk.post(url, {"channel": "sms", "again": "1"})
    assert not OptOut.objects.exists()
    assert clerk.post(url, {"channel": "pigeon"}).status_code == 409


def test_markup_in_a_message_is_shown_as_typed(clerk):
    case = told_case()
    case.messages.update(body="<script>alert(1)</script>", error="<b>x</b>")

    page = clerk.get(log_of(case)).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


# The words, in the admin --------------------------------------------------------------------------


def words(channel: str = "email") -> Template:
    return Template.objects.in_use().get(
        verb="application_accepted", language="en", channel=channel
    )


def change(template: Template) -> str:
    return reverse("admin:news_template_change", args=[template.pk])


def test_the_administrator_edits_the_words_as_a_new_version(administrator):
    old = words()
    answer = administrator.post(change(old), {"subject": "Accepted", "body": "{number} {link}"})

    assert answer.status_code == 302
    assert (words().version, words().subject, words().made_by.name) == (
        2, "Accepted", person(Role.ADMINISTRATOR).name,
    )  # fmt: skip
    old.refresh_from_db()
    assert (old.active, old.subject) == (False, "Your application is accepted")


def test_an_unknown_placeholder_is_named_on_the_page_and_nothing_is_kept(administrator):
    answer = administrator.post(change(words()), {"subject": "A", "body": "{nubmer}"})

    page = answer.content.decode()
    assert "There is no placeholder {nubmer}." in page
    assert words().version == 1


def test_an_sms_that_is_too_long_is_refused(administrator):
    answer = administrator.post(change(words("sms")), {"body": "电" * 210})

    assert "This would be 4 SMS" in answer.content.decode()
    assert words("sms").version == 1


def test_a_mail_needs_a_subject(administrator):
    answer = administrator.post(change(words()), {"subject": "", "body": "x"})

    assert "An e-mail needs a subject." in answer.content.decode()


def test_a_version_out_of_use_is_only_read(administrator):
    old = words()
    services.revise(old, by=person(Role.ADMINISTRATOR), subject="A", body="B", by_law=False)

    assert administrator.post(change(old), {"subject": "C", "body": "D"}).status_code == 403
    assert administrator.get(change(old)).status_code == 200


def test_the_words_as_typed_are_shown_on_a_sample_case_before_they_are_kept(administrator):
    url = reverse("admin:news_template_preview", args=[words("sms").pk])

    page = administrator.post(url, {"body": "Hello {who}"}).content.decode()
    assert "Hello 李娜" in page
    assert "1 SMS" in page
    assert "There is no placeholder" in administrator.post(url, {"body": "{x}"}).content.decode()
    assert words("sms").version == 1
    assert url in administrator.get(change(words("sms"))).content.decode()


def test_messages_are_looked_at_and_never_changed_in_the_admin(administrator):
    found = message("sms")
    url = reverse("admin:news_message_change", args=[found.pk])

    assert administrator.get(url).status_code == 200
    assert administrator.post(url, {"body": "x"}).status_code == 403
    assert administrator.get(reverse("admin:news_message_add")).status_code == 403
    assert administrator.get(reverse("admin:news_message_changelist")).status_code == 200
    assert administrator.get(reverse("admin:news_template_changelist")).status_code == 200
    assert administrator.get(reverse("admin:news_optout_changelist")).status_code == 200


def test_a_clerk_does_not_edit_the_words(clerk):
    assert clerk.get(change(words())).status_code == 302
    assert clerk.get(reverse("admin:news_template_preview", args=[words().pk])).status_code == 302
