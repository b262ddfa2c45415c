"""The agent's authority, asked again at the contract, and renewed with its paper."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications import services as applications
from applications.models import Application
from contracts.guards import AUTHORITY_STANDS
from documents.models import Attachment
from tests.contracts import factories
from tests.documents.factories import PDF, scan, upload
from tests.factories import person
from tests.fees import factories as fees
from workflow.guards import Refused
from workflow.models import Event, Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db
AGENT = "李代理"


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def contract(today):
    """Drawn; the authority on the signed sheet ended yesterday."""
    case = fees.hv_case()
    Application.objects.create(
        step=fees.fresh(case).step(Kind.APPLICATION),
        customer_name="裕丰冷链",
        existing_supply="none",
        agent_name=AGENT,
        agent_id_number="320104199003070423",
        agent_authority="letter",
        agent_authority_until=today - timedelta(days=1),
        accepted_at=timezone.now(),
        accepted_by=person(Role.CLERK),
    )
    return factories.drawn(factories.ready(case))


def renewed(contract, until, **options):
    return applications.renew_authority(
        contract.step.case,
        **{"by": person(Role.CLERK), "authority": "notarised", "until": until, "file": scan()}
        | options,
    )


def test_an_authority_that_ended_says_what_to_do_before_anybody_signs(contract):
    finding = AUTHORITY_STANDS.finding(contract.step)

    assert not finding.met
    assert f"The authority of {AGENT} ended on" in str(finding.what)
    assert "record a renewed one" in str(finding.what)
    number = contract.step.case.number
    assert finding.remedy[1] == reverse("applications:authority", args=[number])


def test_the_case_page_leads_to_recording_a_renewed_authority(client, contract):
    client.force_login(person(Role.CONTRACT_OFFICER))

    page = client.get(f"{contract.step.case.get_absolute_url()}?step={contract.step.pk}")

    assert f"/cases/{contract.step.case.number}/authority/" in page.content.decode()


def test_renewed_the_agent_signs(contract, today):
    with pytest.raises(Refused, match="authority ended"):
        factories.by_customer(contract, signed_name=AGENT, signed_as="agent")

    renewed(contract, today)

    assert factories.by_customer(contract, signed_name=AGENT, signed_as="agent").signed_at
    assert AUTHORITY_STANDS(fees.fresh(contract.step.case).step(Kind.CONTRACT))


def test_a_renewal_that_ended_in_its_turn_opens_nothing(contract, today):
    renewed(contract, today)
    contract.step.case.refresh_from_db()
    Application.objects.get().renewals.update(until=today - timedelta(days=1))

    with pytest.raises(Refused, match="authority ended"):
        factories.by_customer(contract, signed_name=AGENT, signed_as="agent")


def test_the_customer_in_person_needs_no_authority(contract):
    assert factories.by_customer(contract).signed_at


def test_the_signed_sheet_stays_as_it_was_and_the_history_tells_of_the_renewal(contract, today):
    before = Application.objects.get().agent_authority_until

    renewed(contract, today + timedelta(days=90))

    sheet = Application.objects.get()
    event = Event.objects.get(verb="authority_renewed")
    assert sheet.agent_authority_until == before
    assert sheet.authority_ends() == today + timedelta(days=90)
    assert event.data["sha256"] == Attachment.objects.latest("pk").sha256
    assert AGENT in event.note


def test_an_authority_of_yesterday_renews_nothing(contract, today):
    with pytest.raises(Refused, match="expired"):
        renewed(contract, today - timedelta(days=1))


def test_a_surveyor_renews_no_authority(contract, today):
    with pytest.raises(Refused, match="This is the work of"):
        renewed(contract, today, by=person(Role.SURVEYOR))


def test_the_officer_records_it_on_its_page_with_the_paper(client, contract, today):
    client.force_login(person(Role.CONTRACT_OFFICER))
    page = reverse("applications:authority", args=[contract.step.case.number])
    typed = {"authority": "letter", "until": f"{today + timedelta(days=30):%Y-%m-%d}"}

    assert "This field is required" in client.post(page, typed).content.decode()
    response = client.post(page, typed | {"file": upload(PDF, "委托书.pdf")})

    assert response.status_code == 302
    assert Application.objects.get().authority_ends() == today + timedelta(days=30)


def test_a_new_round_of_the_sheet_begins_with_the_renewed_authority(contract, today):
    renewed(contract, today + timedelta(days=30))
    case = contract.step.case
    step = Step.objects.create(case=case, kind=Kind.APPLICATION, round=2, unit=case.unit)

    again, _equipment = applications.draft_for(step)

    assert again.agent_authority_until == today + timedelta(days=30)
