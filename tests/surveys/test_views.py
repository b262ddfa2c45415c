"""The survey's pages, role by role, with good and bad input."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from documents.models import Paper
from surveys.models import Candidate, Consent, LoadItem, Survey, Visit
from tests import factories as people
from tests.surveys import factories
from workflow import moves
from workflow.models import Case
from workflow.process import Kind

pytestmark = pytest.mark.django_db
HOSTILE = "'\"><script>alert(1)</script>{{7*7}}\u202e😀"


@pytest.fixture
def case():
    return factories.at_survey()


@pytest.fixture
def surveyor(client):
    client.force_login(factories.surveyor(language="en"))
    return client


def address(case, name="survey", *args):
    return reverse(f"surveys:{name}", args=[case.number, *args])


def test_a_surveyor_walks_the_survey_through_its_pages(surveyor, case):
    point = factories.source_point()
    assert surveyor.get(address(case)).status_code == 200
    assert not Survey.objects.exists()
    surveyor.post(
        address(case, "point_new"),
        {"source_point": point.pk, "distance_m": "42", "workable": "True"},
    )

    response = surveyor.post(address(case), factories.posted())

    assert response.status_code == 302, response.context["form"].errors
    assert response["Location"] == case.get_absolute_url()
    survey = Survey.objects.get()
    assert survey.signed_at
    assert LoadItem.objects.get().total_kw == 3
    assert Case.objects.get(pk=case.pk).step(Kind.PLAN).state == "in_hand"
    assert "signed by" in surveyor.get(address(case)).content.decode()


@pytest.mark.parametrize(
    ("request_of", "two"),
    [({}, False), ({"customer_class": "hv_single", "voltage": "10kv", "new_kva": 400}, True)],
)
def test_what_the_signature_needs_carries_its_star(surveyor, request_of, two):
    form = surveyor.get(address(factories.at_survey(**request_of))).context["form"]

    starred = {name for name, field in form.fields.items() if getattr(field, "to_sign", False)}
    assert "can_supply" in starred
    assert ("second_surveyor" in starred) is two


def test_on_the_way_to_a_page_below_the_sheet_the_draft_is_kept(surveyor, case):
    below = address(case, "point_new")

    went = surveyor.post(address(case), factories.posted(save=below, meter_position="一楼"))
    abroad = surveyor.post(address(case), factories.posted(save="https://example.org/"))

    assert (went["Location"], abroad["Location"]) == (below, address(case))
    assert Survey.objects.get().meter_position


def test_a_draft_may_be_incomplete(surveyor, case):
    response = surveyor.post(
        address(case),
        factories.posted(save="1", found_supply="", can_supply=None, customer_signed_name=""),
    )

    assert response["Location"] == address(case)
    assert Survey.objects.get().signed_at is None
    assert "present supply found" in surveyor.get(address(case)).content.decode()


def test_a_refused_signature_says_why_writes_nothing_and_keeps_what_was_typed(surveyor, case):
    response = surveyor.post(address(case), factories.posted(meter_position="三楼东侧"))

    assert response.status_code == 200
    errors = str(response.context["form"].non_field_errors())
    assert "No source point is measured" in errors
    assert "三楼东侧" in response.content.decode()
    assert not Survey.objects.exists()
    assert case.events.filter(verb="claimed").count() == 0


def test_a_site_that_cannot_be_supplied_stays_with_the_surveyor_and_says_what_to_do(surveyor, case):
    response = surveyor.post(address(case), factories.posted(can_supply="False"))
    assert "no_supply_reason" in response.context["form"].errors

    surveyor.post(address(case), factories.posted(can_supply="False", no_supply_reason="无电源点"))

    page = surveyor.get(case.get_absolute_url()).content.decode()
    assert "无电源点" in page
    assert "let the supervisor refuse" in page
    assert factories.fresh(case).state == "in_hand"


def test_consent_is_asked_answered_and_shown(surveyor, case):
    point = factories.candidate(case)
    surveyor.post(
        address(case, "consent_new", point.pk),
        {
            "party_kind": "owners",
            "party": "业委会 王主任",
            "subject": "院内布线",
            "asked_on": f"{timezone.localdate()}",
            "asked_how": "letter",
        },
    )
    consent = Consent.objects.get()
    page = surveyor.get(case.get_absolute_url()).content.decode()
    assert "业委会 王主任" in page
    assert "not answered" in page

    refused = {"answer": "no", "on": f"{timezone.localdate()}", "words": "不同意"}
    response = surveyor.post(address(case, "answer", consent.pk), refused)
    assert "options" in response.context["form"].errors
    response = surveyor.post(
        address(case, "answer", consent.pk),
        {**refused, "options": "走路东", "paper": factories.upload(factories.jpeg())},
    )

    assert response.status_code == 302
    consent.refresh_from_db()
    assert (consent.answer, consent.paper_type) == ("no", "image/jpeg")
    assert Paper.objects.filter(kind="refusal").count() == 2
    paper = surveyor.get(address(case, "consent_paper", consent.pk))
    assert paper["X-Content-Type-Options"] == "nosniff"
    assert paper.getvalue().startswith(b"\xff\xd8")
    assert "Refuses" in surveyor.get(address(case)).content.decode()


def test_a_failed_visit_is_noted_on_its_own_page(surveyor, case):
    at = timezone.localtime().strftime("%Y-%m-%dT00:00")
    form = {"at": at, "outcome": "no_access", "evidence": ""}
    response = surveyor.post(address(case, "visit_new"), form)
    assert response.status_code == 200
    assert not Visit.objects.exists()

    surveyor.post(address(case, "visit_new"), {**form, "evidence": "门锁，电话未接"})

    assert Visit.objects.get().evidence == "门锁，电话未接"
    assert "门锁，电话未接" in surveyor.get(case.get_absolute_url()).content.decode()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.SURVEYOR])
def test_others_read_and_cannot_write(client, case, role):
    point = factories.candidate(case)
    consent = factories.asked(point)
    client.force_login(people.person(role))

    assert client.get(address(case)).status_code == 200
    assert client.get(address(case, "answer", consent.pk)).status_code == 200
    assert client.post(address(case), factories.posted()).status_code == 403
    assert client.post(address(case, "answer", consent.pk), {"answer": "yes"}).status_code == 403
    for name, *args in (
        ("visit_new",),
        ("point_new",),
        ("point", point.pk),
        ("consent_new", point.pk),
        ("photo_new",),
    ):
        assert client.get(address(case, name, *args)).status_code == 403


def test_another_unit_finds_nothing(client, case):
    client.force_login(people.person(Role.SURVEYOR, at="bhxc"))
    for name in ("survey", "visit_new", "point_new", "photo_new"):
        assert client.get(address(case, name)).status_code == 404
        assert client.post(address(case, name)).status_code == 404


def test_a_colleague_sees_who_has_the_survey(client, case):
    factories.candidate(case)
    client.force_login(people.person(Role.SURVEYOR, username="other", language="en"))

    page = client.get(address(case)).content.decode()

    assert "has this step" in page
    assert 'name="on_site_at"' not in page


def test_things_of_another_case_are_not_found_under_this_one(surveyor, case):
    other = factories.at_survey(phone="13911112222", id_number="32010219851106441X", room="9")
    point = factories.candidate(other)
    consent = factories.asked(point)

    for name, pk in (
        ("point", point.pk),
        ("consent_new", point.pk),
        ("answer", consent.pk),
        ("consent_paper", consent.pk),
    ):
        assert surveyor.get(address(case, name, pk)).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("on_site_at", "tomorrow"),
        ("on_site_at", "2999-01-01T10:00"),
        ("surveyor", "999999"),
        ("second_surveyor", "x"),
        ("longitude", "200"),
        ("latitude", "-91"),
        ("accuracy_m", "-1"),
        ("accuracy_m", "1e99"),
        ("found_supply", "stolen"),
        ("load_grade", "4"),
        ("phase", "two"),
        ("meter_position", "长" * 10_000),
        ("meter_position", "a\x00b"),
        ("box_slots", "NaN"),
        ("box_slots_free", "7"),
        ("safety_remarks", "x" * 10_000),
        ("can_supply", "maybe"),
        ("customer_signed_name", "长" * 61),
        ("loads-0-unit_kw", "-1"),
        ("loads-0-quantity", "0"),
        ("loads-0-name", "长" * 81),
        ("loads-TOTAL_FORMS", "x"),
        ("loads-TOTAL_FORMS", "5000"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(surveyor, case, field, value):
    response = surveyor.post(
        address(case),
        factories.posted(**{"save": "1", "co_users": "留着", field: value}),
    )

    assert response.status_code == 200
    assert "留着" in response.content.decode()
    assert not Survey.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("distance_m", "-1"),
        ("rated_kva", "NaN"),
        ("rated_kva", "-5"),
        ("committed_kva", "500"),
        ("cost_yuan", "1e30"),
        ("works_days", "99999"),
        ("name", "长" * 81),
        ("works", "x\x00"),
        ("voltage", "500kv"),
        ("source_point", "77777"),
        ("workable", "False"),
    ],
)
def test_a_bad_source_point_is_told_and_not_written(surveyor, case, field, value):
    good = {"name": "14# 杆", "rated_kva": "100", "distance_m": "9", "workable": "True"}

    response = surveyor.post(address(case, "point_new"), {**good, field: value})

    assert response.status_code == 200
    assert response.context["form"].errors
    assert not Candidate.objects.exists()


def test_hostile_words_are_shown_as_words(surveyor, case):
    surveyor.post(address(case), factories.posted(save="1", co_users=HOSTILE))
    factories.candidate(case, name=HOSTILE, rated_kva=10)

    for page in (address(case), case.get_absolute_url()):
        content = surveyor.get(page).content.decode()
        assert "<script>alert" not in content
        assert "&lt;script&gt;" in content


def test_an_unknown_case_is_not_found(surveyor):
    assert surveyor.get(reverse("surveys:survey", args=["2026-999999"])).status_code == 404


def test_the_pages_cost_the_same_however_much_hangs_on_the_survey(
    surveyor, case, django_assert_max_num_queries
):
    for n in range(4):
        factories.answered(factories.asked(factories.candidate(case), party=f"户 {n}"), "yes")

    # Fifteen and the two of the savepoint that only the test causes.
    with django_assert_max_num_queries(17):
        surveyor.get(address(case))
    step = factories.fresh(case)
    from surveys.panel import panel

    user = factories.surveyor()
    assert user.roles
    with django_assert_max_num_queries(8):
        panel(step, user)


def test_the_second_round_shows_what_the_first_found(surveyor, case):
    factories.signed_survey(case)
    moves.send_back(
        Case.objects.get(pk=case.pk).step(Kind.PLAN),
        by=people.person(Role.PLANNER),
        reason="未测",
        to=Kind.SURVEY,
    )

    page = surveyor.get(address(case)).content.decode()

    assert "单元表箱" in page
    assert surveyor.get(address(case) + "?round=1").status_code == 200
