"""Whatever is typed or sent: a message, nothing written, nothing lost; never an error page."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import translation
from PIL import Image

from accounts.forms import LanguageForm
from accounts.models import User
from accounts.roles import Role
from applications import corrections
from applications import forms as application
from applications.models import Application
from applications.portal import PortalForm
from contracts import forms as contract
from documents import forms as document
from documents.models import Requirement
from fees import forms as fee
from field.forms import AttemptForm, ConsentRow, FieldSurveyForm, PointRow
from metering import forms as meter
from metering import services as metering
from news.admin import TemplateForm
from news.models import Template
from plans import forms as plan
from public import forms as tracking
from public import pages as public
from surveys import forms as survey
from surveys.models import Survey
from tests import world as house
from tests.factories import person
from tests.test_permissions import ROWS, address
from workflow import forms as desk
from workflow.late import CauseForm
from workflow.sheets import dress
from workflow.views import countersign
from works import forms as work
from works.guards import sheet_of

pytestmark = pytest.mark.django_db

TEXTS = {
    "nothing": "",
    "blanks": " \t\r\n ",
    "quotes": "'\"; DROP TABLE workflow_case; --",
    "tags": "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% now %}",
    "emoji": "👩‍👩‍👧 ⚡🔌",
    "right to left": "\u202egnp.exe\u2066\u200f",
    "ten thousand": "长" * 10_000,
    "nul": "a\x00b",
    "format": "%s %(name)s {0} \\x00 ../../etc/passwd",
}
NUMBERS = {
    "huge": "1e30", "very huge": "1e999999", "not a number": "NaN", "signalling": "sNaN",
    "minus one": "-1", "infinity": "Infinity", "many digits": "9" * 400,
    "digits without end": "9" * 5000, "digits of another kind": "²",
    "fractions": "0." + "3" * 60, "above 64 bits": str(2**63), "arabic": "١٢٣", "word": "many",
}  # fmt: skip
DATES = {
    "first day": "0001-01-01", "last day": "9999-12-31", "no such day": "2026-02-30",
    "year zero": "0000-00-00",
    "first minute": "0001-01-01T00:00", "last minute": "9999-12-31T23:59",
    "five digits": "12026-01-01",
}  # fmt: skip
TYPED = TEXTS | NUMBERS | DATES


def picture(form: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, form)
    return out.getvalue()


PNG = picture()
FILES: dict[str, Callable[[], SimpleUploadedFile]] = {
    "a program called photo": lambda: sent(b"MZ\x90\x00" * 200, "photo.jpg", "image/jpeg"),
    "a page called scan": lambda: sent(b"<html><script>x</script>", "scan.pdf", "application/pdf"),
    "half a picture": lambda: sent(PNG[:40], "half.png", "image/png"),
    "nothing in it": lambda: sent(b"", "empty.jpg", "image/jpeg"),
    "over the limit": lambda: sent(PNG + b"\0" * settings.UPLOAD_LIMIT, "big.png", "image/png"),
    "a nasty name": lambda: sent(b"%PDF-1.4 cut off", "../../" + "长" * 300 + "\u202e.pdf", "x/y"),
    "drawing with script": lambda: sent(b"<svg onload='x()'/>", "logo.png", "image/png"),
}


def sent(content: bytes, name: str, said: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=said)


# Every form of the house ------------------------------------------------------------------------

Make = Callable[[Any, Any, Any], forms.BaseForm]


def plain(form: type[forms.BaseForm], **more: Callable[[Any], Any]) -> Make:
    """How a form is made: data, files and what it needs of the world."""

    def make(world: Any, data: Any, files: Any) -> forms.BaseForm:
        return form(data, files, **{name: found(world) for name, found in more.items()})

    return make


def asked(form: type[forms.BaseForm]) -> Make:
    """A form of a list, filled by its address."""
    return lambda world, data, files: form(data, user=world.reader)


def sheet(form: type[forms.BaseForm], kind: str, instance: Callable = sheet_of) -> Make:
    """A sheet of the works or the meter technicians."""

    def make(world: Any, data: Any, files: Any) -> forms.BaseForm:
        step = getattr(world, kind).step(kind.replace("old_meter", "meter"))
        return form(data, files, step=step, instance=instance(step))

    return make


def row(form: type[forms.BaseForm], kind: str = "") -> Make:
    """One row of a table of a sheet."""

    def make(world: Any, data: Any, files: Any) -> forms.BaseForm:
        given = form._meta.model()
        if kind:
            given.step = getattr(world, kind).step(kind)
        return form(data, files, instance=given)

    return make


STEP = {"step": lambda world: world.survey.step("survey")}
CASE = {"case": lambda world: world.survey}
CONTRACTED = {"case": lambda world: world.contract}
FORMS: dict[type[forms.BaseForm], Make] = {
    LanguageForm: plain(LanguageForm),
    desk.QueueForm: asked(desk.QueueForm),
    desk.SearchForm: asked(desk.SearchForm),
    desk.BoardForm: asked(desk.BoardForm),
    desk.AssignForm: plain(desk.AssignForm, **STEP),
    desk.StopForm: plain(desk.StopForm, **STEP, by=lambda world: world.reader),
    desk.ResumeForm: plain(desk.ResumeForm),
    desk.SendBackForm: plain(desk.SendBackForm, **STEP),
    desk.ReasonForm: plain(desk.ReasonForm),
    desk.WithdrawForm: plain(desk.WithdrawForm),
    desk.RefuseForm: plain(desk.RefuseForm),
    desk.GroundsForm: plain(desk.GroundsForm),
    desk.FastLaneForm: plain(desk.FastLaneForm, **CASE),
    desk.FactsForm: plain(desk.FactsForm, instance=CASE["case"]),
    desk.OfficeForm: plain(desk.OfficeForm, **CASE),
    desk.LeaveForm: plain(desk.LeaveForm, instance=lambda world: world.reader),
    CauseForm: plain(CauseForm),
    desk.ReassignForm: plain(desk.ReassignForm, steps=lambda world: [world.survey.step("survey")]),
    application.ApplicationForm: plain(
        application.ApplicationForm,
        by=lambda world: person(Role.CLERK),
        instance=lambda world: Application(),
        accepting=lambda world: True,
    ),
    PortalForm: plain(
        PortalForm,
        by=lambda world: None,
        instance=lambda world: Application(),
        accepting=lambda world: True,
    ),
    public.PublicForm: plain(public.PublicForm, instance=lambda world: Application()),
    public.ApplianceForm: plain(public.ApplianceForm),
    public.PapersForm: plain(
        public.PapersForm, papers=lambda world: list(Requirement.objects.all())
    ),
    corrections.CorrectionForm: plain(
        corrections.CorrectionForm,
        by=lambda world: None,
        instance=lambda world: Application.of(world.papers),
    ),
    application.AuthorityForm: plain(application.AuthorityForm),
    application.EquipmentForm: plain(application.EquipmentForm),
    application.ContactForm: plain(application.ContactForm, **CASE),
    application.RenewCodeForm: plain(application.RenewCodeForm),
    contract.DrawForm: plain(contract.DrawForm, **CONTRACTED),
    contract.CustomerSignatureForm: plain(contract.CustomerSignatureForm),
    contract.InterimForm: plain(contract.InterimForm),
    contract.RevisionForm: plain(contract.RevisionForm),
    document.ReceiveForm: plain(document.ReceiveForm),
    document.SentForm: plain(document.SentForm),
    document.WaiveForm: plain(document.WaiveForm),
    document.AttachForm: plain(document.AttachForm),
    fee.PaymentForm: plain(fee.PaymentForm),
    fee.CorrectionForm: plain(fee.CorrectionForm),
    fee.KeptQuoteForm: plain(fee.KeptQuoteForm),
    fee.RefundForm: plain(fee.RefundForm),
    plan.PlanForm: plain(plan.PlanForm),
    plan.SourceForm: plain(plan.SourceForm, candidates=lambda world: [world.point]),
    plan.ApproveForm: plain(plan.ApproveForm),
    plan.ReasonForm: plain(plan.ReasonForm),
    plan.AnswerForm: plain(plan.AnswerForm),
    plan.DecideForm: plain(plan.DecideForm),
    survey.SurveyForm: plain(
        survey.SurveyForm, instance=lambda world: Survey(step=world.survey.step("survey"))
    ),
    FieldSurveyForm: plain(FieldSurveyForm, step=lambda world: world.survey.step("survey")),
    AttemptForm: plain(AttemptForm, step=lambda world: world.survey.step("survey")),
    PointRow: plain(PointRow, **CASE),
    ConsentRow: plain(ConsentRow),
    survey.LoadForm: plain(survey.LoadForm),
    survey.VisitForm: plain(survey.VisitForm),
    survey.CandidateForm: plain(survey.CandidateForm, **CASE),
    survey.ConsentForm: plain(survey.ConsentForm),
    survey.AnswerForm: plain(survey.AnswerForm),
    survey.PhotoForm: plain(survey.PhotoForm),
    survey.AppointmentForm: plain(survey.AppointmentForm),
    survey.RenewForm: plain(survey.RenewForm),
    survey.WithdrawForm: plain(survey.WithdrawForm),
    TemplateForm: plain(TemplateForm, instance=lambda world: Template.objects.first()),
    work.RequestForm: plain(work.RequestForm),
    work.MissingForm: plain(work.MissingForm),
    work.LicenceCheckForm: sheet(work.LicenceCheckForm, "designer"),
    work.DrawingForm: sheet(work.DrawingForm, "drawings"),
    work.MidCheckForm: sheet(work.MidCheckForm, "mid_check"),
    work.AcceptanceForm: sheet(work.AcceptanceForm, "acceptance"),
    work.ItemRow: row(work.ItemRow, "acceptance"),
    work.NewDefectRow: row(work.NewDefectRow, "acceptance"),
    work.FirstDefectRow: row(work.FirstDefectRow, "acceptance"),
    work.CureRow: row(work.CureRow, "acceptance"),
    work.PhotoRow: row(work.PhotoRow, "acceptance"),
    work.EquipmentRow: row(work.EquipmentRow, "acceptance"),
    work.DrawingRow: row(work.DrawingRow),
    work.CommentRow: row(work.CommentRow),
    work.SettleRow: row(work.SettleRow),
    meter.OrderForm: sheet(meter.OrderForm, "meter", metering.order_of),
    meter.RemovalForm: sheet(meter.RemovalForm, "old_meter", metering.removal_of),
    meter.PowerForm: sheet(meter.PowerForm, "meter", metering.power_of),
    meter.CallBackForm: sheet(meter.CallBackForm, "callback", metering.call_of),
    meter.FollowUpForm: plain(meter.FollowUpForm),
    countersign.ConfirmForm: plain(countersign.ConfirmForm),
    countersign.SecondForm: lambda world, data, files: countersign.SecondForm(
        data, people=User.objects.all()
    ),
    meter.SealRow: row(meter.SealRow),
    meter.PhotoRow: row(meter.PhotoRow, "meter"),
    tracking.CodeForm: plain(tracking.CodeForm),
    tracking.HandInForm: plain(tracking.HandInForm),
    tracking.PlanForm: plain(tracking.PlanForm),
    tracking.WordForm: plain(tracking.WordForm),
}
# What others are made of; never shown by themselves.
ABSTRACT = {"DressedForm", "SheetForm", "RoomForm", "CheckForm", "WorkForm"}


def defined() -> Iterator[type[forms.BaseForm]]:
    """Every form class written in the rooms."""
    for room in ("accounts", "workflow", *{rule.split(":")[0] for rule in ROWS} - {"accounts"}):
        package = import_module(room)
        for found in pkgutil.walk_packages(package.__path__, f"{room}."):
            if ".migrations" in found.name or ".management" in found.name:
                continue
            for thing in vars(import_module(found.name)).values():
                if (
                    isinstance(thing, type)
                    and issubclass(thing, forms.BaseForm)
                    and thing.__module__ == found.name
                    and thing.__name__ not in ABSTRACT
                    and "FormForm" not in thing.__name__
                ):
                    yield thing


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    """The whole house, built once; forgotten at the end."""
    with (
        django_db_blocker.unblock(),
        translation.override("en"),
        patch("django.test.client.store_rendered_templates"),
        house.standing() as found,
    ):
        found.reader = person(Role.MANAGER, at="js")
        yield found


def test_every_form_of_the_house_is_fed_here():
    missing = {f"{form.__module__}.{form.__name__}" for form in defined()} - {
        f"{form.__module__}.{form.__name__}" for form in FORMS
    }

    assert missing == set()


def data_of(form: forms.BaseForm, value: str) -> QueryDict:
    """The value in every field; the tables of a sheet with one row of it."""
    data = QueryDict(mutable=True)
    for name in form.fields:
        data[form.add_prefix(name)] = value
    for table in getattr(form, "formsets", []):
        data[f"{table.prefix}-TOTAL_FORMS"], data[f"{table.prefix}-INITIAL_FORMS"] = "1", "0"
        for name in table.empty_form.fields:
            data[f"{table.prefix}-0-{name}"] = value
    return data


def fed(world: Any, form: type[forms.BaseForm], value: str, file: Any = None) -> forms.BaseForm:
    """The form with the value in every field, judged and shown."""
    make = FORMS[form]
    blank = make(world, QueryDict(""), None)
    data = data_of(blank, value)
    files = {name: file() for name in blank.fields} if file else None
    found = make(world, data, files)
    valid = found.is_valid()
    shown = str(found)
    assert "<script>alert" not in shown
    assert "onerror=alert(1)>" not in shown
    found.judged = valid
    return found


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.__module__}.{form.__name__}")
def test_whatever_is_typed_is_judged_not_stumbled_over(world, form):
    for what, value in TYPED.items():
        with house.undone(), house.written() as statements:
            found = fed(world, form, value)
        assert statements == [], what
        if found.judged and value.strip() and "\x00" in value:
            kept = [v for v in found.cleaned_data.values() if isinstance(v, str) and "\x00" in v]
            assert kept == [], what


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.__module__}.{form.__name__}")
def test_no_text_is_longer_than_its_field_allows(world, form):
    with house.undone():
        found = fed(world, form, TEXTS["ten thousand"])

    for name, field in found.fields.items():
        if isinstance(field, forms.CharField) and not field.disabled:
            assert name in found.errors or not found.cleaned_data.get(name), name


WITH_FILES = [
    form
    for form in FORMS
    if any(isinstance(field, forms.FileField) for field in form.base_fields.values())
]


@pytest.mark.parametrize("form", WITH_FILES, ids=lambda form: f"{form.__module__}.{form.__name__}")
@pytest.mark.parametrize("what", FILES)
def test_a_file_is_judged_by_what_is_in_it(world, form, what):
    with house.undone():
        found = fed(world, form, "x", FILES[what])

    for name, field in found.fields.items():
        if isinstance(field, forms.FileField):
            assert name in found.errors


# Through the pages ------------------------------------------------------------------------------

PAGES = {
    "applications:new": (Role.CLERK, "remarks"),
    "applications:application": (Role.CLERK, "remarks"),
    "applications:contact": (Role.CLERK, "summary"),
    "applications:code": (Role.CLERK, "reason"),
    "applications:correction": (Role.CLERK, "reason"),
    "surveys:survey": (Role.SURVEYOR, "meter_position"),
    "surveys:visit_new": (Role.SURVEYOR, "evidence"),
    "surveys:point_new": (Role.SURVEYOR, "works"),
    "surveys:consent_new": (Role.SURVEYOR, "subject"),
    "surveys:answer": (Role.SURVEYOR, "words"),
    "plans:plan": (Role.PLANNER, "remarks"),
    "plans:give_back": (Role.APPROVER, "reason"),
    "plans:decide": (Role.CLERK, "reason"),
    "works:designer": (Role.REVIEWER, "remarks"),
    "works:drawings": (Role.REVIEWER, "remarks"),
    "works:mid_check": (Role.INSPECTOR, "remarks"),
    "works:acceptance": (Role.INSPECTOR, "remarks"),
    "works:acceptance_missing": (Role.INSPECTOR, "missing"),
    "fees:payment": (Role.CASHIER, "reference"),
    "fees:correction": (Role.BILLER, "reason"),
    "fees:quote": (Role.BILLER, "reason"),
    "contracts:contract": (Role.CONTRACT_OFFICER, "remarks"),
    "contracts:customer": (Role.CONTRACT_OFFICER, "signed_name"),
    "contracts:revision": (Role.CONTRACT_OFFICER, "remarks"),
    "metering:meter": (Role.FITTER, "remarks"),
    "metering:callback": (Role.CLERK, "words"),
    "surveys:confirm": (Role.SURVEYOR, "reason"),
    "metering:confirm": (Role.FITTER, "reason"),
    "documents:waive": (Role.SUPERVISOR, "reason"),
    "workflow:stop": (Role.SURVEYOR, "evidence"),
    "workflow:send_back": (Role.SURVEYOR, "reason"),
    "workflow:withdraw": (Role.CLERK, "reason"),
    "workflow:refuse": (Role.APPROVER, "reason"),
    "workflow:fast_lane_ask": (Role.CLERK, "grounds"),
    "workflow:facts": (Role.SUPERVISOR, "note"),
    "workflow:office": (Role.SUPERVISOR, "reason"),
}
TABLES = ("equipment", "loads", "sources", "drawings", "comments", "settled", "items", "defects",
          "cures", "photos", "seals")  # fmt: skip
HOSTILE = "</textarea><script>alert('x')</script>\"'" + "长" * 10_000


@pytest.mark.parametrize("name", PAGES)
def test_a_page_refuses_tells_keeps_and_escapes(world, name):
    role, field = PAGES[name]
    client = Client()
    client.force_login(person(role))
    data = {field: HOSTILE} | {
        f"{table}-{count}": "0" for table in TABLES for count in ("TOTAL_FORMS", "INITIAL_FORMS")
    }

    with house.undone(), house.written() as statements:
        response = client.post(address(world, name), data)

    shown = response.content.decode()
    assert response.status_code in (200, 422)
    assert statements == []
    assert "characters" in shown or "required" in shown
    assert "&lt;/textarea&gt;&lt;script&gt;alert(" in shown
    assert "</textarea><script>" not in shown
    assert "长" * 9_000 in shown


# Numbers of cases -------------------------------------------------------------------------------

ODD = ["2026-999999", "0", "👻", "长" * 300, "%00", "%2e%2e%2f", "'--", "2026-000001%20", "%FF"]


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.at])
def test_a_number_that_is_none_of_ours_is_not_there(world, name):
    client = Client()
    client.force_login(person(Role.SUPERVISOR))
    url = address(world, name)
    number = getattr(world, ROWS[name].at).number
    for odd in ODD:
        for method in (client.get, client.post):
            with house.undone(), house.written() as statements:
                response = method(url.replace(number, odd))
            # A button is refused to a GET before anybody looks at the number.
            no_get = method == client.get and ROWS[name].shown == 405
            assert response.status_code in ((404, 405) if no_get else (404,)), odd
            assert statements == [], odd


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.below and row.at])
def test_a_row_of_another_case_is_not_there(world, name):
    client = Client()
    surveying = name.startswith("surveys:")
    client.force_login(
        person(Role.SURVEYOR)
        if surveying
        else person(*Role.values, username="everybody", name="everybody")
    )
    url = address(world, name)
    own = getattr(world, ROWS[name].at).number
    other = world.papers if ROWS[name].at == "unclaimed" else world.unclaimed
    foreign = url.replace(own, other.number)
    row = rf"/{getattr(world, ROWS[name].below).pk}(?=\D*$)"
    beyond = re.sub(row, "/99999999999999999999", url)
    for odd in (foreign, beyond):
        with house.undone(), house.written() as statements:
            response = client.post(odd, {"sent": "1"})
        # It says the same of a row that is nowhere, and leads back to the case.
        customers = name.startswith("public:")
        assert response.status_code == (404 if customers else 409), odd
        assert customers or "not there any more" in response.content.decode()
        assert statements == []


@pytest.mark.parametrize("what", NUMBERS)
def test_a_round_that_is_none_is_the_latest_or_not_there(world, what):
    client = Client()
    client.force_login(person(Role.SURVEYOR))

    response = client.get(world.survey_step.get_absolute_url(), {"round": NUMBERS[what]})

    assert response.status_code in (200, 404)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.__module__}.{form.__name__}")
@pytest.mark.parametrize("typed", ["0001-01-01", "9999-12-31"])
def test_no_date_is_taken_with_which_no_page_can_compute(world, form, typed):
    made = FORMS[form](world, QueryDict(), {})
    if form.__module__ == "works.forms.rows":
        dress(made)  # as the tables do in which they stand
    for field in made.fields.values():
        if isinstance(field, forms.DateField | forms.DateTimeField):
            with pytest.raises(ValidationError):
                field.clean(typed if isinstance(field, forms.DateField) else f"{typed}T00:00")


@pytest.mark.parametrize("what", TYPED)
@pytest.mark.parametrize(
    "name",
    [
        "workflow:desk",
        "workflow:search",
        "workflow:board",
        "workflow:reminders",
        "workflow:reassign",
    ],
)
def test_a_list_leaves_out_what_it_does_not_understand(world, name, what):
    client = Client()
    client.force_login(person(Role.SUPERVISOR))
    value = TYPED[what][:6000].encode("utf-8", "replace").decode()
    fields = ("q", "owner", "step", "customer_class", "type", "unit", "tab", "age", "open", "after")
    more = ("before", "state", "show", "page", "due", "pk", "last")

    response = client.get(reverse(name), dict.fromkeys((*fields, *more), value))

    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()
