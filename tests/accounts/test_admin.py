"""What an administrator can change, and what follows; what can only be looked at."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Unit, User
from accounts.roles import Role
from fees.models import CatalogueItem
from metering.models import Meter
from surveys.models import SourcePoint
from tests import factories
from tests.factories import person, unit
from workflow import moves, rescheduling
from workflow.models import Case, DeadlineRule, Event, Step, WorkDay
from works.models import Licence

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client):
    """A browser in which the administrator is signed in."""
    chief = person(Role.ADMINISTRATOR, at="js", is_staff=True)
    client.force_login(chief)
    return client


def typed(url: str, root) -> dict:
    """The change form as the browser posts it back untouched."""
    form = root.get(url).context["adminform"].form
    return {
        name: value if (value := form.get_initial_for_field(field, name)) is not None else ""
        for name, field in form.fields.items()
    }


def post(root, obj, **changes):
    url = reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])
    data = {k: v for k, v in (typed(url, root) | changes).items() if v is not False}
    response = root.post(url, data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    return response


def worked() -> None:
    """The worker has done what was asked of it."""
    while rescheduling.go_on():
        pass


def release(draft):
    """A second administrator releases it, by its page."""
    browser = Client()
    browser.force_login(person(Role.ADMINISTRATOR, at="jc", is_staff=True))
    name = f"admin:{draft._meta.app_label}_{draft._meta.model_name}_release"
    url = reverse(name, args=[draft.pk])
    assert browser.post(url, {"seen": draft.digest}).status_code == 302


def test_releasing_a_longer_limit_moves_the_open_due_dates_and_logs_old_and_new(root):
    step = factories.case().step("application")
    before = step.due_on
    rule = DeadlineRule.objects.get(kind="application", customer_class="lv_residential")
    draft = factories.draft_of(rule, valid_from=timezone.localdate())

    post(root, draft, promise=rule.promise + 4, ceiling=rule.ceiling + 9)
    assert not rescheduling.waits(), "a draft moves nothing"
    release(DeadlineRule.objects.get(pk=draft.pk))
    assert Step.objects.get(pk=step.pk).due_on == before, "the request waits for no case"
    worked()

    step = Step.objects.get(pk=step.pk)
    assert step.due_on > before
    event = Event.objects.filter(case=step.case, verb=moves.DUE_CHANGED).latest("seq")
    said = f"{event.data}"
    assert before.isoformat() in said
    assert step.due_on.isoformat() in said


def take_off(root, day, **typed):
    """A day that is no working day; drafted by one administrator, released by a second one."""
    said = {"name": "台风停工", "source": "市政府通知", "document_number": "〔2026〕3号"}
    url = reverse("admin:workflow_workday_add")
    response = root.post(url, {"day": day.isoformat(), **said, **typed})
    assert response.status_code == 302, response.context["adminform"].form.errors
    release(WorkDay.objects.latest("pk"))


def test_a_holiday_more_moves_what_is_due_on_that_day(root):
    step = factories.case().step("application")
    take_off(root, step.due_on)

    worked()
    moved = Step.objects.get(pk=step.pk)
    assert moved.due_on > step.due_on
    assert moved.due_on - step.due_on < timedelta(days=12)


def test_taking_the_holiday_away_again_brings_the_day_back(root):
    step = factories.case().step("application")
    day = step.due_on
    take_off(root, day)
    worked()
    assert Step.objects.get(pk=step.pk).due_on > day

    take_off(root, day, worked="on")
    worked()

    assert Step.objects.get(pk=step.pk).due_on == day


@pytest.mark.parametrize("model", [Case, Step, Event])
def test_cases_steps_and_events_can_only_be_looked_at(root, model):
    case = factories.case()
    row = model.objects.filter(**({"pk": case.pk} if model is Case else {"case": case})).first()
    name = f"admin:workflow_{model._meta.model_name}"

    assert root.get(reverse(f"{name}_changelist")).status_code == 200
    assert root.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
    assert root.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403
    assert root.get(reverse(f"{name}_add")).status_code == 403
    assert root.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_a_new_office_takes_its_place_in_the_tree(root):
    parent = unit("lh")

    response = root.post(
        reverse("admin:accounts_unit_add"),
        {
            "name": "城南营业厅",
            "level": "station",
            "parent": parent.pk,
            "code": "lhcn",
            "phone": "",
        },
    )

    assert response.status_code == 302, response.context["adminform"].form.errors
    assert Unit.objects.get(code="lhcn").path == "js/jc/lh/lhcn/"


def test_an_office_moved_in_the_tree_takes_those_below_it_along(root):
    station = unit("lhcd")
    county = station.parent
    other = unit("bh")

    post(root, county, parent=other.pk)

    assert Unit.objects.get(pk=county.pk).path == "js/jc/bh/lh/"
    assert Unit.objects.get(pk=station.pk).path == "js/jc/bh/lh/lhcd/"


def test_an_office_cannot_be_put_below_itself(root):
    station = unit("lhcd")
    county = station.parent
    url = reverse("admin:accounts_unit_change", args=[county.pk])
    data = {"name": county.name, "level": county.level, "parent": station.pk, "code": "lh"}

    response = root.post(url, data)

    assert response.status_code == 200
    assert Unit.objects.get(pk=county.pk).path == "js/jc/lh/"


def test_a_new_colleague_is_made_with_office_and_role(root):
    clerk = person(Role.CLERK)
    group = clerk.groups.get()

    response = root.post(
        reverse("admin:accounts_user_add"),
        {
            "username": "newcomer",
            "name": "新人",
            "unit": unit().pk,
            "email": "",
            "usable_password": "true",
            "password1": "Lake-and-9-lanterns",
            "password2": "Lake-and-9-lanterns",
            "groups": [group.pk],
        },
    )

    assert response.status_code == 302, response.context["adminform"].form.errors
    newcomer = User.objects.get(username="newcomer")
    assert newcomer.has_role(Role.CLERK)
    assert newcomer.language == "zh-hans"


def test_every_table_of_the_office_opens_for_the_administrator(root):
    request = SimpleNamespace(user=User.objects.get(is_staff=True))
    for model, table in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if model._meta.app_label in ("auth", "axes"):
            assert root.get(reverse(f"{name}_changelist")).status_code == 403, name
            continue
        assert root.get(reverse(f"{name}_changelist")).status_code == 200, name
        allowed = table.has_add_permission(request)
        assert root.get(reverse(f"{name}_add")).status_code == (200 if allowed else 403), name


def test_the_administrator_keeps_what_the_office_goes_by(root):
    kept = (DeadlineRule, WorkDay, Unit, User, CatalogueItem, Licence, Meter, SourcePoint)
    for model in kept:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_add"
        assert root.get(reverse(name)).status_code == 200, name


@pytest.mark.parametrize("role", sorted(set(Role.values) - {Role.ADMINISTRATOR}))
def test_nobody_else_keeps_anything(client, role):
    client.force_login(person(role, is_staff=True))

    assert client.get(reverse("admin:workflow_workday_changelist")).status_code == 403


def test_an_administrator_makes_nobody_a_superuser(root):
    chief = User.objects.get(is_staff=True)
    clerk = person(Role.CLERK)

    for account in (chief, clerk):
        held = [group.pk for group in account.groups.all()]
        post(root, account, is_superuser="on", is_staff="on", is_active="on", groups=held)

    assert not User.objects.filter(is_superuser=True).exists()
    assert User.objects.get(pk=clerk.pk).is_staff, "the rest of the form was saved"


def test_an_administrator_does_not_take_over_a_superusers_account(root):
    owner = person(username="owner", is_staff=True, is_superuser=True)
    words = {"password1": "Lake-and-9-lanterns", "password2": "Lake-and-9-lanterns"}

    for name in ("change", "delete"):
        url = reverse(f"admin:accounts_user_{name}", args=[owner.pk])
        assert root.post(url, {"post": "yes", "is_active": ""}).status_code == 403
    root.post(
        reverse("admin:accounts_user_changelist"),
        {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"},
    )
    url = reverse("admin:auth_user_password_change", args=[owner.pk])
    assert root.post(url, words).status_code == 403
    assert User.objects.get(pk=owner.pk).check_password("jiedian-demo")
