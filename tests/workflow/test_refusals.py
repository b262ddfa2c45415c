"""What no page caught is answered with the reason, in the reader's language."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory
from django.utils import translation

from accounts.roles import Role
from tests.factories import case as opened
from tests.factories import person
from tests.surveys import factories as surveys
from workflow import walls
from workflow.models import Step
from workflow.refusals import Refusals, reason_of

pytestmark = pytest.mark.django_db


def refused(statement):
    with pytest.raises(IntegrityError) as found, transaction.atomic(), connection.cursor() as at:
        at.execute(statement)
    return found.value


def answered(error, language):
    request = RequestFactory().post("/anywhere/")
    request.user = person(Role.CLERK, language=language)
    request.resolver_match = None
    with translation.override(language):
        return Refusals(None).process_exception(request, error)


def test_what_a_wall_refuses_is_said_in_the_readers_language():
    surveys.signed_survey(surveys.at_survey())

    page = answered(refused("UPDATE surveys_survey SET phase = 'three'"), "zh-hans")

    assert page.status_code == 409
    assert "已签字的查勘单已冻结" in page.content.decode()


def test_every_wall_speaks_chinese():
    with translation.override("zh-hans"):
        dumb = [wall.name for wall in walls.every() if translation.gettext(wall.message).isascii()]

    assert dumb == []


def test_what_a_constraint_refuses_is_said_in_the_words_of_the_model():
    surveys.source_point(rated_kva=100, committed_kva=90)

    error = refused("UPDATE surveys_sourcepoint SET committed_kva = 101")

    with translation.override("zh-hans"):
        assert reason_of(error) == "已用和预留容量之和大于额定容量。"


def test_an_error_that_is_no_refusal_is_none_of_ours():
    assert answered(ValueError("a bug"), "en") is None


@pytest.mark.parametrize(("language", "said"), [("en", "no such step"), ("zh-hans", "没有")])
def test_a_step_that_the_case_does_not_have_is_named(client, language, said):
    case = opened(business_type="name_change", existing_supply="own")
    client.force_login(person(Role.PLANNER, language=language))
    url = f"/cases/{case.number}/plan/"

    looked, sent = client.get(url), client.post(url)

    assert (looked.status_code, sent.status_code) == (404, 409)
    for page in (looked.content.decode(), sent.content.decode()):
        assert said in page
        assert case.get_absolute_url() in page


def test_what_is_not_there_any_more_leads_back_to_the_case(client):
    case = opened()
    client.force_login(person(Role.CLERK, language="en"))

    page = client.get(f"/cases/{case.number}/papers/owed/99999/")

    assert page.status_code == 404
    assert "This is not there any more." in page.content.decode()
    assert case.get_absolute_url() in page.content.decode()


def test_a_sheet_of_a_step_that_is_not_open_says_so(client):
    case = opened()
    client.force_login(person(Role.CONTRACT_OFFICER, language="en"))

    page = client.post(f"/cases/{case.number}/contract/")

    assert page.status_code == 409
    assert "Supply contract is not open." in page.content.decode()
    assert case.step("contract").state == Step.State.WAITING


def test_who_may_not_is_told_whose_work_it_is(client):
    case = surveys.at_survey()
    client.force_login(person(Role.CLERK, language="en"))

    page = client.post(case.step("survey").get_absolute_url())

    assert page.status_code == 403
    assert "This is the work of: Field surveyor." in page.content.decode()
