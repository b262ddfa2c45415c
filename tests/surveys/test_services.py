"""The survey: what must be found, who must agree, what is kept."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from accounts.roles import Role
from documents import pdf
from documents.models import Paper
from surveys import services
from surveys.models import Candidate, Consent, Photo, SourcePoint, Survey, Visit
from tests import factories as people
from tests.surveys import factories
from tests.works.factories import picture
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case
from workflow.process import Kind, guards
from workflow.words import from_data

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def sign(case, **columns):
    step = factories.fresh(case)
    return services.sign(
        factories.filled(step, **columns), factories.loads(), by=factories.surveyor()
    )


def refusal(case, **columns) -> str:
    with pytest.raises(Refused) as refused:
        sign(case, **columns)
    return " | ".join(refused.value.messages)


def test_a_signed_survey_hands_the_case_to_planning_with_what_was_found():
    case = factories.at_survey()
    factories.candidate(case)

    step = sign(case, found_supply="own", line_works=True)

    case = Case.objects.get(pk=case.pk)
    survey = Survey.of(case)
    assert (step.state, step.outcome) == ("done", "can_supply")
    assert case.step(Kind.PLAN).state == "in_hand"
    assert (case.existing_supply, case.line_works) == ("own", True)
    assert survey.signed_by == factories.surveyor()
    assert survey.checked_kw == Decimal("7.6")
    assert [v.outcome for v in survey.visits.all()] == ["done"]
    assert case.events.filter(verb="survey_signed").count() == 1
    assert Paper.objects.filter(case=case, kind="survey").count() == 2


def test_who_surveyed_is_kept_for_the_separation_of_duties():
    case = factories.at_survey()
    factories.signed_survey(case)

    assert case.events.get(verb="survey_signed").actor == factories.surveyor()


def test_a_survey_needs_a_visit():
    case = factories.at_survey()
    factories.candidate(case)

    assert "Nobody has been on site yet." in refusal(case, on_site_at=None)


def test_what_is_not_filled_in_is_named():
    case = factories.at_survey()
    factories.candidate(case)

    told = refusal(case, found_supply="", meter_position="")

    assert "present supply found" in told
    assert "meter position" in told


def test_a_survey_needs_a_measured_point():
    case = factories.at_survey()
    factories.candidate(case, distance_m=None)

    assert "No source point is measured" in refusal(case)


def test_a_contested_supply_needs_a_choice_of_two_points():
    case = factories.contested()
    factories.candidate(case)
    assert "at least two source points" in refusal(case, found_supply="shared")

    factories.candidate(case, name="院内 2# 分支箱", rated_kva=100)
    assert sign(case, found_supply="shared").state == "done"


def test_a_supply_found_to_be_shared_needs_the_choice_too():
    case = factories.at_survey()
    factories.candidate(case)

    assert "at least two source points" in refusal(case, found_supply="shared")


def test_high_voltage_needs_two_different_surveyors():
    case = factories.at_survey(customer_class="hv_single", voltage="10kv", new_kva=400)
    factories.candidate(case)

    assert "two surveyors" in refusal(case)
    assert sign(case, second_surveyor=factories.second()).state == "in_hand"
    survey = Survey.objects.get(step__case=case)
    assert services.confirm(survey, by=factories.second()).state == "done"


@pytest.mark.parametrize("name", ["王小明", "李邻居"])
def test_who_is_said_to_have_signed_may_sign_and_it_is_shown(name):
    case = factories.at_survey()
    factories.candidate(case)
    assert "Nothing shows" in refusal(case, customer_signed_name=name)
    photo = Photo(subject=Photo.Subject.SIGNATURE)
    services.add_photo(photo, picture(), step=factories.fresh(case), by=factories.surveyor())

    if name == "李邻居":
        assert "On record: 王小明" in refusal(case, customer_signed_name=name)
    else:
        assert sign(case, customer_signed_name=name).state == "done"


def test_a_typed_name_is_never_printed_as_a_signature():
    case = factories.at_survey()
    factories.candidate(case)
    Survey.objects.filter(step__case=case).update(customer_signed_name="王小明")
    sheet = Survey.objects.get(step__case=case)
    paper = Paper(case=case, step=sheet.step, kind="survey", language="en", number="1")
    paper.issued_at = timezone.now()
    assert "Not signed; name given: 王小明" in pdf.html(paper)

    photo = Photo(subject=Photo.Subject.SIGNATURE)
    services.add_photo(photo, picture(), step=factories.fresh(case), by=factories.surveyor())

    shown = pdf.html(paper)
    assert "Not signed" not in shown
    assert "data:image/jpeg;base64," in shown
    assert pdf.to_pdf(shown).startswith(b"%PDF")


def test_the_second_surveyor_is_another_person():
    case = factories.at_survey()
    with pytest.raises(ValidationError, match="another person"):
        sign(case, second_surveyor=factories.surveyor())


def test_an_undecided_survey_is_not_signed():
    case = factories.at_survey()
    factories.candidate(case)

    assert "not decided" in refusal(case, can_supply=None)
    assert not Survey.objects.filter(signed_at__isnull=False).exists()


def test_without_a_workable_point_it_cannot_be_supplied():
    case = factories.at_survey()
    factories.candidate(case, workable=False, why_not="容量不足")

    assert "A · 人民路 2# 公变: 容量不足" in refusal(case)


def test_a_refused_co_user_and_no_other_point_stop_the_case_and_are_named():
    """DOMAIN section 1: the second wrong turn."""
    case = factories.contested()
    first = factories.candidate(case)
    factories.candidate(case, name="路东 14# 杆", rated_kva=50, workable=False, why_not="占路")
    factories.answered(factories.asked(first), "no")

    told = refusal(case, found_supply="shared")

    today = f"{timezone.localdate():%Y-%m-%d}"
    assert f"张建国 (Co-user of the supply) refuses since {today}" in told
    assert "占路" in told
    assert factories.fresh(case).state == "in_hand"
    assert Case.objects.get(pk=case.pk).step(Kind.PLAN).state == "waiting"


def test_an_unanswered_consent_stops_the_case_and_names_party_and_day():
    case = factories.at_survey()
    asked_on = timezone.localdate() - timedelta(days=8)
    factories.asked(factories.candidate(case), party="业委会", asked_on=asked_on)

    assert f"业委会 (Co-user of the supply) has not answered since {asked_on}" in refusal(case)


def test_a_party_not_reached_has_not_agreed():
    case = factories.at_survey()
    factories.answered(factories.asked(factories.candidate(case)), "not_reached")

    assert "was not reached" in refusal(case)


def test_a_consent_that_ended_does_not_stand():
    case = factories.at_survey()
    consent = factories.asked(
        factories.candidate(case), asked_on=timezone.localdate() - timedelta(days=9)
    )
    day = timezone.localdate() - timedelta(days=1)
    factories.answered(consent, "yes", on=day - timedelta(days=1), expires_on=day)

    assert f"ended on {day}" in refusal(case)


def test_a_point_that_needs_consent_is_not_free_while_nobody_was_asked():
    case = factories.at_survey()
    factories.candidate(case, consent_needed=True)

    assert "nobody has been asked" in refusal(case)


def test_with_consent_the_survey_is_signed():
    case = factories.at_survey()
    factories.answered(factories.asked(factories.candidate(case)), "yes")

    assert sign(case).state == "done"


def test_the_why_panel_names_who_is_waited_for_and_where_to_record_the_answer():
    case = factories.at_survey()
    consent = factories.asked(factories.candidate(case), party="业委会")

    finding = next(
        found
        for found in (guard.finding(factories.fresh(case)) for guard in guards(Kind.SURVEY))
        if "业委会" in str(found.what)
    )

    assert not finding.met
    assert "业委会" in str(finding.owes)
    assert finding.since == consent.asked_on
    assert finding.remedy[1].endswith(f"/survey/consents/{consent.pk}/")


def test_a_refusal_needs_options_and_goes_to_the_customer_in_writing():
    case = factories.at_survey()
    consent = factories.asked(factories.candidate(case))
    with pytest.raises(ValidationError, match="options"), transaction.atomic():
        factories.answered(consent, "no", options="")

    factories.answered(consent, "no")

    point = Candidate.objects.get()
    assert point.workable is False
    assert "张建国" in point.why_not
    paper = Paper.objects.filter(case=case, kind="refusal").first()
    assert "张建国" in from_data(paper.data["reason"])
    assert paper.data["closes"] is False
    assert "2# 分支箱" in pdf.html(paper)
    assert "2# 分支箱" in paper.data["options"]
    assert case.events.get(verb="consent_refused").data["options"] == paper.data["options"]


def test_a_refused_point_cannot_be_called_workable():
    case = factories.at_survey()
    point = factories.candidate(case)
    factories.answered(factories.asked(point), "no")

    point = Candidate.objects.get()
    point.workable = True
    with pytest.raises(Refused, match="张建国 refuses"):
        services.measure(point, step=factories.fresh(case), by=factories.surveyor())


def test_who_refused_can_be_asked_again():
    case = factories.at_survey()
    factories.answered(factories.asked(factories.candidate(case)), "no")
    point = Candidate.objects.get()
    factories.answered(factories.asked(point), "yes")
    point.workable, point.why_not = True, ""
    services.measure(point, step=factories.fresh(case), by=factories.surveyor())

    assert sign(case).state == "done"


def test_an_answer_is_given_once():
    consent = factories.asked(factories.candidate(factories.at_survey()))
    factories.answered(consent, "yes")

    with pytest.raises(Refused, match="answered already"):
        factories.answered(consent, "no")


def test_a_finding_that_it_cannot_be_supplied_must_be_explained_and_ends_nothing():
    case = factories.at_survey()
    assert "Say why" in refusal(case, can_supply=False)

    sign(case, can_supply=False, no_supply_reason="最近电源点 2 km，容量不足。")

    case = Case.objects.get(pk=case.pk)
    step = case.step(Kind.SURVEY)
    assert step.state == "in_hand"
    assert case.step(Kind.PLAN).state == "waiting"
    assert case.events.get(verb="survey_found_no_supply").note == "最近电源点 2 km，容量不足。"
    told = [str(guard.says(step)) for guard in guards(Kind.SURVEY) if not guard(step)]
    assert any("supervisor refuse the case" in line for line in told)
    moves.refuse(case, by=people.person(Role.APPROVER), reason="最近电源点 2 km，容量不足。")


def test_another_point_found_later_takes_the_finding_back():
    case = factories.at_survey()
    sign(case, can_supply=False, no_supply_reason="容量不足")
    factories.candidate(case)

    assert sign(case, can_supply=True).state == "done"
    assert Survey.of(case).no_supply_at is None


def test_nobody_says_that_it_cannot_be_supplied_without_having_been_there():
    case = factories.at_survey()

    told = refusal(case, can_supply=False, no_supply_reason="太远", on_site_at=None)

    assert "on site" in told
    assert not Survey.objects.filter(no_supply_at__isnull=False).exists()


def test_an_attempt_without_access_is_noted_with_its_evidence():
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        case = factories.at_survey()
    step = factories.fresh(case)
    at = timezone.now() - timedelta(hours=1)
    with pytest.raises(ValidationError, match="evidence"), transaction.atomic():
        services.attempt(Visit(at=at, outcome="no_access"), step=step, by=factories.surveyor())

    services.attempt(
        Visit(at=at, outcome="no_access", evidence="10:05 电话无人接"),
        step=step,
        by=factories.surveyor(),
    )

    assert Visit.objects.get().outcome == "no_access"
    assert case.events.get(verb="visit_failed").happened_at == at
    factories.candidate(case)
    assert "Nobody has been on site" in refusal(case, on_site_at=None)


@pytest.mark.parametrize("outcome", ["done", "no_access"])
def test_a_visit_cannot_lie_in_the_future(outcome):
    visit = Visit(at=timezone.now() + timedelta(days=1), outcome=outcome, evidence="x")
    with pytest.raises(Refused, match="future"):
        services.attempt(
            visit, step=factories.fresh(factories.at_survey()), by=factories.surveyor()
        )


def test_the_distance_from_the_declared_address_is_computed():
    case = factories.at_survey(longitude=Decimal("118.8"), latitude=Decimal("32.0591"))

    survey = services.save(factories.filled(factories.fresh(case)), [], by=factories.surveyor())

    assert survey.off_address_m == pytest.approx(100, abs=1)


def test_the_load_list_starts_from_the_application():
    survey, loads = services.draft_for(factories.fresh(factories.at_survey()))

    assert survey.pk is None
    assert sum(row.total_kw for row in loads) == Decimal("7.8")


def test_who_begins_a_sheet_has_claimed_the_step():
    case = factories.at_survey()
    factories.candidate(case)

    assert factories.fresh(case).owner == factories.surveyor()
    with pytest.raises(Refused):
        factories.candidate(case, by=factories.second())


def test_a_signed_survey_is_frozen():
    case = factories.at_survey()
    factories.signed_survey(case)

    with pytest.raises(Refused):
        factories.candidate(case)
    with pytest.raises(Refused):
        sign(case)


@pytest.mark.parametrize(
    "change", ["can_supply = false, signed_at = NULL, signed_by_id = NULL", "phase = 'three'"]
)
def test_the_database_itself_freezes_a_signed_survey(change):
    factories.signed_survey(factories.at_survey())

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE surveys_survey SET {change}")


def test_the_database_refuses_a_signature_under_a_site_that_cannot_be_supplied():
    case = factories.at_survey()
    survey = services.save(factories.filled(factories.fresh(case)), [], by=factories.surveyor())

    for can_supply in (None, False):
        with pytest.raises(IntegrityError), transaction.atomic():
            Survey.objects.filter(pk=survey.pk).update(
                can_supply=can_supply, signed_at=timezone.now(), signed_by=factories.surveyor()
            )


def test_a_new_round_takes_over_what_was_found_and_agreed():
    case = factories.at_survey()
    factories.answered(factories.asked(factories.candidate(case)), "yes")
    sign(case, meter_position="楼道表箱")
    case = Case.objects.get(pk=case.pk)
    moves.send_back(
        case.step(Kind.PLAN), by=people.person(Role.PLANNER), reason="距离未测", to=Kind.SURVEY
    )

    step = factories.fresh(case)
    survey = services.begin(step, by=factories.surveyor())

    assert step.round == 2
    assert survey.meter_position == "楼道表箱"
    assert survey.can_supply is None
    assert survey.signed_at is None
    assert survey.loads.count() == 2
    carried = Consent.objects.get(candidate__survey=survey)
    assert (carried.party, carried.answer) == ("张建国", "yes")
    assert carried.carried_from.candidate.survey.step.round == 1
    assert Candidate.objects.filter(survey__step__round=1).count() == 1
    assert Survey.of(case).step.round == 1


def test_a_meter_move_needs_a_survey_and_no_source_point():
    case = factories.at_survey(
        business_type="meter_move", existing_supply="own", account_number="1"
    )

    assert sign(case, found_supply="own").state == "done"


def test_open_capacity_is_reserved_and_given_back():
    point = factories.source_point()
    services.reserve(point, Decimal(40))
    with pytest.raises(Refused, match=r"6\.00 kVA open"):
        services.reserve(point, Decimal("6.01"))

    services.release(point, Decimal(40))
    assert SourcePoint.objects.get().open_kva == Decimal(46)
    services.reserve(point, Decimal(8))
    services.commit(point, Decimal(8))
    kept = SourcePoint.objects.get()
    assert (kept.reserved_kva, kept.committed_kva) == (0, 362)


@pytest.mark.parametrize("act", [services.release, services.commit, services.uncommit])
def test_capacity_that_the_point_does_not_show_is_not_moved_silently(act):
    point = factories.source_point(committed_kva=Decimal(1))

    with pytest.raises(Refused, match="catalogue does not show"):
        act(point, Decimal(2))


def test_the_catalogue_page_writes_only_what_was_changed_on_it(client):
    point = factories.source_point()
    client.force_login(people.person(username="root", is_staff=True, is_superuser=True))
    address = reverse("admin:surveys_sourcepoint_change", args=[point.pk])
    shown = client.get(address).context["adminform"].form.initial
    services.reserve(point, Decimal(6))

    with CaptureQueriesContext(connection) as asked:
        client.post(address, {k: v for k, v in shown.items() if v is not None} | {"pole": "14#"})

    [update] = [q["sql"] for q in asked if q["sql"].startswith('UPDATE "surveys_sourcepoint"')]
    assert "reserved_kva" not in update
    point.refresh_from_db()
    assert (point.pole, point.reserved_kva) == ("14#", 6)


def test_the_catalogue_gives_place_and_capacity_of_the_day():
    case = factories.at_survey()
    services.reserve(factories.source_point(), Decimal(6))

    point = factories.candidate(case)

    assert point.open_kva == Decimal(40)
    assert point.substation == "临湖变"
    assert point.label == "A"
    assert factories.candidate(case).label == "B"


def test_the_database_refuses_an_overbooked_point():
    factories.source_point()
    with pytest.raises(IntegrityError), transaction.atomic():
        SourcePoint.objects.update(committed_kva=401)
