"""The plan's pages, role by role, with good and bad input."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from plans import services
from plans.models import Plan
from plans.panel import panel
from surveys.models import Consent, SourcePoint
from tests import factories as office
from tests.applications.factories import shared
from tests.plans import factories as make
from tests.surveys import factories as surveys
from tests.workflow.screens import queries
from workflow.guards import Refused
from workflow.models import Case

pytestmark = pytest.mark.django_db
HOSTILE = "'\"><script>alert(1)</script>{{7*7}}\u202e😀"
ACTS = {
    "approve": {"remark": "同意"},
    "give_back": {"reason": "计量方式不符"},
    "answer": {"how": "counter"},
    "decide": {
        "decision": "accept",
        "signed_name": "王小明",
        "how": "call",
        "recording": "L2026-0417",
    },
    "extend": {"reason": "施工延期"},
}
REACH = {
    "approve": make.submitted,
    "give_back": make.submitted,
    "answer": make.approved,
    "decide": make.answered,
    "extend": make.ending,
}
MAY = {
    "approve": {Role.APPROVER},
    "give_back": {Role.APPROVER},
    "answer": {Role.PLANNER, Role.CLERK},
    "decide": {Role.PLANNER, Role.CLERK},
    "extend": {Role.PLANNER, Role.SUPERVISOR},
}


def address(case, name="plan"):
    return reverse(f"plans:{name}", args=[case.number])


def person(role, **columns):
    """Somebody of this role; the planner is the one who has the step."""
    if role == Role.PLANNER:
        return make.planner(language="en")
    return office.person(role, at="lh" if role == Role.APPROVER else "lhcd", **columns)


@pytest.fixture
def planner(client):
    client.force_login(make.planner(language="en"))
    return client


def as_(client, who):
    client.force_login(who)
    return client


# The sheet --------------------------------------------------------------------------------------


def test_a_plan_is_drawn_saved_and_submitted_on_its_sheet(planner):
    case = make.household()
    assert planner.get(address(case)).status_code == 200
    assert not Plan.objects.exists()

    incomplete = make.posted(make.step_of(case), save="1", protection="")
    response = planner.post(address(case), incomplete)
    assert response["Location"] == address(case)
    assert make.plan_of(case).state == "draft"

    response = planner.post(address(case), make.posted(make.step_of(case), submit="1"))

    assert response["Location"] == case.get_absolute_url()
    plan = make.plan_of(case)
    assert (plan.state, plan.sources.get().capacity_kva) == ("submitted", plan.total_kva)
    page = planner.get(address(case))
    assert not page.context.get("form")
    assert "Waits for: Plan approver" in page.content.decode()


def shown(response) -> dict[str, str]:
    """What the browser would send back if nobody touched the sheet."""
    form = response.context["form"]
    found = {}
    for one in (form, form.sources.management_form, *form.sources.forms):
        for bound in one:
            value = bound.value()
            if value is not None and value is not False and value != "":
                found[bound.html_name] = str(value)
    return found


def test_what_the_sheet_proposes_is_taken_as_it_stands(planner):
    case = make.dual()

    data = shown(planner.get(address(case)))
    planner.post(address(case), data | {"save": "1"})

    plan = make.plan_of(case)
    assert [(s.role, s.capacity_kva) for s in plan.sources.all()] == [
        ("main", 630),
        ("standby", 630),
    ]
    planner.post(address(case), shown(planner.get(address(case))) | {"save": "1"})
    assert plan.sources.count() == 2


def test_a_source_is_taken_out_by_its_box_and_stands_once(planner):
    case = make.dual()
    data = shown(planner.get(address(case)))
    planner.post(address(case), data | {"save": "1", "sources-1-DELETE": "on"})
    assert make.plan_of(case).sources.count() == 1

    twice = {"sources-1-candidate": data["sources-0-candidate"]}
    response = planner.post(address(case), data | {"save": "1"} | twice)
    assert response.status_code == 422
    assert "twice" in str(response.context["form"].sources.errors)


def test_the_sheet_says_which_fees_the_plan_causes(planner):
    household, dual = make.drawn(make.household()), make.drawn(make.dual())

    assert "causes no fee" in planner.get(address(household.case)).content.decode()
    assert "reliability fee" in planner.get(address(dual.case)).content.decode()


def test_a_refused_submission_writes_nothing_and_keeps_what_was_typed(planner):
    case = make.household()
    SourcePoint.objects.update(committed_kva=Decimal(395))
    posted = make.posted(make.step_of(case), submit="1", primary_wiring="单母线，三楼东侧")

    response = planner.post(address(case), posted)

    assert response.status_code == 422
    assert "5.00 kVA open" in str(response.context["form"].non_field_errors())
    assert "单母线，三楼东侧" in response.content.decode()
    assert not Plan.objects.exists()
    assert make.step_of(case).owner is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, "长" * 10_000) for name in ("primary_wiring", "ct_ratio", "remarks")),
        ("property_boundary", "a\x00b"),
        ("remarks", "a\x00b"),
        ("total_kva", "-1"),
        ("total_kva", "9" * 40),
        ("total_kva", "NaN"),
        ("total_kva", "viel"),
        ("receiving_points", "0"),
        ("receiving_points", "9" * 30),
        ("receiving_points", ""),
        ("power_factor", "1.01"),
        ("power_factor", "0.123"),
        ("voltage", "1000000v"),
        ("metering", HOSTILE),
        ("sources-0-candidate", "999999"),
        ("sources-0-candidate", HOSTILE),
        ("sources-0-capacity_kva", "0"),
        ("sources-0-capacity_kva", "-5"),
        ("sources-0-capacity_kva", "1e9"),
        ("sources-0-capacity_kva", "8.123"),
        ("sources-0-role", "third"),
        ("sources-TOTAL_FORMS", "viel"),
        ("sources-TOTAL_FORMS", None),
        ("sources-TOTAL_FORMS", "900"),
    ],
)
@pytest.mark.parametrize("button", ["save", "submit"])
def test_bad_input_is_a_message_and_nothing_is_written(planner, field, value, button):
    case = make.household()

    posted = make.posted(make.step_of(case), **{button: "1", field: value})
    response = planner.post(address(case), posted)

    assert response.status_code == 422
    assert not Plan.objects.exists()
    assert "tariff" in response.content.decode()


def test_hostile_text_is_kept_as_text(planner):
    case = make.household()
    hostile = make.posted(
        make.step_of(case), submit="1", property_boundary=HOSTILE, remarks=HOSTILE
    )

    assert planner.post(address(case), hostile).status_code == 302

    page = planner.get(address(case)).content.decode()
    assert make.plan_of(case).remarks == HOSTILE
    assert "<script>alert" not in page
    assert "{{7*7}}" in page


def test_a_forged_row_of_another_plan_changes_nothing_there(planner):
    other = make.drawn(make.household()).sources.get()
    case = make.household()
    forged = make.posted(
        make.step_of(case), save="1", **{"sources-0-id": other.pk, "sources-0-capacity_kva": "7"}
    )

    assert planner.post(address(case), forged).status_code == 302

    other.refresh_from_db()
    assert other.capacity_kva == 8
    assert make.plan_of(case).sources.get().capacity_kva == 7


@pytest.mark.parametrize("role", [role for role in Role if role != Role.PLANNER])
def test_others_read_the_sheet_and_cannot_write(client, role):
    case = make.drawn().case
    as_(client, person(role))

    page = client.get(address(case))

    assert page.status_code == 200
    assert "form" not in page.context or not page.context.get("form")
    assert "Plan engineer" in page.content.decode()
    posted = make.posted(make.step_of(case), save="1", remarks="x")
    assert client.post(address(case), posted).status_code == 403
    assert make.plan_of(case).remarks == ""


def test_a_colleague_reads_that_somebody_has_it(client):
    case = make.drawn().case
    as_(client, make.planner(username="other-planner", name="赵工"))

    assert "has this step" in client.get(address(case)).content.decode()
    posted = make.posted(make.step_of(case), save="1")
    assert client.post(address(case), posted).status_code == 403


def test_who_presses_twice_is_told_and_nothing_happens_twice(planner):
    case = make.household()
    posted = make.posted(make.step_of(case), submit="1")
    planner.post(address(case), posted)

    response = planner.post(address(case), posted)

    assert response.status_code == 409
    assert "cannot be changed any more" in response.content.decode()
    assert case.events.filter(verb="plan_drawn").count() == 1


def test_another_unit_a_wrong_number_and_a_flow_without_plan_are_not_found(client):
    case = make.drawn().case
    short = office.case(business_type="name_change", existing_supply="own")
    names = ["plan", *ACTS]

    as_(client, office.person(Role.PLANNER, at="bhxc"))
    assert {client.get(address(case, name)).status_code for name in names} == {404}
    assert {client.post(address(case, name)).status_code for name in names} == {404}
    as_(client, make.planner())
    assert {client.get(address(short, name)).status_code for name in names} == {404}
    assert {client.post(address(short, name)).status_code for name in names} == {409}
    assert client.get("/cases/2026-999999/plan/").status_code == 404


def test_who_is_not_logged_in_is_sent_to_the_login(client):
    case = make.drawn().case
    for name in ("plan", *ACTS):
        assert "/login" in client.get(address(case, name))["Location"]


def test_before_the_survey_there_is_nothing_to_draw(planner):
    case = make.taken(make.sheet())

    page = planner.get(address(case))

    assert "No plan is drawn yet" in page.content.decode()
    assert planner.post(address(case), {"save": "1"}).status_code == 409


def test_earlier_rounds_stay_readable(planner):
    plan = make.answered()
    services.object_to(plan.step, by=make.clerk(), reason="不同意沿北墙敷设")

    page = planner.get(f"{address(plan.case)}?round=1").content.decode()

    assert "不同意沿北墙敷设" in page
    assert "The customer objects" in page


# Where no source point can be used ---------------------------------------------------------------


def test_without_a_usable_point_the_sheet_names_who_withholds_consent_and_what_to_do(planner):
    case = make.taken(shared())
    tap = surveys.candidate(case)
    b = surveys.source_point("路东 14# 杆")
    surveys.candidate(case, source_point=b, workable=False, why_not="距离过远")
    surveys.answered(surveys.asked(tap), "yes")
    surveys.signed_survey(Case.objects.get(pk=case.pk), found_supply="shared", co_users="张建国")
    posted = make.posted(make.step_of(case), submit="1")
    Consent.objects.update(answer="no", options="改接路东 14# 杆。")

    page = planner.get(address(case)).content.decode()

    assert "No source point can be used" in page
    assert re.search(r"张建国 \(Co-user of the supply\) refuses since", page)
    assert "距离过远" in page
    assert reverse("workflow:send_back", args=[case.number, make.step_of(case).pk]) in page
    assert 'name="submit"' not in page
    response = planner.post(address(case), posted)
    assert response.status_code == 422
    assert not Plan.objects.exists()


def test_a_point_that_cannot_be_used_is_named_beside_those_that_can(planner):
    case = make.taken(make.sheet())
    surveys.candidate(case)
    b = surveys.source_point("路东 14# 杆")
    surveys.candidate(case, source_point=b, workable=False, why_not="距离过远")
    surveys.signed_survey(Case.objects.get(pk=case.pk))

    page = planner.get(address(case)).content.decode()

    assert "No source point can be used" not in page
    assert "距离过远" in page
    assert "46.00 kVA open" in page


# The acts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", list(ACTS))
def test_each_act_is_for_its_roles_and_the_others_read_why_not(client, act):
    plan = REACH[act]()
    for role in set(Role) - MAY[act]:
        as_(client, person(role, language="en"))
        page = client.get(address(plan.case, act))
        assert page.status_code == 403, role
        assert "work of" in page.content.decode()
        assert not page.context.get("form")
        assert client.post(address(plan.case, act), ACTS[act]).status_code == 403
    kept = make.plan_of(plan.case)
    assert (kept.state, kept.valid_until) == (plan.state, plan.valid_until)


# The planner drew it: the customer's acceptance is noted by somebody else.
DONE_BY = [
    (act, role)
    for act in MAY
    for role in sorted(MAY[act])
    if (act, role) != ("decide", Role.PLANNER)
]


def test_who_drew_the_plan_is_told_that_a_colleague_records_the_acceptance(planner):
    plan = make.answered()

    response = planner.post(address(plan.case, "decide"), ACTS["decide"])

    assert response.status_code == 422
    assert "Ask a colleague" in str(response.context["form"].errors)
    assert make.plan_of(plan.case).state == "answered"
    objection = {"decision": "object", "reason": "不同意沿北墙敷设"}
    assert planner.post(address(plan.case, "decide"), objection).status_code == 302


@pytest.mark.parametrize(("act", "role"), DONE_BY)
def test_who_may_does_it_on_its_page(client, act, role):
    plan = REACH[act]()
    as_(client, person(role))
    assert client.get(address(plan.case, act)).status_code == 200

    response = client.post(address(plan.case, act), ACTS[act])

    assert response.status_code == 302, response.context["form"].errors
    kept = make.plan_of(plan.case)
    assert (kept.state, kept.valid_until) != (plan.state, plan.valid_until)


@pytest.mark.parametrize("act", list(ACTS))
def test_an_act_out_of_turn_says_so_and_keeps_what_was_typed(client, act):
    plan = make.drawn()
    role = sorted(MAY[act])[0]
    as_(client, person(role, language="en"))

    page = client.get(address(plan.case, act))
    response = client.post(address(plan.case, act), ACTS[act])

    assert page.status_code == 409
    assert "Draft" in page.content.decode()
    assert response.status_code == 422
    assert "Draft" in str(response.context["form"].non_field_errors())
    typed = next(iter(ACTS[act].values()))
    assert typed in response.content.decode()


def test_an_approver_with_an_own_hand_in_it_reads_so_before_pressing(client):
    both = office.person(Role.PLANNER, Role.APPROVER, at="lh", language="en")
    plan = make.submitted(by=both)
    as_(client, both)

    page = client.get(address(plan.case, "approve"))
    response = client.post(address(plan.case, "approve"), {"remark": "自批"})

    assert page.status_code == 409
    assert "Ask a colleague" in page.content.decode()
    assert response.status_code == 422
    assert "自批" in response.content.decode()


@pytest.mark.parametrize(
    ("act", "values"),
    [
        ("approve", {"remark": "长" * 201}),
        ("approve", {"remark": "a\x00b"}),
        ("give_back", {"reason": ""}),
        ("give_back", {"reason": "   "}),
        ("give_back", {"reason": "长" * 10_000}),
        ("give_back", {"reason": "a\x00b"}),
        ("answer", {}),
        ("answer", {"how": "pigeon"}),
        ("decide", {}),
        ("decide", {"decision": "maybe"}),
        ("decide", {"decision": "accept"}),
        ("decide", {"decision": "accept", "signed_name": "王", "how": ""}),
        ("decide", {"decision": "accept", "signed_name": "长" * 61, "how": "call"}),
        ("decide", {"decision": "accept", "signed_name": "a\x00b", "how": "call"}),
        ("decide", {"decision": "accept", "signed_name": " ", "how": "call"}),
        ("decide", {"decision": "object", "reason": ""}),
        ("decide", {"decision": "object", "reason": "长" * 1001}),
        ("extend", {"reason": ""}),
        ("extend", {"reason": "a\x00b"}),
    ],
)
def test_bad_input_to_an_act_is_a_message_and_changes_nothing(client, act, values):
    plan = REACH[act]()
    as_(client, person(sorted(MAY[act])[0], language="en"))
    before = plan.case.events.count()

    response = client.post(address(plan.case, act), values)

    assert response.status_code == 422
    assert make.plan_of(plan.case).state == plan.state
    assert plan.case.events.count() == before


def test_an_objection_is_recorded_on_the_page_and_the_next_version_begun(client):
    plan = make.answered()
    as_(client, make.clerk())

    client.post(address(plan.case, "decide"), {"decision": "object", "reason": f"太远 {HOSTILE}"})

    plan.refresh_from_db()
    assert plan.objection == f"太远 {HOSTILE}"
    page = client.get(f"{address(plan.case)}?round=1").content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("how", "field"), [("signature", "evidence"), ("tablet", "evidence"), ("call", "recording")]
)
def test_the_customers_word_is_shown_by_what_is_on_file(client, how, field):
    plan = make.answered()
    as_(client, person(Role.CLERK, language="en"))
    said = {"decision": "accept", "signed_name": "王小明", "how": how}
    photo = make.word()["evidence"]
    shown = {
        "evidence": SimpleUploadedFile(photo.name, photo.content, photo.content_type),
        "recording": "L2026-0417",
    }

    bare = client.post(address(plan.case, "decide"), said)
    assert bare.status_code == 422
    assert list(bare.context["form"].errors) == [field]
    with pytest.raises(Refused):
        services.accept(plan.step, by=make.clerk(), signed_name="王小明", how=how)
    assert (
        client.post(address(plan.case, "decide"), said | {field: shown[field]}).status_code == 302
    )

    kept = make.plan_of(plan.case)
    assert bool(kept.evidence) is (field == "evidence")
    page = client.get(address(plan.case)).content.decode()
    assert (kept.evidence.get_absolute_url() if kept.evidence else kept.recording) in page


def test_a_plan_that_ran_out_offers_no_acceptance_and_says_so(client):
    plan = make.answered()
    with time_machine.travel(timezone.now() + timedelta(days=100)):
        as_(client, person(Role.CLERK, language="en"))
        page = client.get(address(plan.case, "decide"))
        sent = client.post(address(plan.case, "decide"), ACTS["decide"])

    assert (page.status_code, sent.status_code) == (409, 422)
    assert "it must be answered anew" in str(sent.context["form"].errors)
    assert "form" not in page.context
    assert "it must be answered anew" in page.content.decode()
    assert make.plan_of(plan.case).state == "answered"


def test_the_page_of_an_extension_shows_the_new_end(client):
    plan = make.ending()
    as_(client, person(Role.PLANNER))

    page = client.get(address(plan.case, "extend")).content.decode()

    assert f"{services.months_later(plan.valid_until, 3):%Y-%m-%d}" in page


def test_what_the_approver_wants_changed_stands_on_the_planners_page(client, planner):
    plan = make.submitted()
    services.give_back(plan.step, by=make.approver(), reason="计量方式不符")

    page = client.get(address(plan.case)).content.decode()

    assert "计量方式不符" in page


# The case page ----------------------------------------------------------------------------------


def buttons(client, case) -> set[str]:
    page = client.get(f"{case.get_absolute_url()}?step={make.step_of(case).pk}").content.decode()
    return {name for name in ACTS if address(case, name) in page}


def test_the_panel_offers_each_person_what_they_can_do_now(client):
    plan = make.submitted()
    as_(client, make.approver())
    assert buttons(client, plan.case) == {"approve", "give_back"}
    as_(client, make.planner(language="en"))
    assert buttons(client, plan.case) == set()
    page = client.get(f"{plan.case.get_absolute_url()}?step={plan.step.pk}").content.decode()
    assert "Waits for: Plan approver" in page

    services.approve(plan.step, by=make.approver())
    assert "answer" in buttons(client, plan.case)
    services.answer(plan.step, by=make.clerk(), how="counter")
    assert buttons(client, plan.case) == {"decide"}
    with time_machine.travel(timezone.now() + timedelta(days=60)):
        as_(client, make.planner(language="en"))
        assert {"decide", "extend"} <= buttons(client, plan.case)
    with time_machine.travel(timezone.now() + timedelta(days=100)):
        as_(client, make.planner(language="en"))
        assert buttons(client, plan.case) == {"extend"}
    as_(client, make.clerk())
    assert "extend" not in buttons(client, plan.case)


def test_the_pages_ask_the_database_the_same_however_many_points_and_sources(client):
    one, two = make.factory(), make.dual()
    planner, approver = make.planner(), make.approver()

    def same(who, name: str = "") -> int:
        urls = [address(case, name) if name else case.get_absolute_url() for case in (one, two)]
        few, many = (queries(client, who, url) for url in urls)
        assert few == many, name
        return few

    counts = [same(planner, "plan")]
    make.submitted(one)
    make.submitted(two)
    counts += [same(planner, "plan"), same(planner), same(approver), same(approver, "approve")]
    assert max(counts) <= 15, counts


def test_the_panel_asks_the_same_few_questions(django_assert_num_queries):
    step, user = make.submitted(make.dual()).step, make.approver()
    assert user.roles
    assert step.case.unit

    with django_assert_num_queries(3):
        found = panel(step, user)
        assert found["plan"].causes
        assert [act.code for act in found["acts"]] == ["approve", "give_back"]


def test_the_customer_accepts_a_plan_and_the_counter_an_application(client):
    plan = make.accepted_plan()
    client.force_login(office.person(Role.AUDITOR, language="zh-hans"))

    page = client.get(address(plan.case)).content.decode()

    assert "<dt>客户已接受</dt>" in page
    assert "<dt>受理</dt>" not in page


def test_the_sources_of_a_broken_plan_are_judged_as_they_are_typed(planner):
    case = make.dual()
    data = shown(planner.get(address(case)))
    typed = {"total_kva": "", "sources-0-capacity_kva": "9", "sources-1-DELETE": "on"}

    response = planner.post(address(case), data | {"submit": "1", "property_boundary": ""} | typed)

    errors = response.context["form"].errors
    assert {"total_kva", "property_boundary"} <= {*errors}
    assert "two sources on different lines" in str(errors["__all__"])
    assert "main sources give" not in str(errors)
    mended = {"submit": "1", "property_boundary": "", "sources-0-capacity_kva": "9"}
    errors = planner.post(address(case), data | mended).context["form"].errors
    assert errors["total_kva"] == ["The main sources give 9 kVA; the plan needs 630.00 kVA."]


def test_a_broken_plan_hears_that_a_point_cannot_give_so_much(planner):
    case = make.dual()
    SourcePoint.objects.update(rated_kva=600, committed_kva=0, reserved_kva=0)
    data = shown(planner.get(address(case)))

    response = planner.post(address(case), data | {"submit": "1", "property_boundary": ""})

    assert "600" in str(response.context["form"].errors["__all__"])
    assert "are asked for" in str(response.context["form"].errors["__all__"])


def test_without_a_survey_a_broken_plan_says_so(planner):
    plan = Plan(step=make.step_of(make.dual()), survey=None)

    [reason] = services.unsound(plan, [], timezone.localdate())

    assert reason.messages == ["No plan without a signed survey that can supply."]
