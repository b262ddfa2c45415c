"""Who may do what: every address of the site, for every role, at the own and at another unit.

Not yours: 404. Yours, but not your work: 403, and nothing is written. A new address without a row
fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import translation

from accounts.roles import Role
from applications.services import code_of
from tests import world as house
from tests.factories import person

# The world stands in a transaction around the module; each test has its savepoint within.
pytestmark = pytest.mark.django_db
ALL = frozenset(Role.values)
STEERING = frozenset({Role.SUPERVISOR, Role.MANAGER})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Row:
    """What one address answers.

    `at` names the case of the world, empty where the address stands under no case; `below` the row
    that follows the number. `get` and `post` say who is let in, `shown` and `taken` with which
    status; everybody else gets 403 and changes nothing.
    """

    at: str = ""
    below: str = ""
    get: frozenset[str] = ALL
    shown: int = 200
    post: frozenset[str] = NOBODY
    taken: int = 200
    refused: int = 403


def only(*roles: str) -> frozenset[str]:
    return frozenset(roles)


def page(at: str, role: str, below: str = "", taken: int = 200) -> Row:
    """A page for one role alone: nobody else opens it."""
    return Row(at, below, get=only(role), post=only(role), taken=taken)


def sheet(at: str, role: str, taken: int = 200) -> Row:
    """A sheet that all who see the case read and one role fills in."""
    return Row(at, post=only(role), taken=taken)


def deed(at: str, role: str, below: str = "", taken: int = 302) -> Row:
    """A button: nothing to open, one role presses it."""
    return Row(at, below, shown=405, post=only(role), taken=taken)


def reading(at: str = "", below: str = "", shown: int = 200) -> Row:
    """A page to read; a form handed to it is answered with the page."""
    return Row(at, below, shown=shown, post=ALL, taken=shown)


def steered(at: str, *more: str, below: str = "", status: int = 200, taken: int = 0) -> Row:
    """A move by hand for those who steer and these roles; 409 where the case does not allow it."""
    people = STEERING | frozenset(more)
    return Row(at, below, get=people, shown=status, post=people, taken=taken or status)


def worked(at: str, below: str = "", *, taken: int) -> Row:
    """A page that all who see the case open; handing it in is refused on the page, in words."""
    return Row(at, below, post=ALL, taken=taken)


STEP = "survey_step"
REVIEWER, INSPECTOR, SURVEYOR = Role.REVIEWER, Role.INSPECTOR, Role.SURVEYOR
OFFICER, FITTER, CLERK = Role.CONTRACT_OFFICER, Role.FITTER, Role.CLERK
BOARD = STEERING | {Role.AUDITOR}
REFUNDS = BOARD | {Role.CASHIER, Role.BILLER}
ANSWERING = only(Role.PLANNER, CLERK)
CLOSING = only(Role.SUPERVISOR)
EXTENDING = only(Role.PLANNER, Role.SUPERVISOR)
FOLLOWING = STEERING | {CLERK}
CHANGING = ALL - {Role.AUDITOR}
RENEWING = STEERING | {CLERK, OFFICER}
RECORD = BOARD | {SURVEYOR}

ROWS: dict[str, Row] = {
    # Without a case
    "accounts:login": Row(shown=302, post=ALL, taken=302),
    "accounts:logout": Row(shown=405, post=ALL, taken=302),
    "accounts:password": Row(post=ALL),
    "accounts:password_done": Row(post=ALL, taken=405),
    "accounts:language": Row(shown=405, post=ALL, taken=302),
    "workflow:desk": reading(),
    "workflow:next": Row(shown=405, post=ALL, taken=302),
    "workflow:search": reading(),
    "workflow:board": Row(get=BOARD, post=BOARD),
    "workflow:reassign": Row(get=STEERING, post=STEERING),
    "workflow:reminders": Row(post=ALL, taken=302),
    "workflow:leave": Row(post=ALL, taken=302),
    "workflow:leave_of": Row("", "colleague", get=STEERING, post=STEERING, taken=302),
    "workflow:healthz": reading(),
    "workflow:readyz": reading(),
    "documents:verify": reading("", "paper"),
    "applications:new": Row(get=only(CLERK), post=only(CLERK)),
    # The case and its steps
    "workflow:case": reading("survey"),
    "workflow:deadline": reading("survey", STEP),
    "workflow:claim": Row("unclaimed", "unclaimed_step", shown=405, post=ALL, taken=302),
    "workflow:assign": steered("survey", SURVEYOR, below=STEP, taken=422),
    "workflow:stop": steered("survey", SURVEYOR, below=STEP, taken=422),
    "workflow:resume": steered("survey", SURVEYOR, below=STEP, status=409),
    "workflow:send_back": page("survey", SURVEYOR, STEP, taken=422),
    "workflow:withdraw": steered("survey", CLERK, taken=422),
    "workflow:discard": page("counter", CLERK, taken=302),
    "workflow:refuse": steered("survey", Role.APPROVER, taken=422),
    "workflow:explain": steered("unclaimed", SURVEYOR, below="lateness", taken=422),
    "workflow:facts": steered("survey", taken=422),
    "workflow:office": steered("survey", taken=422),
    "workflow:fast_lane_ask": Row("survey", get=CHANGING, post=CHANGING, taken=422),
    "workflow:fast_lane_approve": steered("survey", status=409),
    "workflow:fast_lane_revoke": steered("survey", status=409),
    # Counter and papers
    "applications:application": sheet("counter", CLERK),
    "applications:contact": Row("survey", post=CHANGING),
    "applications:code": steered("survey", CLERK),
    "news:again": Row("survey", "message", shown=405, post=CHANGING, taken=302),
    "news:wanted": Row("survey", shown=405, post=CHANGING, taken=409),
    "applications:authority": Row("papers", get=RENEWING, post=RENEWING),
    "applications:correction": steered("papers", CLERK),
    "documents:papers": worked("papers", taken=200),
    "documents:paper": reading("papers", "paper"),
    "documents:receive": Row("papers", "owed", post=CHANGING, taken=302, refused=200),
    "documents:waive": steered("papers", below="owed"),
    "documents:point": Row("drawings", "ask", shown=405, post=CHANGING, taken=302),
    "documents:attachment": reading("papers", "attachment"),
    "documents:thumbnail": reading("mid_check", "check_picture"),
    "dossier:dossier": Row("papers", get=BOARD, post=BOARD, taken=302),
    "dossier:archive": Row("papers", "dossier", get=BOARD, post=BOARD),
    "dossier:pdf": Row("papers", "dossier", get=BOARD, post=BOARD),
    # Survey
    "surveys:survey": sheet("survey", SURVEYOR),
    "surveys:appointment_new": page("survey", SURVEYOR),
    "surveys:confirm": page("presented", SURVEYOR, taken=422),
    "surveys:visit_new": page("survey", SURVEYOR),
    "surveys:point_new": page("survey", SURVEYOR),
    "surveys:point": page("survey", SURVEYOR, "point"),
    "surveys:consent_new": page("survey", SURVEYOR, "point"),
    "surveys:answer": Row("survey", "consent", post=only(SURVEYOR)),
    "surveys:consent_paper": reading("survey", "answered"),
    "surveys:renew": page("survey", SURVEYOR, "answered"),
    "surveys:withdraw": page("survey", SURVEYOR, "answered"),
    "surveys:consent_letter": deed("survey", SURVEYOR, "consent"),
    "surveys:photo_new": page("survey", SURVEYOR),
    "surveys:photo": reading("survey", "photo"),
    "surveys:thumbnail": reading("survey", "photo"),
    # Plan
    "plans:plan": sheet("plan", Role.PLANNER, taken=422),
    "plans:approve": page("submitted", Role.APPROVER, taken=302),
    "plans:give_back": page("submitted", Role.APPROVER, taken=422),
    "plans:answer": Row("approved", get=ANSWERING, post=ANSWERING, taken=422),
    "plans:decide": Row("answered_plan", get=ANSWERING, post=ANSWERING, taken=422),
    "plans:close": Row("answered_plan", get=CLOSING, shown=409, post=CLOSING, taken=422),
    "plans:extend": Row("answered_plan", get=EXTENDING, post=EXTENDING, taken=422),
    # The customer's works
    "works:designer": sheet("designer", REVIEWER),
    "works:designer_missing": page("designer", REVIEWER),
    "works:drawings": sheet("drawings", REVIEWER),
    "works:drawings_missing": page("drawings", REVIEWER),
    "works:drawings_lapsed": deed("drawings", REVIEWER),
    "works:contractor": sheet("contractor", REVIEWER),
    "works:contractor_missing": page("contractor", REVIEWER),
    "works:mid_check": sheet("mid_check", INSPECTOR),
    "works:mid_check_missing": page("mid_check", INSPECTOR),
    "works:mid_check_lapsed": deed("mid_check", INSPECTOR),
    "works:acceptance": sheet("acceptance", INSPECTOR),
    "works:acceptance_missing": page("acceptance", INSPECTOR),
    "works:acceptance_lapsed": deed("acceptance", INSPECTOR),
    # Money
    "fees:fees": sheet("fees", Role.BILLER, taken=302),
    "fees:payment": page("billed", Role.CASHIER, taken=422),
    "fees:correction": page("billed", Role.BILLER, taken=422),
    "fees:answer": deed("proposed", Role.SUPERVISOR),
    "fees:quote": page("fees", Role.BILLER, taken=422),
    "fees:answer-quote": deed("fees", Role.SUPERVISOR, taken=200),
    "fees:refunds": Row(get=REFUNDS, post=REFUNDS),
    "fees:refund": page("refund_case", Role.CASHIER, "refund", taken=422),
    # Contract, meter, call-back
    "contracts:contract": sheet("contract", OFFICER, taken=422),
    "contracts:customer": page("drawn", OFFICER, taken=422),
    "contracts:utility": deed("drawn", OFFICER),
    "contracts:revision": page("drawn", OFFICER, taken=422),
    "contracts:interim": Row("drawn", get=only(OFFICER), shown=404, post=only(OFFICER), taken=409),
    "metering:meter": sheet("meter", FITTER),
    "metering:removal": sheet("old_meter", FITTER),
    "metering:confirm": page("hung", FITTER, taken=422),
    "metering:callback": sheet("callback", CLERK),
    "metering:follow_up": Row("dissatisfied", get=FOLLOWING, post=FOLLOWING),
    # The field
    "field:today": reading(),
    "field:visit": Row("", STEP, get=only(SURVEYOR), post=only(SURVEYOR), refused=302),
    "field:records": reading(),
    "field:record": Row("", "record", get=RECORD, post=RECORD, taken=422, refused=404),
    "field:receive": Row(shown=405, post=ALL, taken=400),
    "field:receipt": Row("", "record", get=only(SURVEYOR), post=only(SURVEYOR), refused=404),
    "field:chunk": Row("", "record_file", shown=405, post=only(SURVEYOR), taken=400, refused=404),
    "field:picture": Row("", "record_file", get=RECORD, post=RECORD, refused=404),
    "field:worker": reading(),
    "field:manifest": reading(),
    # Without an account: who has not opened the case by its code is asked for it, staff too
    "public:door": reading(),
    "public:enter": reading("", "survey", shown=302),
    "public:case": reading("survey", shown=404),
    "public:plan": reading("survey", shown=404),
    "public:word": reading("survey", shown=404),
    "public:hand_in": reading("papers", "owed", shown=404),
    "public:paper": reading("papers", "paper", shown=404),
    # Applying on the web; where nothing is begun, the way leads to the start
    "public:apply": reading(),
    "public:resume": reading(),
    "public:apply_place": reading(shown=302),
    "public:apply_person": reading(shown=302),
    "public:apply_demand": reading(shown=302),
    "public:apply_papers": reading(shown=302),
    "public:apply_check": reading(shown=302),
    "public:apply_sent": reading(shown=302),
}
# Who is asked without a name is shown the door, except here.
PUBLIC = {
    "accounts:login": (200, 200),
    "accounts:language": (405, 302),
    "documents:verify": (200, 200),
    "workflow:healthz": (200, 200),
    "workflow:readyz": (200, 200),
    "field:worker": (200, 200),
    "field:manifest": (200, 200),
    "public:door": (200, 200),
    "public:enter": (302, 302),
    "public:case": (404, 404),
    "public:plan": (404, 404),
    "public:word": (404, 404),
    "public:hand_in": (404, 404),
    "public:paper": (404, 404),
    "public:apply": (200, 200),
    "public:resume": (200, 200),
    **dict.fromkeys((name for name in ROWS if name.startswith("public:apply_")), (302, 302)),
}
# What the office itself notes of everybody: nothing of a case.
OWN_DEEDS = {
    *("accounts:language", "accounts:password", "accounts:logout"),
    *("workflow:reminders", "workflow:leave"),
}
# Buttons whose answer is 302 for everybody; these alone change something.
PRESSED_BY = {"workflow:claim": only(SURVEYOR), "workflow:next": ALL}


def names(patterns: list, space: str = "") -> Iterator[str]:
    """The name of every address of ours; the admin's own are Django's."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from names(
                pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space
            )
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    """The whole house and everybody in it, built once; forgotten at the end."""
    with (
        django_db_blocker.unblock(),
        translation.override("en"),
        # Thousands of pages: nobody asks what the templates were given.
        patch("django.test.client.store_rendered_templates"),
        house.standing() as found,
    ):
        found.keys = {}
        for role in Role.values:
            for office in ("lhcd", "bhxc"):
                client = Client()
                client.force_login(person(role, at=office))
                found.keys[role, office] = client.cookies[settings.SESSION_COOKIE_NAME].value
        yield found


def address(world: SimpleNamespace, name: str) -> str:
    row = ROWS[name]
    below = getattr(world, row.below) if row.below else None
    if name == "documents:verify":
        return reverse(name, args=[below.code])
    if name == "public:enter":
        return reverse(name, args=[below.number, code_of(below).code])
    if row.below == "record":
        return reverse(name, args=[below.uuid])
    if row.below == "record_file":
        return reverse(name, args=[below.record.uuid, below.sha256])
    args = [getattr(world, row.at).number] if row.at else []
    return reverse(name, args=[*args, below.pk] if below else args)


def ask(
    world, url: str, method: str, who: tuple[str, str] | None, **more: str
) -> tuple[int, list[str]]:
    """The status, and the statements that wrote something; whatever was written is forgotten."""
    client = Client()
    if who:
        client.cookies[settings.SESSION_COOKIE_NAME] = world.keys[who]
    with house.undone(), house.written() as statements:
        response = client.get(url) if method == "get" else client.post(url, {"sent": "1"} | more)
        if response.streaming:
            b"".join(response)
    return response.status_code, statements


def test_every_address_has_a_row_and_every_row_an_address():
    assert sorted(names(get_resolver().url_patterns)) == sorted(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_each_role_gets_what_is_its_work_and_no_more(world, name):
    row, url = ROWS[name], address(world, name)
    wrong = []
    for role in Role.values:
        status, statements = ask(world, url, "get", (role, "lhcd"))
        expected = row.shown if role in row.get or row.shown == 405 else row.refused
        if status != expected or statements:
            wrong.append(("get", role, status, expected, statements))
        status, statements = ask(world, url, "post", (role, "lhcd"))
        expected = row.taken if role in row.post else row.refused
        may_write = role in PRESSED_BY.get(name, row.post)
        if status != expected or (statements and not may_write and name not in OWN_DEEDS):
            wrong.append(("post", role, status, expected, statements))
    assert wrong == []


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.at])
def test_a_case_of_another_unit_is_not_there_for_anybody(world, name):
    url = address(world, name)
    for role in Role.values:
        for method in ("get", "post"):
            status, statements = ask(world, url, method, (role, "bhxc"))
            no_get = method == "get" and ROWS[name].shown == 405
            assert status == (405 if no_get else 404), (role, method)
            assert statements == [], (role, method)


@pytest.mark.parametrize(
    "name", [name for name, row in ROWS.items() if row.at and not name.startswith("public:")]
)
def test_at_no_case_an_act_is_refused_without_a_reason(world, name):
    """Whatever the state of the case: who sees it is never answered that there is nothing."""
    row, url = ROWS[name], address(world, name)
    own = getattr(world, row.at).number
    role = min(row.post, default=Role.CLERK)
    for place in ("counter", "survey", "plan", "billed", "drawn", "callback"):
        number = getattr(world, place).number
        form = {"once": uuid4().hex}  # as a browser sends it
        status, _statements = ask(world, url.replace(own, number), "post", (role, "lhcd"), **form)
        assert status not in (404, 500), place


@pytest.mark.parametrize("name", ROWS)
def test_a_stranger_is_shown_the_door(world, name):
    url = address(world, name)
    for method, known in zip(("get", "post"), PUBLIC.get(name, (302, 302)), strict=True):
        client = Client()
        with house.undone(), house.written() as statements:
            response = client.get(url) if method == "get" else client.post(url, {"sent": "1"})
        assert response.status_code == known, method
        if name.startswith("public:apply_"):
            assert response.url == reverse("public:apply"), method
        if name not in PUBLIC:
            assert response.url.startswith(reverse("accounts:login") + "?next="), method
        assert statements == [], method


@pytest.mark.parametrize("role", Role.values)
def test_the_admin_stays_closed_to_a_role_alone(world, role):
    for path in ("/admin/", "/admin/workflow/case/", "/admin/fees/bill/", "/admin/accounts/user/"):
        status, statements = ask(world, path, "get", (role, "lhcd"))
        assert status == 302, path
        assert statements == []
