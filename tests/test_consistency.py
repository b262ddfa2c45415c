"""What must hold over the whole house: nothing unused, nothing forgotten, nothing hidden."""

from __future__ import annotations

import re
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.template.loader import get_template
from django.urls import reverse

from accounts.roles import Role
from documents.models import PaperKind
from fees import gate
from workflow import process, walls
from workflow.models import DeadlineRule
from workflow.process import CustomerClass, Kind

ROOT = settings.BASE_DIR
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
ROOMS = [path.parent for path in sorted(ROOT.glob("*/apps.py"))]
OURS = [
    path.parent.name for path in sorted(ROOT.glob("*/__init__.py")) if path.parent.name != "tests"
]
PAGES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
# Django finds these by their names.
BY_NAME = re.compile(r"^(400|403|403_csrf|404|500)\.html$|^registration/|^django/|^admin/")
# The product finds these by the name of a room or of a paper.
BY_ROOM = re.compile(r"^\w+/_panel\.html$|^\w+/papers/[a-z]\w+\.html$")
DRAWERS = {"utils", "helpers", "common", "core", "constants", "util", "helper", "misc"}


def sources() -> list[Path]:
    """Every Python file of the product."""
    return [path for name in OURS for path in sorted((ROOT / name).rglob("*.py"))]


@pytest.mark.parametrize("name", PAGES)
def test_every_template_compiles(name):
    get_template(name)


def test_every_template_is_used():
    said = "\n".join(
        path.read_text()
        for path in [*sources(), *(TEMPLATES / name for name in PAGES)]
        if "migrations" not in path.parts
    )
    # A room offers an aside by name: `_contacts` is `applications/_contacts.html`.
    unused = [
        name
        for name in PAGES
        if not BY_NAME.match(name)
        and not BY_ROOM.match(name)
        and f'"{name}"' not in said
        and f"'{name}'" not in said
        and f'"{Path(name).stem}"' not in said
    ]

    assert unused == []


def test_every_template_found_by_a_room_belongs_to_one():
    rooms = {rule.room for rule in process.PROCESS.values()}
    kinds = set(PaperKind.values)
    for name in PAGES:
        if name.endswith("/_panel.html"):
            assert name.split("/")[0] in rooms, name
        elif "/papers/" in name and not Path(name).name.startswith("_"):
            assert Path(name).stem in kinds, name


@pytest.mark.parametrize("name", [name for name in PAGES if "/papers/" not in name])
def test_no_page_carries_style_or_script_inside(name):
    """The content security policy would refuse it; papers for print are no pages."""
    text = (TEMPLATES / name).read_text()

    assert not re.search(r"<style|\sstyle=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"\son(click|change|submit|load|input|key\w+)=", text)
    assert "javascript:" not in text


def test_every_class_of_the_styles_is_used():
    """A class stands in a `class` of a template, or as a word of its own in the code."""
    # w{{ width }}, and what htmx sets itself
    used = {*(f"w{n}" for n in range(1, 13)), "htmx-request"}
    attribute = re.compile(r'class="((?:\{[{%].*?[}%]\}|[^"])*)"')
    for name in PAGES:
        text = (TEMPLATES / name).read_text()
        used.update(re.findall(r"[\w-]+", " ".join(attribute.findall(text))))
        used.update(re.findall(r'(?:css=|chip )"([\w-]+)"', text))
    for path in [*sources(), STATIC / "jiedian.js"]:
        for words in re.findall(r'"([^"\n]*)"|`([^`]*)`', path.read_text()):
            used.update(re.findall(r"[\w-]+", " ".join(words)))

    styles = "".join(path.read_text() for path in sorted(STATIC.glob("*.css")))
    plain = re.sub(r'/\*.*?\*/|"[^"]*"', "", styles, flags=re.DOTALL)
    selectors = " ".join(re.findall(r"([^{};]+)\{", plain))

    assert set(re.findall(r"\.([a-zA-Z_][\w-]*)", selectors)) - used == set()


def test_every_icon_is_used_and_every_icon_used_is_there():
    drawn = set(re.findall(r'id="i-([\w-]+)"', (STATIC / "icons.svg").read_text()))
    pages = "\n".join((TEMPLATES / name).read_text() for name in PAGES)
    code = "\n".join(path.read_text() for path in sources())
    code += "\n".join(path.read_text() for path in STATIC.glob("field/*.js"))
    named = set(re.findall(r'"([\w-]+)"', pages + code))

    assert drawn - named == set()
    assert set(re.findall(r'icon(?:_name=)? ?"([\w-]+)"', pages)) <= drawn


@pytest.mark.django_db
def test_no_migration_is_forgotten():
    said = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=said)
    except SystemExit:
        pytest.fail(said.getvalue())


def test_no_file_is_a_drawer_for_everything():
    found = [
        path.relative_to(ROOT)
        for name in OURS
        for path in (ROOT / name).rglob("*")
        if path.stem in DRAWERS
    ]

    assert found == []


def test_the_sources_listen_to_no_signals_of_models():
    """Behaviour is in the services; the walls alone follow the migrations."""
    heard = re.compile(r"\b(pre|post)_(save|delete|init)\b|m2m_changed")

    assert [path for path in sources() if heard.search(path.read_text())] == []


@pytest.mark.django_db
def test_every_wall_of_every_room_stands():
    assert len(gate.WALLS) > 20
    assert set(gate.WALLS) < set(walls.every())
    assert walls.missing(connection) == []


# The process ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind.values)
def test_every_link_has_its_row_its_role_and_its_room(kind):
    rule = process.PROCESS[kind]

    assert rule.kind == kind
    assert rule.role in Role
    assert set(rule.after) <= set(Kind)
    assert (ROOT / rule.room / "services.py").exists() or (ROOT / rule.room / "services").is_dir()


@pytest.mark.parametrize("kind", Kind.values)
def test_every_link_has_a_sheet_guards_and_a_panel(kind):
    rule = process.PROCESS[kind]

    assert reverse(rule.url_name, args=["2026-000001"]).startswith("/cases/2026-000001/")
    assert kind in import_module(f"{rule.room}.guards").GUARDS
    assert process.guards(kind), "a link that anybody could finish empty"
    assert callable(process.panel(kind))
    get_template(f"{rule.room}/_panel.html")


@pytest.mark.parametrize("kind", Kind.values)
def test_every_link_leads_on_to_the_call_back_and_back_to_the_counter(kind):
    last, first = Kind.CALLBACK, Kind.APPLICATION

    assert kind == last or last in process.descendants(kind)
    assert kind == first or kind in process.descendants(first)
    assert kind not in process.descendants(kind), "waits for itself"


@pytest.mark.parametrize("kind", Kind.values)
def test_a_link_is_listed_after_what_it_waits_for(kind):
    order = list(process.PROCESS)

    assert all(order.index(before) < order.index(kind) for before in process.PROCESS[kind].after)


@pytest.mark.parametrize("kind", [*Kind.values, "case"])
@pytest.mark.parametrize("customer_class", CustomerClass.values)
@pytest.mark.django_db
def test_every_link_has_a_limit_in_every_class(kind, customer_class):
    rules = DeadlineRule.objects.filter(kind=kind, customer_class=customer_class)

    assert rules.exists()
    assert all(rule.promise <= rule.ceiling and rule.basis for rule in rules)


@pytest.mark.parametrize("business_type", process.BusinessType.values)
def test_every_business_type_begins_at_the_counter_and_ends_with_the_call(business_type):
    links = process.flow(business_type)

    assert {Kind.APPLICATION, Kind.CALLBACK} <= links
    for kind in links - {Kind.APPLICATION}:
        assert process.predecessors(kind, links), kind


def test_every_model_with_rows_of_the_office_has_an_app_of_ours():
    labels = {model._meta.app_label for model in apps.get_models()}

    assert {room.name for room in ROOMS} - {"demo"} <= labels | {"demo"}


def test_the_admin_lets_nobody_write_what_goes_through_the_door():
    """Cases, steps, events, bills, payments, plans: to look at, or not registered at all."""
    guarded = {
        "workflow.Case", "workflow.Step", "workflow.Event", "fees.Bill", "fees.BillLine",
        "fees.Payment", "fees.Refund", "plans.Plan", "surveys.Survey", "contracts.Contract",
        "metering.Installation", "applications.Application",
    }  # fmt: skip

    class Root:
        class user:
            is_active = is_staff = is_superuser = True

            @staticmethod
            def has_perm(*_args):
                return True

    assert guarded <= {model._meta.label for model in apps.get_models()}
    for model, table in admin.site._registry.items():
        if model._meta.label in guarded:
            assert not table.has_add_permission(Root), model
            assert not table.has_change_permission(Root), model
            assert not table.has_delete_permission(Root), model
