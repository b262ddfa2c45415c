"""What the office does with papers: the checklist, its debts, what is handed in, what is issued."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from kombu.exceptions import OperationalError
from PIL import Image

from accounts.roles import Role
from documents import debts, services, tasks
from documents.files import Checked
from documents.models import Attachment, Paper, PaperItem, Requirement
from tests.documents.factories import PDF, counter_case, papers_of, scan
from tests.factories import person
from tests.surveys.factories import jpeg
from workflow import clocks, moves, process
from workflow.guards import Refused
from workflow.models import Alert, Case, Subject
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def owed(case, code="title") -> PaperItem:
    return case.papers_owed.get(requirement__code=code)


def clerk():
    return person(Role.CLERK)


def supervisor():
    return person(Role.SUPERVISOR, at="lh")


def alerts(case):
    return Alert.objects.filter(case=case, subject=Subject.PAPER)


# The checklist ----------------------------------------------------------------------------------


def test_what_is_not_handed_in_is_a_dated_debt_on_the_ladder():
    case = counter_case()

    item = owed(case)
    assert item.state == PaperItem.State.OWED
    assert item.due_on == clocks.calendar().add(timezone.localdate(), 10)
    alert = alerts(case).get(ref=item.pk)
    assert alert.due_on == item.due_on
    assert case.papers_owed.get(requirement__code="id").state == PaperItem.State.RECEIVED


def test_nothing_starts_without_the_paper_that_is_needed_to_start():
    with pytest.raises(Refused, match="nothing can start"):
        counter_case(papers=("form",))


def test_what_is_missing_is_told_once_as_one_list_in_writing():
    case = counter_case()
    assert set(papers_of(case, "deficiency")) == {"zh-hans", "en"}
    told = papers_of(case, "deficiency")["en"].data["missing"]
    assert [row["paper"]["en"] for row in told] == ["Proof of ownership"]

    services.start_checklist(case, received=["id", "form"], without=["agent"], by=clerk())

    assert case.papers.filter(kind="deficiency").count() == 2


def test_who_hands_in_everything_gets_no_list_of_what_is_missing():
    case = counter_case(papers=("id", "form", "title"))

    assert papers_of(case, "deficiency") == {}
    assert not alerts(case).exists()


def test_a_debt_of_a_class_the_case_has_left_is_dropped():
    case = counter_case()
    case = moves.set_facts(case, by=None, customer_class="lv_other")

    services.start_checklist(case, received=["licence_lv_other", "form"], by=clerk())

    item = owed(case)
    assert item.state == PaperItem.State.WAIVED
    assert item.reason
    assert not alerts(case).filter(ref=item.pk).exists()


# Handing in -------------------------------------------------------------------------------------


def test_a_paper_handed_in_settles_its_debt_and_leaves_the_ladder():
    case = counter_case()

    item = services.receive(owed(case), by=clerk(), file=scan())

    assert item.state == PaperItem.State.RECEIVED
    assert item.attachment.sha256 == scan().sha256
    assert not alerts(case).exists()
    event = case.events.get(verb="paper_received")
    assert event.data["sha256"] == scan().sha256


def test_the_scan_of_a_listed_paper_is_named_in_the_readers_language():
    item = PaperItem.objects.owed().filter(case=counter_case()).first()

    services.receive(item, by=person(Role.CLERK), file=Checked(PDF, "application/pdf", "1.pdf"))

    kept = Attachment.objects.get(case=item.case)
    assert kept.title == item.requirement.label_en
    kept.save()
    with translation.override("zh-hans"):
        assert Attachment.objects.get(case=item.case).title == item.requirement.label_zh


def test_the_same_paper_is_not_taken_in_twice():
    case = counter_case()
    item = owed(case)
    services.receive(item, by=clerk())

    with pytest.raises(Refused, match="already"):
        services.receive(item, by=clerk())
    assert case.events.filter(verb="paper_received").count() == 1


def test_the_bytes_of_two_same_scans_are_stored_once():
    case = counter_case()
    first = services.attach(case, scan(), title="一", by=clerk())
    second = services.attach(case, scan(), title="二", by=clerk())

    assert first.file.name == second.file.name
    with default_storage.open(first.file.name) as file:
        assert file.read() == PDF


def test_a_part_left_by_a_writer_that_died_is_written_anew():
    path = f"received/{scan().sha256[:2]}/{scan().sha256}"
    default_storage.delete(path)
    default_storage.save(path, ContentFile(PDF[:10]))

    attachment = services.attach(counter_case(), scan(), title="证", by=clerk())

    with attachment.file.open() as file:
        assert file.read() == PDF


@pytest.mark.parametrize(
    ("roles", "at"), [([Role.AUDITOR], "js"), ([], "lhcd"), ([Role.CLERK], "bhxc")]
)
def test_who_only_looks_or_sits_elsewhere_takes_nothing_in(roles, at):
    stranger = person(*roles, at=at)
    case = counter_case()

    with pytest.raises(Refused):
        services.receive(owed(case), by=stranger)
    with pytest.raises(Refused):
        services.attach(case, scan(), title="x", by=stranger)
    with pytest.raises(Refused):
        services.waive(owed(case), by=stranger, reason="x")
    assert not Attachment.objects.exists()


# Waiving ----------------------------------------------------------------------------------------


def test_a_supervisor_decides_with_a_reason_that_a_paper_is_not_needed():
    case = counter_case()

    with pytest.raises(Refused):
        services.waive(owed(case), by=clerk(), reason="亲属关系")
    with pytest.raises(Refused, match="why"):
        services.waive(owed(case), by=supervisor(), reason="  ")
    services.waive(owed(case), by=supervisor(), reason="政府已核验")

    assert owed(case).state == PaperItem.State.WAIVED
    assert "政府已核验" in case.events.get(verb="paper_waived").note
    assert not alerts(case).exists()


def test_a_paper_handed_in_cannot_be_waived_away():
    case = counter_case()
    services.receive(owed(case), by=clerk(), file=scan())

    with pytest.raises(Refused):
        services.waive(owed(case), by=supervisor(), reason="x")
    assert owed(case).attachment is not None


def test_the_database_wants_a_date_on_a_debt_and_a_reason_for_a_waiver():
    case = counter_case()
    for change in ({"due_on": None}, {"state": "waived", "reason": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PaperItem.objects.filter(pk=owed(case).pk).update(**change)


# What a debt blocks -------------------------------------------------------------------------------


def waiting_contract(case: Case):
    """Only the condition matters here: any step of the kind that the paper blocks."""
    return case.step(Kind.CONTRACT)


def test_a_debt_blocks_the_step_that_the_list_names_and_says_which_paper():
    case = counter_case()
    step = waiting_contract(case)

    assert not debts.PAPERS_RECEIVED(step)
    finding = debts.PAPERS_RECEIVED.finding(step)
    assert finding.detail == "Proof of ownership"
    assert str(debts.PAPERS_RECEIVED.says(step)).endswith("the customer: Proof of ownership.")
    assert finding.owes == "王小明"
    assert finding.since == timezone.localdate()
    assert finding.remedy[1] == f"/cases/{case.number}/papers/"
    assert debts.PAPERS_RECEIVED(case.step(Kind.SURVEY))

    services.receive(owed(case), by=clerk())

    step = waiting_contract(Case.objects.get(pk=case.pk))
    assert debts.PAPERS_RECEIVED(step)
    assert debts.PAPERS_RECEIVED.finding(step).met


def test_the_fast_lane_lets_a_paper_follow_later_but_keeps_the_debt():
    case = counter_case()
    case = moves.ask_fast_lane(case, by=clerk(), grounds="信用 A 级")
    case = moves.approve_fast_lane(
        case, by=supervisor(), kinds=[Kind.FEES], until=timezone.localdate() + timedelta(days=30)
    )

    case = Case.objects.get(pk=case.pk)
    assert debts.PAPERS_RECEIVED(waiting_contract(case))
    assert debts.owed(case)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        step = waiting_contract(Case.objects.get(pk=case.pk))
        assert not debts.PAPERS_RECEIVED(step)
        assert debts.PAPERS_RECEIVED.finding(step).detail


def test_every_link_that_a_listed_paper_blocks_asks_for_it():
    blocked = set(Requirement.objects.exclude(blocks="").values_list("blocks", flat=True))

    assert blocked == {Kind.PLAN, Kind.CONTRACT, Kind.METER}
    for kind in blocked:
        assert debts.PAPERS_RECEIVED in process.guards(kind), kind


# Issuing ------------------------------------------------------------------------------------------


def test_a_paper_is_asked_for_in_both_languages_under_one_number():
    case = counter_case()

    receipts = papers_of(case, "receipt")
    assert set(receipts) == {"zh-hans", "en"}
    assert {p.number for p in receipts.values()} == {f"{case.number}-01-1"}
    assert len({p.code for p in receipts.values()}) == 2
    assert case.events.filter(verb="paper_issued", data__paper="receipt").count() == 1


def test_the_second_paper_of_a_kind_has_the_next_number():
    case = counter_case()

    again = services.issue(case, "receipt", by=clerk(), step=case.step(Kind.APPLICATION))

    assert {p.number for p in again} == {f"{case.number}-01-2"}


def test_what_a_receipt_says_is_decided_when_it_is_issued():
    case = counter_case()
    before = papers_of(case, "receipt")["en"].data

    services.receive(owed(case), by=clerk())
    Case.objects.filter(pk=case.pk).update(owner=person(Role.CLERK, username="other", name="他"))

    after = papers_of(case, "receipt")["en"].data
    assert after == before
    assert [row["paper"]["en"] for row in after["missing"]] == ["Proof of ownership"]
    assert after["accountable"] == {"name": "孙悦", "phone": "8800-2101"}


def test_with_the_broker_away_the_act_stands_and_the_paper_follows(
    monkeypatch, django_capture_on_commit_callbacks, caplog
):
    def gone(*args):
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.render, "delay", gone)

    with django_capture_on_commit_callbacks(execute=True):
        case = counter_case()
    assert "no broker" in caplog.text

    sent = []
    monkeypatch.setattr(tasks.render, "delay", sent.append)
    assert tasks.render_missing() == 0
    Paper.objects.update(issued_at=timezone.now() - timedelta(minutes=2))
    assert tasks.render_missing() == 4
    assert set(sent) == set(case.papers.values_list("pk", flat=True))


def test_a_refusal_goes_to_the_customer_in_writing():
    case = counter_case()
    reason = "500 米内没有可开放容量的电源点。"

    case = moves.refuse(case, by=supervisor(), reason=reason, options="改由 5 号公变供电")

    assert case.state == Case.State.REFUSED
    notice = papers_of(case, "refusal")["zh-hans"]
    assert notice.data["reason"] == reason
    assert notice.data["options"] == "改由 5 号公变供电"
    assert notice.data["closes"] is True


def test_a_refusal_that_is_itself_refused_issues_nothing():
    case = counter_case()

    with pytest.raises(Refused):
        moves.refuse(case, by=supervisor(), reason=" ")
    assert papers_of(case, "refusal") == {}


def test_a_picture_is_kept_without_what_it_says_of_place_and_device():
    case = counter_case()
    photo = Checked(jpeg(gps=True, taken="2026:06-01 10:00:00"), "image/jpeg", "现场.jpg")

    kept = services.attach(case, photo, title="电能表", by=person(Role.CLERK))

    with kept.file.open() as file, Image.open(file) as image:
        assert not image.getexif()
        assert image.size == (800, 600)


def test_a_damaged_picture_is_refused_and_nothing_is_kept():
    case = counter_case()
    half = Checked(jpeg(size=(3000, 2000))[:900], "image/jpeg", "半张.jpg")

    with pytest.raises(Refused):
        services.attach(case, half, title="电能表", by=person(Role.CLERK))

    assert not Attachment.objects.filter(case=case).exists()
