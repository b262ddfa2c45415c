"""Standards in use are frozen: drafted by one person, released by a second one, never edited.

On SQLite too (tests/test_walls_on_sqlite.py).
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from contracts.models import Clause, Terms
from documents.models import PaperItem, Requirement
from fees.models import CatalogueItem
from plans.models import ApprovalRule, ValidityRule
from plans.services import approval, terms
from tests import factories
from tests.contracts import factories as contracting
from tests.factories import draft_of, person, publish
from tests.works import factories as works
from workflow import clocks, standards
from workflow.guards import Refused
from workflow.models import (
    DatedStandard,
    DeadlineRule,
    LateCause,
    Lateness,
    Pause,
    Rescheduling,
    StopReason,
    WorkDay,
)
from works.models import Grade, StandardItem

pytestmark = pytest.mark.django_db

SHIPPED = {
    CatalogueItem: ({"code": "reliability-10kv"}, {"rate": Decimal(999)}),
    DeadlineRule: ({"kind": "survey", "customer_class": "lv_residential"}, {"promise": 2}),
    WorkDay: ({"day": date(2025, 10, 1)}, {"worked": True}),
    ApprovalRule: ({"from_kva": 1260}, {"approvers": 3}),
    ValidityRule: ({"customer_class": "lv_residential"}, {"months": 6}),
    StandardItem: ({"label_en": "Earthing grid and its joints"}, {"standard": "GB 50169-2016"}),
}
DATED = [model for model in SHIPPED if issubclass(model, DatedStandard)]
CLOCK = [DeadlineRule, WorkDay]
EVERY = pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.__name__)
EVERY_DATED = pytest.mark.parametrize("model", DATED, ids=lambda model: model.__name__)


def shipped(model):
    return model.objects.get(**SHIPPED[model][0])


def change(model) -> dict:
    """What another version says otherwise; from today on, where it has a first day."""
    number = {"version": 2} if model is CatalogueItem else {}
    dated = {"valid_from": timezone.localdate()} if model in DATED else {}
    return SHIPPED[model][1] | number | dated


def administrator(at: str) -> User:
    return person(Role.ADMINISTRATOR, at=at, is_staff=True, language="en")


def browser(at: str) -> Client:
    """A browser in which an administrator is signed in."""
    client = Client()
    client.force_login(administrator(at))
    return client


def address(row, page: str) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}"
    return reverse(name, args=[row.pk] if page != "add" else [])


def refused(match: str):
    return pytest.raises(IntegrityError, match=match)


def sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@EVERY
def test_what_is_released_is_read_and_not_edited_in_the_administration(model):
    row, root = shipped(model), browser("js")
    before = row.digest

    page = root.get(address(row, "change"))
    assert "New version" in page.content.decode()
    assert "adminform" in page.context
    assert not page.context["adminform"].form.fields

    for name in ("change", "delete"):
        assert root.post(address(row, name), {"post": "yes"}).status_code == 403
    listed = address(row, "add").replace("add/", "")
    root.post(listed, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert shipped(model).digest == before


@EVERY
def test_the_database_itself_keeps_what_is_released(model):
    row = shipped(model)
    ((column, value),) = SHIPPED[model][1].items()
    setattr(row, column, value)
    table = model._meta.db_table

    with refused("never changed"), transaction.atomic():
        row.save()
    with refused("never changed"), transaction.atomic():
        model.objects.filter(pk=row.pk).update(**{column: value})
    with refused("never changed"):
        sql(f"UPDATE {table} SET released_at = NULL WHERE id = {row.pk}")
    with refused("never deleted"), transaction.atomic():
        row.delete()
    with refused("never deleted"):
        sql(f"DELETE FROM {table} WHERE id = {row.pk}")


@EVERY
def test_a_new_version_begins_with_what_the_last_one_says(model):
    row, root = shipped(model), browser("js")
    url = f"{address(row, 'add')}?of={row.pk}"

    form = root.get(url).context["adminform"].form
    typed = {
        name: value
        for name, field in form.fields.items()
        if (value := form.get_initial_for_field(field, name)) not in (None, False)
    }
    if model in DATED:
        assert typed["valid_from"] == timezone.localdate() + timedelta(days=1)
    refusal = root.post(url, typed)
    assert "document_number" in refusal.context["adminform"].form.errors

    answer = root.post(url, typed | {"document_number": "苏电价〔2026〕7号"})
    assert answer.status_code == 302
    draft = model.objects.latest("pk")
    assert draft.is_draft
    assert draft.author == administrator("js")
    assert draft.key == row.key


@EVERY
def test_a_draft_counts_for_nobody(model):
    case = factories.case()
    counted = state(case)
    draft_of(shipped(model), **change(model))
    clocks.new_edition()

    assert state(case) == counted
    assert not Rescheduling.objects.exists()


@EVERY
def test_a_released_version_counts(model):
    case = factories.case()
    counted = state(case)

    publish(shipped(model), **change(model))
    clocks.new_edition()

    assert state(case) != counted


def state(case) -> tuple:
    """What clock, calendar and bill go by today."""
    today = timezone.localdate()
    rates = CatalogueItem.objects.chargeable(today).filter(code="reliability-10kv")
    whole = [item for item in CatalogueItem.objects.all() if item.is_chargeable(today)]
    large = SimpleNamespace(total_kva=2000, case=case)
    return (
        clocks.rule_for(case, "survey", today).promise,
        clocks.calendar().is_working(date(2025, 10, 1)),
        [item.rate for item in rates],
        sorted(item.pk for item in whole),
        approval.approvers_needed(large),
        terms.rule_for(case).months,
        [item.standard for item in StandardItem.for_case(case, "mid_check")],
    )


@EVERY
def test_one_person_does_not_release_alone(model):
    draft = draft_of(shipped(model), **change(model))
    model.objects.filter(pk=draft.pk).update(author=administrator("js"))
    draft.refresh_from_db()

    page = browser("js").post(address(draft, "release"), {"seen": draft.digest})

    assert "a second person releases it" in page.content.decode()
    assert model.objects.get(pk=draft.pk).is_draft
    for how in ("released_by_id = author_id", "author_id = NULL"):
        with pytest.raises(IntegrityError):
            sql(
                f"UPDATE {model._meta.db_table} SET {how}, released_at = CURRENT_TIMESTAMP "
                f"WHERE id = {draft.pk}"
            )


@EVERY
def test_who_writes_a_draft_last_is_its_author(model):
    draft = draft_of(shipped(model), **change(model))
    root = browser("js")
    form = root.get(address(draft, "change")).context["adminform"].form
    typed = {name: form.get_initial_for_field(f, name) or "" for name, f in form.fields.items()}
    root.post(address(draft, "change"), typed | {"document_number": "另一号"})
    draft.refresh_from_db()

    assert draft.document_number == "另一号"
    page = root.post(address(draft, "release"), {"seen": draft.digest})
    assert "a second person releases it" in page.content.decode()


@EVERY
def test_a_second_person_sees_what_changes_and_releases_it(model):
    row = shipped(model)
    draft, root = draft_of(row, **change(model)), browser("jc")

    page = root.get(address(draft, "release"))
    assert draft.document_number in page.content.decode()
    answer = root.post(address(draft, "release"), {"seen": page.context["draft"].digest})

    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.released_by == administrator("jc")
    assert bool(Rescheduling.objects.exists()) == (model in CLOCK)
    if model in DATED:
        row.refresh_from_db()
        assert row.valid_to == draft.valid_from - timedelta(days=1)
    assert root.post(address(draft, "release"), {"seen": draft.digest}).status_code == 302
    with pytest.raises(Refused, match="released already"):
        standards.release(draft, by=administrator("jc"), seen=draft.digest)


@EVERY
def test_a_draft_that_was_changed_after_it_was_read_is_read_again(model):
    draft = draft_of(shipped(model), **change(model))
    seen = draft.digest
    model.objects.filter(pk=draft.pk).update(document_number="另一号")

    page = browser("jc").post(address(draft, "release"), {"seen": seen})

    assert "read it again" in page.content.decode()
    assert model.objects.get(pk=draft.pk).is_draft


@EVERY
def test_a_draft_can_be_thrown_away(model):
    draft = draft_of(shipped(model), **change(model))

    browser("js").post(address(draft, "delete"), {"post": "yes"})

    assert not model.objects.filter(pk=draft.pk).exists()


@EVERY
def test_nobody_but_the_administrator_releases(model):
    draft = draft_of(shipped(model), **change(model))
    client = Client()
    client.force_login(person(Role.SUPERVISOR, is_staff=True))

    assert client.get(address(draft, "release")).status_code == 403
    assert client.post(address(draft, "release"), {"seen": draft.digest}).status_code == 403
    assert model.objects.get(pk=draft.pk).is_draft


@EVERY_DATED
def test_a_version_holds_from_its_first_day_on(model):
    row, today = shipped(model), timezone.localdate()
    ((column, value),) = SHIPPED[model][1].items()

    publish(row, **change(model) | {"valid_from": today + timedelta(days=5)})
    clocks.new_edition()

    for days, expected in ((4, getattr(row, column)), (5, value)):
        assert in_force(row, column, today + timedelta(days=days)) == expected


def in_force(row, column: str, on: date):
    if isinstance(row, DeadlineRule):
        return getattr(clocks.rule_for(factories.case(), "survey", on), column)
    return getattr(type(row).objects.in_force(on).get(**row.key), column)


@EVERY_DATED
def test_no_version_changes_what_held_on_days_past(model):
    row, today = shipped(model), timezone.localdate()

    with pytest.raises(ValidationError, match="in the past"):
        publish(row, **change(model) | {"valid_from": today - timedelta(days=1)})
    row.refresh_from_db()
    assert row.valid_to is None


@EVERY_DATED
def test_no_version_goes_before_one_that_is_released(model):
    row, today = shipped(model), timezone.localdate()
    publish(row, **change(model) | {"valid_from": today + timedelta(days=9)})
    number = {"version": 3} if model is CatalogueItem else {}

    with pytest.raises(ValidationError, match="choose a later day"):
        publish(row, **change(model) | number)


@EVERY_DATED
def test_what_has_ended_does_not_hold_again(model):
    row = shipped(model)
    publish(row, **change(model))

    for later in (None, timezone.localdate() + timedelta(days=400)):
        with refused("not made valid again"), transaction.atomic():
            model.objects.filter(pk=row.pk).update(valid_to=later)


# Lists to choose from: no versions, but what was used stays as it was -----------------------------


def stopped_for() -> StopReason:
    day = timezone.localdate()
    stop = {"party": "客户", "evidence": "通话", "review_on": day, "cap_on": day}
    step, reason = factories.case().step("survey"), StopReason.objects.first()
    return Pause.objects.create(step=step, reason=reason, started_at=timezone.now(), **stop).reason


def late_for() -> LateCause:
    step, cause = factories.case().step("survey"), LateCause.objects.first()
    late = {"due_on": timezone.localdate(), "at": timezone.now()}
    return Lateness.objects.create(step=step, cause=cause, **late).cause


def asked_for() -> Requirement:
    paper, due = Requirement.objects.first(), timezone.localdate()
    PaperItem.objects.create(case=factories.case(), requirement=paper, due_on=due)
    return paper


# How a row comes to be used, and a column with what somebody would like it to say.
LISTS = {
    StopReason: (stopped_for, "cap", 99),
    LateCause: (late_for, "party", "force_majeure"),
    Requirement: (asked_for, "label_zh", "另一种"),
    Grade: (lambda: works.licence().grade, "max_kv", 500),
    Terms: (lambda: contracting.drawn().terms, "basis", "另一号"),
    Clause: (lambda: contracting.drawn().terms.clauses.first(), "text_zh", "另一条"),
}


@pytest.mark.parametrize("model", LISTS)
def test_what_was_used_of_a_list_says_for_good_what_it_said(model):
    use, column, value = LISTS[model]
    row = use()

    with refused("never changed"), transaction.atomic():
        model.objects.filter(pk=row.pk).update(**{column: value})
    other = model.objects.exclude(pk=row.pk).last()
    if model is not Clause:
        assert not other.is_used
    model.objects.filter(pk=other.pk).update(**{column: value})


@pytest.mark.parametrize("model", [model for model in LISTS if model is not Clause])
def test_a_used_row_is_only_taken_out_of_use_in_the_administration(model):
    use, column, value = LISTS[model]
    row, root = use(), browser("js")
    before = getattr(row, column)

    page = root.get(address(row, "change"))
    assert "take it out of use, and add another" in page.content.decode()
    open_ = {*page.context["adminform"].form.fields}
    assert open_ <= {"active", "confirmed"}
    assert root.post(address(row, "delete"), {"post": "yes"}).status_code == 403
    root.post(address(row, "change"), {column: value, "confirmed": "on"})

    row.refresh_from_db()
    assert getattr(row, column) == before


def test_a_fee_is_abolished_by_a_version_that_two_people_release():
    row, today = shipped(CatalogueItem), timezone.localdate()
    last = today - timedelta(days=1)

    publish(row, version=2, status="abolished", valid_to=last)

    row.refresh_from_db()
    assert row.valid_to == last
    chargeable = CatalogueItem.objects.chargeable
    assert not chargeable(today).filter(code=row.code).exists()
    assert chargeable(last).filter(code=row.code).get() == row
    assert CatalogueItem.objects.abolished(today).filter(code=row.code).exists()


def test_whose_days_an_abolished_fee_bears_is_said_at_the_field():
    row = shipped(CatalogueItem)
    row.status, row.valid_to = "abolished", date(2026, 6, 30)
    row.valid_from = date(2026, 7, 1)

    with pytest.raises(ValidationError) as refusal:
        row.full_clean()
    assert "first day on which it was valid" in str(refusal.value.message_dict["valid_from"])


def test_what_is_abolished_stays_abolished():
    row = CatalogueItem.objects.get(code="temporary-connection")
    revived = {"version": 2, "status": "in_force", "valid_to": None}
    today = timezone.localdate()

    with pytest.raises(ValidationError, match="never charged again"):
        publish(row, **revived, valid_from=today)
    with refused("never charged again"), transaction.atomic():
        CatalogueItem.objects.filter(pk=row.pk).update(status="in_force")
    row.pk, row.version, row.status, row.valid_to = None, 3, "in_force", None
    with refused("never charged again"), transaction.atomic():
        row.save(force_insert=True)
    row.author, row.released_at = person("author"), None
    row.save(force_insert=True)
    with refused("never charged again"):
        CatalogueItem.objects.filter(pk=row.pk).update(
            released_at=timezone.now(), released_by=person("second")
        )
