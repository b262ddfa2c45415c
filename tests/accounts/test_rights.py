"""Who one is: roles as groups, the administrator's door, the demo's people, and two of one case.

The pages are looked at address by address in the permission table; here are the rules behind it.
"""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.demo import PASSWORD, PEOPLE
from accounts.models import Unit, User
from accounts.roles import Role
from demo import office
from fees import services as fees
from fees.models import Bill, Payment
from plans import services as plans
from tests.applications.factories import sheet
from tests.factories import case, person, unit
from tests.fees import factories as money
from tests.plans import factories as planning
from tests.surveys import factories as surveys
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.process import PROCESS

pytestmark = pytest.mark.django_db


# Roles --------------------------------------------------------------------------------------------


def test_every_role_is_a_group_from_the_first_day():
    assert set(Group.objects.values_list("name", flat=True)) == set(Role.values)


def test_every_link_of_the_process_belongs_to_a_role_that_exists():
    assert {rule.role for rule in PROCESS.values()} <= set(Role.values)


def test_a_role_given_or_taken_counts_at_the_next_page(client):
    clerk = person(Role.CLERK)
    client.force_login(clerk)
    assert client.get(reverse("workflow:board")).status_code == 403

    clerk.groups.add(Group.objects.get(name=Role.SUPERVISOR))
    assert client.get(reverse("workflow:board")).status_code == 200

    clerk.groups.clear()
    assert client.get(reverse("workflow:board")).status_code == 403


def test_the_people_of_a_role_are_those_of_these_offices_who_still_work_here():
    near = person(Role.SURVEYOR)
    person(Role.SURVEYOR, at="bhxc")
    person(Role.CLERK)
    person(Role.SURVEYOR, username="gone", is_active=False)

    found = User.objects.with_role(Role.SURVEYOR, Unit.objects.under(unit("lh")))

    assert list(found) == [near]


# Visibility ---------------------------------------------------------------------------------------


def test_a_list_holds_the_cases_of_the_own_office_and_those_below_and_no_others():
    unit("bhxc")
    made = {
        code: case(unit=unit(code), by=person(Role.CLERK, at=code), customer_name=code)
        for code in ("js", "jc", "lh", "lhcd", "bh", "bhxc")
    }
    below = {
        "js": set(made),
        "jc": set(made) - {"js"},
        "lh": {"lh", "lhcd"},
        "lhcd": {"lhcd"},
        "bh": {"bh", "bhxc"},
        "bhxc": {"bhxc"},
    }

    for code, seen in below.items():
        reader = person(Role.AUDITOR, at=code)
        cases = Case.objects.visible_to(reader)
        steps = Step.objects.visible_to(reader)
        assert set(cases.values_list("customer_name", flat=True)) == seen
        assert set(steps.values_list("case__customer_name", flat=True)) == seen


def test_who_moves_to_another_office_sees_its_cases_and_the_old_ones_no_more():
    here, there = case(), case(unit=unit("bhxc"), by=person(Role.CLERK, at="bhxc"))
    mover = person(Role.SURVEYOR)

    mover.unit = unit("bhxc")
    mover.save(update_fields=["unit"])

    seen = Case.objects.visible_to(User.objects.get(pk=mover.pk))
    assert there in seen
    assert here not in seen


# Separation of duties: one person who holds every role still needs a colleague --------------------


@pytest.fixture
def everything():
    return person(*Role.values, at="lh", username="everything")


def test_planner_and_approver_are_two_people(everything):
    plan = planning.submitted(by=everything)

    with pytest.raises(Refused, match="colleague"):
        plans.approve(plan.step, by=everything)

    assert not plan.approvals.exists()
    assert plans.approve(plan.step, by=planning.approver()).state == "approved"


def test_surveyor_and_approver_are_two_people(everything):
    site = planning.taken(sheet())
    surveys.signed_survey(site, by=everything)
    plan = planning.submitted(site)

    with pytest.raises(Refused, match="You surveyed this site"):
        plans.approve(plan.step, by=everything)

    assert not plan.approvals.exists()
    assert plans.approve(plan.step, by=planning.approver()).state == "approved"


def test_who_sets_the_fee_and_who_takes_it_are_two_people(everything):
    bill = fees.issue(money.ready(), by=everything)

    with pytest.raises(Refused, match="Who set the fee cannot collect it"):
        fees.receive(bill, by=everything, method="cash", payer="裕丰冷链")

    assert not Payment.objects.exists()
    assert Bill.objects.get(pk=bill.pk).state == "issued"
    fees.receive(bill, by=person(Role.CASHIER), method="cash", payer="裕丰冷链")
    assert Bill.objects.get(pk=bill.pk).state == "paid"


# Staff and administrators -------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_no_role_opens_the_administration_by_itself(client, role):
    client.force_login(person(role))

    response = client.get(reverse("admin:index"))

    assert response.status_code == 302
    assert response.url.startswith(reverse("admin:login"))


def test_staff_without_rights_find_the_administration_empty(client):
    client.force_login(person(Role.SUPERVISOR, is_staff=True))

    assert client.get(reverse("admin:index")).context["app_list"] == []
    for name in ("accounts_user", "workflow_deadlinerule", "fees_catalogueitem"):
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403, name
        assert client.post(reverse(f"admin:{name}_add"), {}).status_code == 403, name


def test_nobody_makes_themselves_an_administrator(client):
    clerk = person(Role.CLERK)
    client.force_login(clerk)
    rights = {"username": clerk.username, "is_staff": "on", "is_superuser": "on"}

    client.post(reverse("admin:accounts_user_change", args=[clerk.pk]), rights)

    clerk.refresh_from_db()
    assert (clerk.is_staff, clerk.is_superuser) == (False, False)


def test_the_administrator_is_not_above_the_process(client):
    """All rights in the administration; not one deed in a case."""
    chief = person(Role.ADMINISTRATOR, at="js", is_staff=True, is_superuser=True)
    step = money.ready()

    with pytest.raises(Refused):
        fees.issue(step, by=chief)
    with pytest.raises(Refused):
        moves.claim(step, by=chief)
    with pytest.raises(Refused):
        moves.withdraw(step.case, by=chief, reason="因为")

    assert not Bill.objects.exists()
    client.force_login(chief)
    assert client.get(reverse("admin:fees_bill_changelist")).status_code == 200
    assert client.get(reverse("admin:fees_bill_add")).status_code == 403


# The demo's people --------------------------------------------------------------------------------


def test_the_demo_has_somebody_for_every_role():
    assert {role for login in PEOPLE for role in login.roles} == set(Role)


def test_everybody_of_the_demo_comes_in_with_the_password_shown(client, settings):
    settings.DEMO = True
    office.build()
    shown = client.get("/login/").content.decode()
    assert PASSWORD in shown

    for login in PEOPLE:
        assert login.username in shown
        visitor = Client()
        words = {"username": login.username, "password": PASSWORD}
        assert visitor.post("/login/", words).url == reverse("workflow:desk"), login
        found = User.objects.get(username=login.username)
        assert found.roles == frozenset(login.roles)
        assert found.unit.code == login.unit
        assert found.is_staff is (Role.ADMINISTRATOR in login.roles)
        assert not found.is_superuser


def test_the_door_of_the_demo_says_at_which_office_everybody_works(client, settings):
    settings.DEMO = True
    office.build()

    page = client.get("/login/").content.decode()

    for login in PEOPLE:
        row = page[page.index(f"<code>{login.username}</code>") :].partition("</tr>")[0]
        assert User.objects.get(username=login.username).unit.name in row


def test_making_the_demos_people_again_changes_nobody():
    people = office.build()
    changed = people["lina"]
    changed.language = "en"
    changed.save(update_fields=["language"])

    again = office.build()

    assert User.objects.count() == len(PEOPLE)
    assert again["lina"].language == "en"
    assert again["lina"].password == changed.password


def test_outside_the_demo_the_door_names_nobody(client, settings):
    settings.DEMO = False
    office.build()

    shown = client.get("/login/").content.decode()

    assert PASSWORD not in shown
    assert "zhouweidong" not in shown


def test_the_logins_can_be_printed():
    out = StringIO()
    call_command("demo_logins", stdout=out)

    lines = out.getvalue().splitlines()

    assert len(lines) == len(PEOPLE)
    for login, line in zip(PEOPLE, lines, strict=True):
        assert line.startswith(login.username)
        assert PASSWORD in line
        assert line.endswith(login.name)
