"""The government portal's envelopes: the same gates, once each; a bad one holds up no other."""

import base64
import hashlib
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from accounts.roles import Role
from applications import portal, services
from applications.models import Application
from documents.models import Attachment
from tests.applications.factories import WANG
from tests.documents.factories import PDF, picture
from tests.factories import person, unit
from workflow.guards import Refused
from workflow.models import Case, Event, Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db
SHEET = {
    "customer_name": "王小明",
    "id_number": WANG,
    "phone": "139 0000 4217",
    "district": "临湖区",
    "street": "人民路 8 号院",
    "room": "3-201",
    "existing_supply": "none",
    "new_kw": 8,
}


def paper(code="id", content=PDF, **changed):
    return {
        "code": code,
        "name": f"{code}.pdf",
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": base64.b64encode(content).decode(),
        **changed,
    }


def record(portal_id="JS-1", **changed):
    return {
        "id": portal_id,
        "office": "lhcd",
        "sheet": SHEET,
        "equipment": [{"name": "空调", "quantity": 2, "unit_kw": 1.5}],
        "papers": [paper()],
        **changed,
    }


@pytest.fixture(autouse=True)
def office():
    """A station with somebody who answers for what comes in."""
    unit("lhcd")
    return person(Role.SUPERVISOR)


@pytest.fixture
def bring(tmp_path):
    """Import records, or a raw text, and give what was told."""

    def run(*records, raw: str | bytes | None = None, **options) -> str:
        path = tmp_path / "envelope.json"
        text = json.dumps({"format": portal.FORMAT, "requests": list(records)})
        content = text if raw is None else raw
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        out = StringIO()
        try:
            call_command("import_portal", str(path), stdout=out, **options)
        except CommandError as error:
            out.write(f"ERROR {error}")
        return out.getvalue()

    return run


def places(**changed) -> dict[str, str]:
    return dict(portal.check(record(**changed)).faults)


def test_a_request_of_the_portal_waits_for_a_clerk(bring, office):
    told = bring(record())

    case = Case.objects.get()
    step = case.step(Kind.APPLICATION)
    sheet = step.application
    assert f"JS-1: case {case.number}" in told
    assert "1 opened, 0 known already, 0 refused" in told
    assert (sheet.channel, sheet.portal_id, sheet.new_kw) == ("portal", "JS-1", 8)
    assert (step.state, step.owner, case.owner) == (Step.State.IN_HAND, None, office)
    assert sheet.equipment.get().category == "living"
    assert Attachment.objects.get().case == case
    assert Event.objects.filter(case=case).first().who == "Customer"


def test_a_clerk_accepts_it_through_the_same_gates(bring):
    bring(record())
    case = Case.objects.get()

    services.accept(case.step(Kind.APPLICATION), by=person(Role.CLERK))

    assert Application.objects.get().accepted_by == person(Role.CLERK)


def test_the_same_request_again_opens_no_second_case_and_says_so(bring):
    bring(record())

    told = bring(record(), record("JS-2"))

    first = Application.objects.get(portal_id="JS-1").step.case
    assert f"JS-1: known already, case {first.number}" in told
    assert "1 opened, 1 known already, 0 refused" in told
    assert Case.objects.count() == 2


def test_the_database_itself_refuses_a_second_case_of_a_request(bring):
    bring(record(), record("JS-2"))

    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(portal_id="JS-2").update(portal_id="JS-1")


def test_one_bad_request_holds_up_no_other_and_names_its_fields(bring):
    bad = record("JS-2", sheet={**SHEET, "id_number": "320104199003070424", "new_kw": "many"})

    told = bring(record(), bad, record("JS-3"))

    assert "JS-2: refused" in told
    assert "sheet.id_number: The last place does not fit" in told
    assert "sheet.new_kw: Enter a number." in told
    assert "ERROR 2 opened, 0 known already, 1 refused" in told
    assert set(Application.objects.values_list("portal_id", flat=True)) == {"JS-1", "JS-3"}


def test_a_dry_run_writes_nothing(bring):
    told = bring(record(), dry_run=True)

    assert "would be opened at" in told
    assert not Case.objects.exists()
    assert not Attachment.objects.exists()


def test_what_is_refused_leaves_nothing_half_written(bring, monkeypatch):
    def broken(*_args, **_options):
        raise Refused("The store is full.")

    monkeypatch.setattr("documents.services.attach", broken)

    told = bring(record())

    assert "The store is full." in told
    assert not Case.objects.exists()
    assert not Application.objects.exists()


def test_the_present_supply_is_asked_of_the_portal_too():
    found = places(sheet={k: v for k, v in SHEET.items() if k != "existing_supply"})

    assert "Ask how the place is supplied today" in found["sheet.existing_supply"]


def test_a_shared_meter_names_account_others_and_dispute():
    found = places(sheet={**SHEET, "existing_supply": "shared"})

    assert {"sheet.shared_account", "sheet.co_users", "sheet.disputed"} <= set(found)
    told = {"shared_account": "0312", "co_users": "张", "disputed": False}
    assert not places(sheet={**SHEET, "existing_supply": "shared", **told})


def test_without_an_identity_paper_nothing_begins():
    assert "nothing is accepted: id" in places(papers=[])["papers"]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"id": ""}, "id"),
        ({"id": 17}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": "a\0b"}, "id"),
        ({"office": "js"}, "office"),
        ({"office": ["lhcd"]}, "office"),
        ({"office": "a\0b"}, "office"),
        ({"sheet": []}, "sheet"),
        ({"sheet": None}, "sheet"),
        ({"sheet": {**SHEET, "accepted_at": "2026-01-01"}}, "sheet.accepted_at"),
        ({"sheet": {**SHEET, "channel": "counter"}}, "sheet.channel"),
        ({"sheet": {**SHEET, "customer_name": {"a": 1}}}, "sheet.customer_name"),
        ({"sheet": {**SHEET, "customer_name": "<b>王</b>"}}, "sheet.customer_name"),
        ({"sheet": {**SHEET, "customer_name": "王" * 121}}, "sheet.customer_name"),
        ({"sheet": {**SHEET, "customer_name": "王\0"}}, "sheet.customer_name"),
        ({"sheet": {**SHEET, "business_type": "theft"}}, "sheet.business_type"),
        ({"sheet": {**SHEET, "wanted_on": "soon"}}, "sheet.wanted_on"),
        ({"sheet": {**SHEET, "new_kw": -1}}, "sheet.new_kw"),
        ({"sheet": {**SHEET, "new_kw": 1e300}}, "sheet.new_kw"),
        ({"sheet": {**SHEET, "street": "路" * 100_000}}, "sheet.street"),
        ({"equipment": "many"}, "equipment"),
        ({"equipment": [1]}, "equipment"),
        ({"equipment": [{"name": "x", "unit_kw": 1}] * 150}, "equipment"),
        ({"equipment": [{"name": "x", "unit_kw": "1", "owner": 1}]}, "equipment[0].owner"),
        ({"equipment": [{"name": "x"}]}, "equipment[0].unit_kw"),
        ({"papers": "id"}, "papers"),
        ({"papers": [paper()] * 31}, "papers"),
        ({"papers": ["id"]}, "papers[0]"),
        ({"papers": [paper(), paper()]}, "papers[1]"),
        ({"papers": [paper(), paper("password")]}, "papers[1]"),
        ({"papers": [paper(), paper("title", mode="777")]}, "papers[1]"),
        ({"papers": [paper(), paper("title", content=b"MZ\x90\x00 a program")]}, "papers[1]"),
        ({"papers": [paper(), paper("title", content=b"")]}, "papers[1]"),
        ({"papers": [paper(), paper("title") | {"content": "%%%"}]}, "papers[1]"),
        ({"papers": [paper(), paper("title", sha256="0" * 64)]}, "papers[1]"),
        ({"papers": [paper(), paper("title", sha256=5)]}, "papers[1]"),
        ({"priority": "high"}, "priority"),
    ],
)
def test_what_is_forged_or_of_the_wrong_kind_is_refused_by_its_place(changed, place):
    record_with = record() | changed

    faults = portal.check(record_with).faults

    assert place in dict(faults), faults


def test_a_file_changed_on_the_way_or_too_large_is_refused(settings):
    settings.UPLOAD_LIMIT = 1000
    large = paper(content=picture(size=(400, 400)))

    assert "too large" in places(papers=[large])["papers[0]"]
    changed = paper() | {"content": base64.b64encode(PDF + b"x").decode()}
    assert "changed on the way" in places(papers=[changed])["papers[0]"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        "[]",
        "{}",
        '{"format": "jiedian-portal-2", "requests": []}',
        '{"format": "jiedian-portal-1", "requests": {}}',
        '{"format": "jiedian-portal-1", "requests": [], "more": 1}',
        '{"format": "jiedian-portal-1", "requests": [NaN]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_envelope_is_refused_as_a_whole(bring, raw):
    assert "ERROR 0 opened, 0 known already, 1 refused" in bring(raw=raw)


def test_an_object_that_is_no_request_is_named_by_its_place(bring):
    told = bring("nonsense", record())

    assert "envelope.json requests[0]: refused" in told
    assert "ERROR 1 opened, 0 known already, 1 refused" in told


def test_a_file_that_is_not_there_holds_up_no_other(tmp_path):
    good = tmp_path / "good.json"
    good.write_text(json.dumps({"format": portal.FORMAT, "requests": [record()]}))
    out = StringIO()

    with pytest.raises(CommandError, match="1 opened, 0 known already, 1 refused"):
        call_command("import_portal", str(tmp_path / "gone.json"), str(good), stdout=out)

    assert "gone.json: No such file" in out.getvalue()
