"""The tree of offices: what one sees follows the office, what one does follows the role."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Unit, User
from accounts.roles import Role
from tests import factories, world
from tests.factories import person, unit
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Step

pytestmark = pytest.mark.django_db


def test_the_path_of_an_office_names_all_above_it():
    station = unit("lhcd")

    assert station.path == "js/jc/lh/lhcd/"
    assert station.lineage == ["js/", "js/jc/", "js/jc/lh/", "js/jc/lh/lhcd/"]
    assert [u.code for u in Unit.objects.over(station)] == ["lhcd", "lh", "jc", "js"]


def test_an_office_has_below_it_only_its_own_branch():
    for code in ("lhcd", "bhxc"):
        unit(code)

    assert {u.code for u in Unit.objects.under(unit("lh"))} == {"lh", "lhcd"}
    assert {u.code for u in Unit.objects.under(unit("jc"))} == {"jc", "lh", "lhcd", "bh", "bhxc"}


def test_an_office_whose_code_begins_like_anothers_is_not_below_it():
    """`lh` is not above `lhx`, although the letters are."""
    county, twin = unit("lh"), Unit(code="lhx", name="临湖西区", level="county", parent=unit("jc"))
    twin.placed().save()

    assert twin not in Unit.objects.under(county)


def test_a_chain_of_offices_whose_codes_are_too_long_together_is_refused_in_words():
    above = unit("lhcd")
    for n in range(3):
        above = Unit(
            code=f"long-code-{n:02}", name="营业厅", level="station", parent=above
        ).placed()
        above.save()

    with pytest.raises(ValidationError, match="too long together"):
        Unit(code="long-code-99", name="营业厅", level="station", parent=above).full_clean()


def test_two_offices_cannot_have_one_code():
    unit("lhcd")

    with pytest.raises(IntegrityError), transaction.atomic():
        Unit(code="lhcd", name="again", level="station", parent=unit("bh")).placed().save()


@pytest.mark.parametrize(
    ("at", "sees"),
    [("lhcd", True), ("lh", True), ("jc", True), ("js", True), ("bh", False), ("bhxc", False)],
)
def test_a_case_is_seen_from_its_office_and_those_above(client, at, sees):
    case = factories.case()
    reader = person(Role.CLERK, at=at)

    assert Case.objects.visible_to(reader).filter(pk=case.pk).exists() is sees
    assert Step.objects.visible_to(reader).filter(case=case).exists() is sees
    client.force_login(reader)
    assert client.get(case.get_absolute_url()).status_code == (200 if sees else 404)
    found = client.get(reverse("workflow:search"), {"q": case.customer_name}).content.decode()
    assert (case.number in found) is sees


def test_a_number_of_another_unit_is_not_betrayed_by_the_search(client):
    case = factories.case()
    client.force_login(person(Role.CLERK, at="bhxc"))

    response = client.get(reverse("workflow:search"), {"q": case.number})

    assert response.status_code == 200
    assert case.get_absolute_url() not in response.content.decode()


def test_nobody_opens_a_case_for_an_office_that_is_not_below_them():
    with pytest.raises(Refused):
        factories.case(by=person(Role.CLERK, at="bhxc"))


def test_a_person_without_a_role_only_looks():
    step = factories.case().step("application")
    step.owner = None
    nobody = User.objects.create_user("nobody", password="x", name="无", unit=unit())

    with pytest.raises(Refused):
        moves.claim(step, by=nobody)


def test_the_auditor_reads_everything_and_changes_nothing(client):
    """Every page below a case, asked for by posting: no row anywhere is written."""
    case = factories.case()
    step = case.step("application")
    client.force_login(person(Role.AUDITOR, at="js"))
    pages = [
        ("workflow:case", [case.number]),
        ("applications:application", [case.number]),
        ("applications:contact", [case.number]),
        ("documents:papers", [case.number]),
        ("workflow:deadline", [case.number, step.pk]),
    ]
    for name, args in pages:
        assert client.get(reverse(name, args=args)).status_code == 200, name
    deeds = [
        ("workflow:withdraw", [case.number], {"reason": "因为"}),
        ("workflow:refuse", [case.number], {"reason": "因为"}),
        ("workflow:fast_lane_ask", [case.number], {"grounds": "AAA"}),
        ("workflow:send_back", [case.number, step.pk], {"to": "application", "reason": "因为"}),
        ("workflow:claim", [case.number, step.pk], {}),
        ("applications:contact", [case.number], {"summary": "打过电话"}),
        ("applications:new", [], {"customer_name": "王"}),
        ("workflow:next", [], {}),
    ]

    with world.written() as statements:
        for name, args, typed in deeds:
            client.post(reverse(name, args=args), typed)

    assert statements == []
    assert case.events.count() == Case.objects.get(pk=case.pk).event_count


def test_a_person_needs_an_office():
    with pytest.raises(ValidationError) as refused:
        User(username="x", name="x", email="x@example.org").full_clean()

    assert "unit" in refused.value.message_dict
