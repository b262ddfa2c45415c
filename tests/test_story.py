"""The case that must not happen again (DOMAIN section 1), replayed through the pages.

王小明 shares a meter with 张建国, quarrels with him about the bill and applies for an own account.
Once, nobody asked how he is supplied, the hall took the fee before anybody had been on site, the
co-user refused the tap, and for almost a year nobody spoke to him. Here each of these wrong turns
is taken again, and the product refuses, says why and names who acts next.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from demo import office
from documents import pdf
from documents.models import Paper
from fees import services as fees
from fees.models import Bill, Payment
from plans.models import Plan
from surveys.models import Candidate, Consent, Survey
from tests.applications.factories import posted
from tests.surveys.factories import posted as survey_sheet
from tests.surveys.factories import source_point
from workflow import clocks, moves, reminders
from workflow.guards import Refused
from workflow.models import Case, Notice, Reminder
from workflow.process import Kind

pytestmark = pytest.mark.django_db
SHARED = {
    "business_type": "separation",
    "existing_supply": "shared",
    "shared_account": "0312 0045 871",
    "co_users": "张建国（3 单元 101）139 0000 2231",
    "disputed": "True",
    "dispute": "合表电费分摊",
}
OPTIONS = "改接路东 14# 杆\n请社区调解委员会调解（民法典第 292 条）"


@pytest.fixture(autouse=True)
def people():
    """The demo's office, reading English."""
    found = office.build()
    User.objects.update(language="en")
    return found


def browser(username: str) -> Client:
    """The browser of one person."""
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


def page(response) -> str:
    return response.content.decode()


def url(name: str, case: Case, *more) -> str:
    return reverse(name, args=[case.number, *more])


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def intake() -> Case:
    """He applies at the counter, and the clerk asks how he is supplied today."""
    response = browser("sunyue").post("/applications/new/", posted("accept", **SHARED))
    assert response.status_code == 302, page(response)
    return Case.objects.get()


def measure(case: Case, **columns) -> Candidate:
    """The surveyor measures one point more."""
    lina = browser("lina")
    typed = {"voltage": "380v", "distance_m": 6, "cable_m": 6, "workable": "True", **columns}
    assert lina.post(url("surveys:point_new", case), typed).status_code == 302
    return Candidate.objects.latest("pk")


def refused_consent(case: Case) -> Candidate:
    """On site the co-user refuses the tap at the old point; the other point has no capacity."""
    lina = browser("lina")
    lina.post(url("workflow:claim", case, fresh(case).step(Kind.SURVEY).pk))
    old = measure(case, source_point=source_point().pk)
    measure(case, name="路东 14# 杆", distance_m=140, workable="False", why_not="占路许可不批")
    asked = {
        "party_kind": "co_user",
        "party": "张建国",
        "phone": "13900002231",
        "subject": "从原接户点 T 接",
        "asked_on": timezone.localdate(),
        "asked_how": "in_person",
    }
    assert lina.post(url("surveys:consent_new", case, old.pk), asked).status_code == 302
    consent = Consent.objects.get()
    said = {"answer": "no", "on": timezone.localdate(), "words": "电费没算清之前不行"}

    untold = lina.post(url("surveys:answer", case, consent.pk), said)
    assert "A refusal is told to the customer with options" in page(untold)

    told = lina.post(url("surveys:answer", case, consent.pk), {**said, "options": OPTIONS})
    assert told.status_code == 302
    return old


def sign(case: Case) -> str:
    """The surveyor signs the sheet; what the page says."""
    sheet = survey_sheet(
        surveyor=User.objects.get(username="lina").pk,
        found_supply="shared",
        co_users="张建国",
        found_disputed="True",
    )
    return page(browser("lina").post(url("surveys:survey", case), sheet, follow=True))


# The first wrong turn: intake did not ask


def test_intake_without_the_present_supply_accepts_nothing():
    typed = posted("accept", **{**SHARED, "existing_supply": None})

    response = browser("sunyue").post("/applications/new/", typed)

    assert "Ask how the place is supplied today" in page(response)
    assert not Case.objects.exists()


def test_a_shared_meter_without_its_account_and_co_users_accepts_nothing():
    typed = posted("accept", **{**SHARED, "shared_account": "", "co_users": "", "disputed": None})

    response = browser("sunyue").post("/applications/new/", typed)

    assert response.status_code == 200
    for name in ("shared_account", "co_users", "disputed"):
        assert response.context["form"].errors[name]
    assert not Case.objects.exists()


# The second wrong turn: the fee before the survey


@pytest.mark.parametrize("username", ["tangli", "xumin"])
def test_nobody_finds_a_way_to_take_the_fee_and_everybody_reads_why(username):
    case = intake()

    shown = page(browser(username).get(case.get_absolute_url()))
    sheet = page(browser(username).get(url("fees:fees", case)))

    assert "Why can no fee be charged yet?" in shown
    assert "Nobody has been on site yet." in shown
    assert "Supply plan is not finished." in shown
    assert "No signed survey says that the customer can be supplied." in sheet
    assert "The customer has not accepted a supply plan." in sheet
    for text in (shown, sheet):
        assert "Issue the bill" not in text
        assert "Receive payment" not in text
        assert url("fees:payment", case) not in text


@pytest.mark.parametrize("username", ["tangli", "xumin", "sunyue", "zhouweidong", "admin"])
def test_a_direct_post_takes_no_fee(username):
    case = intake()
    client = browser(username)
    events = case.events.count()

    answers = [
        client.post(url("fees:fees", case), {"issue": "1"}),
        client.post(url("fees:fees", case), {"nothing_due": "1"}),
        client.post(url("fees:payment", case), {"method": "cash", "payer": "王小明"}),
        client.post(url("fees:correction", case), {"kind": "waiver", "reason": "x"}),
        client.post(url("fees:answer", case), {"approve": "1"}),
    ]

    assert {answer.status_code for answer in answers} <= {200, 403, 404, 409, 422}
    assert not Bill.objects.exists()
    assert not Payment.objects.exists()
    assert fresh(case).step(Kind.FEES).state == "waiting"
    assert fresh(case).events.count() == events


def test_the_administrator_can_neither_add_nor_change_a_bill_or_a_payment():
    admin = browser("admin")

    for model in ("bill", "billline", "payment", "refund"):
        address = f"/admin/fees/{model}/add/"
        assert admin.get(address).status_code in (403, 404)
        assert admin.post(address, {"total": "1"}).status_code in (403, 404)
    assert "/admin/fees/bill/add/" not in page(admin.get("/admin/"))
    assert not Bill.objects.exists()


@pytest.mark.parametrize(
    "act",
    [
        lambda step, who: fees.issue(step, by=who),
        lambda step, who: fees.nothing_due(step, by=who),
        lambda step, who: moves.finish(step, by=who),
    ],
    ids=["issue", "nothing_due", "finish"],
)
def test_the_shell_through_the_door_is_refused(people, act):
    case = intake()

    with pytest.raises(Refused) as refused:
        act(fresh(case).step(Kind.FEES), people["tangli"])

    assert refused.value.messages
    assert not Bill.objects.exists()
    assert fresh(case).step(Kind.FEES).state == "waiting"


def raw(statement: str, *values) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_raw_sql_is_refused_by_the_database_itself(people):
    """On PostgreSQL here; tests/fees runs the same walls on SQLite too."""
    case = intake()
    fee, survey = fresh(case).step(Kind.FEES), fresh(case).step(Kind.SURVEY)

    insert = "INSERT INTO fees_bill (number, state, total, plan_id, step_id, reason) VALUES "
    with pytest.raises(IntegrityError):
        raw(insert + "('X', 'draft', 100, NULL, %s, '')", fee.pk)
    with pytest.raises(IntegrityError):
        raw(
            "INSERT INTO fees_payment (bill_id, receipt_number, method, reference, payer, amount,"
            " received_at, received_by_id) VALUES (1, 'X', 'cash', '', 'x', 100, now(), %s)",
            people["xumin"].pk,
        )
    for state in ("in_hand", "with_customer", "done"):
        with pytest.raises(IntegrityError):
            raw("UPDATE workflow_step SET state = %s WHERE id = %s", state, fee.pk)

    sheet = Survey.objects.create(step=survey)
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(step=fresh(case).step(Kind.PLAN), survey=sheet, total_kva=8)
    assert not Bill.objects.exists()
    assert not Payment.objects.exists()


# The third wrong turn: the plan is fixed while the co-user says no


def test_a_refused_co_user_stops_survey_and_plan_and_is_named():
    case = intake()
    refused_consent(case)

    told = sign(case)

    day = f"{timezone.localdate():%Y-%m-%d}"
    assert f"张建国 (Co-user of the supply) refuses since {day}" in told
    assert "占路许可不批" in told
    case = fresh(case)
    assert case.step(Kind.SURVEY).state == "in_hand"
    assert not Survey.objects.filter(signed_at__isnull=False).exists()

    planner = browser("chenzhiqiang")
    shown = page(planner.get(case.get_absolute_url(), {"step": case.step(Kind.PLAN).pk}))
    assert "张建国" in shown
    assert "refuses since" in shown
    assert "Submit for approval" not in page(planner.get(url("plans:plan", case)))
    for place, typed in (
        ("plan", {"submit": "1", "total_kva": "8"}),
        ("approve", {}),
        ("answer", {"how": "counter"}),
        ("decide", {"decision": "accept", "signed_name": "王小明", "how": "signature"}),
    ):
        answer = planner.post(url(f"plans:{place}", case), typed)
        assert answer.status_code in (200, 403, 404, 409, 422), place
    assert not Plan.objects.exists()
    assert fresh(case).step(Kind.PLAN).state == "waiting"


# The fourth wrong turn: a year of silence


def weekly(start: datetime, weeks: int):
    """The sweep of every week, at nine in the morning; nobody does anything."""
    for week in range(1, weeks + 1):
        with time_machine.travel(start + timedelta(weeks=week), tick=False):
            reminders.sweep()


def test_a_year_of_silence_is_told_to_owner_supervisor_manager_and_company(people):
    start = datetime(2025, 1, 6, 1, 0, tzinfo=UTC)  # nine in the morning at the counter
    with time_machine.travel(start, tick=False):
        case = intake()
        refused_consent(case)
        last_heard = fresh(case).last_contact_at
    with time_machine.travel(start + timedelta(days=2), tick=False):
        for outcome, direction in (("not_reached", "out"), ("left_message", "out")):
            typed = {
                "channel": "sms",
                "direction": direction,
                "outcome": outcome,
                "summary": "通知",
            }
            browser("sunyue").post(url("applications:contact", case), typed)
    assert fresh(case).contacts.count() >= 1
    assert fresh(case).last_contact_at == last_heard, "a message one way is no contact"

    weekly(start, 52)

    told = [
        (f"{timezone.localdate(n.reminder.created_at)}", n.reminder.subject, n.user.username)
        for n in Notice.objects.select_related("reminder", "user").order_by(
            "reminder__created_at", "reminder__level", "pk"
        )
    ]
    print("\n".join(" · ".join(row) for row in told))  # noqa: T201 - the list that was asked for
    first = {}
    for day, subject, who in told:
        first.setdefault((subject, who), day)
    owner, surveyor = fresh(case).owner.username, "lina"
    assert first["due", surveyor] == "2025-01-13"
    for subject, accountable in (("due", surveyor), ("silent", owner)):
        days = [first[subject, who] for who in (accountable, "zhouweidong", "linfeng", "company")]
        assert days == sorted(days)
        assert days[-1] < "2025-02-15", "the whole ladder within six weeks, Spring Festival apart"
    # It never falls silent itself: every five working days the company is told again.
    company = sorted({day for day, subject, who in told if (subject, who) == ("silent", "company")})
    gaps = [
        clocks.calendar().between(
            datetime.fromisoformat(a).date(), datetime.fromisoformat(b).date()
        )
        for a, b in itertools.pairwise(company)
    ]
    assert len(company) > 40
    assert max(gaps) <= 10
    once = Reminder.objects.values_list("subject", "ref", "level", "due_on")
    assert len(once) == len(set(once))
    # And who opens the case a year later reads how long nobody spoke to him.
    with time_machine.travel(start + timedelta(weeks=52), tick=False):
        shown = page(browser("zhouweidong").get(case.get_absolute_url()))
    assert fresh(case).last_contact_at == last_heard
    assert "364" in shown


# What the customer gets instead: an answer in writing, with options


def read(paper: Paper) -> str:
    with translation.override(paper.language):
        return pdf.html(paper)


def test_the_refused_consent_is_told_to_the_customer_in_writing_with_options():
    case = intake()
    refused_consent(case)

    papers = {paper.language: read(paper) for paper in case.papers.filter(kind="refusal")}

    assert set(papers) == {"en", "zh-hans"}
    for text in papers.values():
        assert "张建国" in text
        for option in OPTIONS.splitlines():
            assert option in text
    assert "We have not closed your request." in papers["en"]


def test_the_refused_case_is_told_in_writing_with_options_and_costs_nothing():
    case = intake()
    refused_consent(case)
    typed = {
        "reason": "原接户点共用人不同意，附近没有其他可用的电源点。",
        "options": "社区调解后恢复办理\n待 2027 年院内改造",
    }

    response = browser("zhouweidong").post(url("workflow:refuse", case), typed)

    assert response.status_code == 302, page(response)
    assert fresh(case).state == "refused"
    letters = [p for p in case.papers.filter(kind="refusal") if p.data.get("closes", True)]
    assert {p.language for p in letters} == {"en", "zh-hans"}
    for letter in letters:
        text = read(letter)
        assert typed["reason"] in text
        for option in typed["options"].splitlines():
            assert option in text
    english = read(next(p for p in letters if p.language == "en"))
    assert "Object, if you think this is wrong" in english
    assert "No fee is due for this request." in english
    assert not Bill.objects.exists()


def test_with_another_workable_point_the_case_goes_on():
    case = intake()
    refused_consent(case)
    measure(case, source_point=source_point("院内 2# 分支箱").pk, distance_m=42)

    sign(case)

    assert fresh(case).step(Kind.SURVEY).state == "done"
    assert fresh(case).step(Kind.PLAN).state == "in_hand"
