import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from applications import guards, panel, services
from applications.models import Application, Contact, Equipment
from tests import factories
from tests.applications.factories import ZHAO, accepted, draft, rows, shared, sheet
from tests.factories import person
from workflow import moves, process
from workflow.guards import Refused
from workflow.models import Alert, Case, Subject
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def test_case_and_sheet_stand_or_fall_together():
    with pytest.raises(IntegrityError), transaction.atomic():
        services.open_draft(sheet(sources_wanted=9), by=person(Role.CLERK))

    assert not Case.objects.exists()


def test_only_a_clerk_opens_a_case():
    with pytest.raises(Refused):
        services.open_draft(sheet(), by=person(Role.PLANNER))
    assert not Application.objects.exists()


def test_the_case_carries_what_the_sheet_says():
    case = draft(shared(importance="second"))

    assert case.existing_supply == "shared"
    assert case.disputed
    assert case.is_contested
    assert case.importance == "second"
    assert case.business_type == "separation"
    assert case.capacity_kva == 8


def test_intake_without_the_present_supply_is_refused_and_explained():
    case = draft(sheet(existing_supply=""))
    step = case.step(Kind.APPLICATION)

    with pytest.raises(Refused, match=r"."):
        services.accept(step, by=person(Role.CLERK), papers={"id"})

    open_findings = [g.finding(step) for g in guards.GUARDS[Kind.APPLICATION] if not g(step)]
    assert [str(f.what) for f in open_findings] == [
        str(guards.GUARDS[Kind.APPLICATION][0].reason),
        str(guards.GUARDS[Kind.APPLICATION][1].reason),
    ]
    assert open_findings[0].remedy[1] == step.get_absolute_url()
    assert Case.objects.get().accepted_at is None
    assert Application.objects.get().accepted_at is None


def test_the_door_itself_refuses_to_finish_without_a_sheet():
    opened = factories.case()

    with pytest.raises(Refused):
        moves.finish(opened.step(Kind.APPLICATION), by=opened.owner)


def test_the_database_refuses_an_accepted_sheet_without_the_present_supply():
    application = Application.of(draft(sheet(existing_supply="")))

    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(accepted_at=timezone.now())


@pytest.mark.parametrize("columns", [{"shared_account": ""}, {"co_users": ""}, {"disputed": None}])
def test_the_database_refuses_an_accepted_shared_supply_that_is_not_described(columns):
    application = Application.of(draft(shared(**columns)))

    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(accepted_at=timezone.now())


@pytest.mark.parametrize(
    "columns",
    [
        {"existing_kw": -1},
        {"new_kva": -1},
        {"sources_wanted": 5},
        {"longitude": 181},
        {"latitude": 91},
        {"temporary_from": date(2026, 2, 1), "temporary_to": date(2026, 1, 1)},
    ],
)
def test_the_database_refuses_impossible_figures(columns):
    application = Application.of(draft())

    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(**columns)


@pytest.mark.parametrize("columns", [{"quantity": 0}, {"unit_kw": -1}])
def test_the_database_refuses_impossible_equipment(columns):
    draft()

    with pytest.raises(IntegrityError), transaction.atomic():
        Equipment.objects.update(**columns)


def test_a_signed_sheet_is_frozen():
    case = accepted()
    application = Application.of(case)
    application.customer_name = "陈美玲"

    with pytest.raises(Refused):
        services.save_draft(case.step(Kind.APPLICATION), application, by=person(Role.CLERK))
    assert Application.of(case).customer_name == "王小明"


def test_pressing_accept_twice_is_a_clean_refusal():
    case = accepted()

    with pytest.raises(Refused):
        services.accept(case.step(Kind.APPLICATION), by=person(Role.CLERK))
    assert case.events.filter(verb="application_accepted").count() == 1


def test_another_clerk_may_not_accept_the_draft_of_a_colleague():
    case = draft()

    with pytest.raises(Refused):
        services.accept(
            case.step(Kind.APPLICATION), by=person(Role.CLERK, username="other"), papers={"id"}
        )


def test_a_request_entered_late_starts_its_limits_when_it_was_taken():
    taken = timezone.now() - timedelta(days=10)

    case = accepted(at=taken)

    assert case.accepted_at == taken
    assert Application.of(case).accepted_at == taken
    assert case.events.get(verb="application_accepted").entered_late


@pytest.mark.parametrize(
    ("columns", "count"),
    [
        ({}, 1),
        ({"id_number": ZHAO}, 1),
        ({"id_number": ZHAO, "phone": "13811112222"}, 1),
        ({"id_number": ZHAO, "phone": "13811112222", "room": "3-202"}, 0),
        ({"id_number": ZHAO, "phone": "139-0000-4217", "room": "3-202"}, 1),
        ({"id_number": ZHAO, "phone": "13811112222", "street": "人民路８号院"}, 1),
    ],
)
def test_a_duplicate_is_known_by_number_phone_or_address(columns, count):
    draft()

    assert len(services.duplicates(sheet(**columns).computed(), person(Role.CLERK).unit)) == count


def test_a_duplicate_is_known_by_the_shared_account():
    draft(shared())
    other = shared(
        id_number=ZHAO, phone="13811112222", room="3-101", shared_account="03120045871"
    ).computed()

    (found,) = services.duplicates(other, person(Role.CLERK).unit)
    assert len(list(other.same_as(found))) == 1


def test_closed_and_foreign_cases_are_no_duplicates():
    case = draft()
    far = person(Role.CLERK, at="bhxc")
    assert services.duplicates(sheet().computed(), far.unit) == []

    moves.withdraw(case, by=person(Role.CLERK), reason="moved away")
    assert services.duplicates(sheet().computed(), person(Role.CLERK).unit) == []


def test_an_empty_sheet_resembles_nothing():
    draft(Application(customer_name="甲"))

    assert (
        services.duplicates(Application(customer_name="乙").computed(), person(Role.CLERK).unit)
        == []
    )


@pytest.mark.parametrize("column", Application.KEYS)
def test_duplicates_are_found_through_an_index(column):
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, Application._meta.db_table)

    assert any(c["index"] and c["columns"] == [column] for c in constraints.values())


def test_why_a_similar_case_is_another_must_be_said():
    accepted()
    case = draft()

    with pytest.raises(Refused):
        services.accept(case.step(Kind.APPLICATION), by=person(Role.CLERK), papers={"id"})
    application = Application.of(case)
    application.not_duplicate = "another flat"
    step = services.save_draft(application.step, application, by=person(Role.CLERK)).step
    assert services.accept(step, by=person(Role.CLERK), papers={"id"}).state == "done"


def test_a_new_round_begins_with_what_was_found_since():
    case = accepted(sheet(customer_class="lv_other"))
    case = moves.set_facts(case, by=None, customer_works=True)
    moves.send_back(
        case.step(Kind.SURVEY), by=person(Role.SURVEYOR), reason="wrong", to=Kind.APPLICATION
    )
    step = Case.objects.get().step(Kind.APPLICATION)

    application, equipment = services.draft_for(step)

    assert step.round == 2
    assert application.customer_works
    assert application.pk is None
    assert len(equipment) == 3


def test_the_panel_masks_the_number(django_assert_max_num_queries):
    step, reader = accepted().step(Kind.APPLICATION), person(Role.SURVEYOR)

    with django_assert_max_num_queries(3):
        context = panel.panel(step, reader)

    assert "**********" in context["application"].id_number
    assert str(context["equipment_kw"]) == "7.80"


def test_every_guard_of_the_room_is_known_to_the_process():
    assert process.guards(Kind.APPLICATION) == guards.GUARDS[Kind.APPLICATION]


# Contacts ---------------------------------------------------------------------------------------


def contact(case, *, days_ago=0, by=None, **columns):
    return services.note_contact(
        Contact(
            **{
                "summary": "告知进展",
                "at": timezone.now() - timedelta(days=days_ago),
                **columns,
            }
        ),
        case=case,
        by=by or person(Role.CLERK),
    )


def old_case():
    """Accepted thirty days ago, and nobody has called since."""
    return accepted(at=timezone.now() - timedelta(days=30))


@pytest.mark.parametrize(
    ("outcome", "resets"), [("reached", True), ("message", False), ("not_reached", False)]
)
def test_only_a_contact_where_both_spoke_sets_the_clock_back(outcome, resets):
    case = old_case()

    contact(case, outcome=outcome)

    spoken = timezone.localdate(Case.objects.get().last_contact_at)
    assert (spoken == timezone.localdate()) is resets
    event = case.events.filter(verb="contacted").get()
    assert event.data["two_way"] is resets
    assert event.note == "告知进展"


def test_a_contact_entered_late_does_not_hide_a_later_one():
    case = old_case()

    contact(case, days_ago=2)
    contact(case, days_ago=9)

    spoken = timezone.localdate(Case.objects.get().last_contact_at)
    assert spoken == timezone.localdate() - timedelta(days=2)


def test_a_contact_entered_late_does_not_make_the_case_look_older():
    case = old_case()
    before = Case.objects.get().last_action_at

    contact(case, days_ago=9)

    assert Case.objects.get().last_action_at == before


def test_speaking_moves_the_ladder_of_silence():
    case = old_case()
    before = Alert.objects.get(case=case, subject=Subject.SILENT).due_on

    contact(case)

    assert Alert.objects.get(case=case, subject=Subject.SILENT).due_on > before


@pytest.mark.parametrize("role", [r for r in Role if r != Role.AUDITOR])
def test_whoever_sees_the_case_may_note_a_contact(role):
    case = accepted()

    assert contact(case, by=person(role)).pk


@pytest.mark.parametrize(("role", "at"), [(Role.AUDITOR, "js"), (Role.CLERK, "bhxc")])
def test_auditors_and_strangers_may_not(role, at):
    case = accepted()

    with pytest.raises(Refused):
        contact(case, by=person(role, at=at))
    assert not Contact.objects.exists()


def test_a_contact_of_tomorrow_is_refused():
    case = accepted()

    with pytest.raises(Refused):
        contact(case, days_ago=-1)


def test_a_contact_of_before_the_case_is_refused_and_the_case_stays_readable(client):
    case = draft()
    contact = Contact(at=datetime(1, 1, 2, tzinfo=UTC), summary="电话", outcome="reached")

    with pytest.raises(Refused, match="before the day on which the case"), transaction.atomic():
        services.note_contact(contact, case=case, by=person(Role.CLERK))

    assert not case.contacts.exists()
    client.force_login(person(Role.CLERK))
    assert client.get(case.get_absolute_url()).status_code == 200


def test_the_database_refuses_a_contact_without_words():
    contact(accepted())

    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.update(summary="")


@pytest.mark.parametrize(
    ("promised", "answered", "missed"),
    [
        (-3, None, True),
        (-3, -1, True),
        (-3, -3, False),
        (-3, -5, False),
        (0, None, False),
        (3, None, False),
        (None, None, False),
    ],
)
def test_a_promise_is_missed_when_its_day_passed_without_reaching_the_customer(
    promised, answered, missed
):
    case, today = old_case(), timezone.localdate()
    promised_on = None if promised is None else today + timedelta(days=promised)
    contact(case, days_ago=8, promised_on=promised_on)
    contact(case, days_ago=7, outcome="not_reached")
    if answered is not None:
        contact(case, days_ago=-answered)

    first = panel.read(case.contacts.filter(at__lt=timezone.now() - timedelta(days=7, hours=1)))[0]

    assert first.is_missed is missed


def test_the_panel_shows_the_latest_five_in_one_query(django_assert_num_queries):
    case, reader = accepted(), person(Role.SURVEYOR)
    for n in range(7):
        contact(case, days_ago=0, summary=f"{n}")
    assert reader.roles

    with django_assert_num_queries(1):
        context = panel.contacts(case, reader)

    assert [c.summary for c in context["contacts"]] == ["6", "5", "4", "3", "2"]
    assert context["contact_count"] == 7
    assert context["contact_form"] is not None
    assert panel.contacts(case, person(Role.AUDITOR))["contact_form"] is None


# Two at once ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_get_two_numbers():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite writes one after the other")
    clerk, start, failed = person(Role.CLERK), threading.Barrier(6), []

    def press(n: int) -> None:
        try:
            start.wait()
            services.open_draft(sheet(customer_name=f"客户{n}"), rows(), by=clerk)
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(set(Case.objects.values_list("number", flat=True))) == 6
    assert Application.objects.count() == 6
