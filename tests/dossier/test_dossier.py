"""A complaint dossier holds the whole case, and proves itself without us."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from PIL import Image

from accounts.roles import Role
from applications import services as counter
from applications.models import Contact
from documents import services as documents
from documents.files import validate_upload
from dossier import archive, contents, pdf, services, tasks
from dossier.models import Dossier
from dossier.templatetags.dossier import masked
from tests.documents import factories as papers
from tests.dossier.factories import asked, made, short, unpacked
from tests.factories import person
from tests.plans import factories as plans
from tests.surveys import factories as surveys
from workflow import chain, clocks, moves
from workflow.guards import Refused
from workflow.models import Case, StopReason
from workflow.process import Kind

pytestmark = pytest.mark.django_db
ID_NUMBER = "320104199003070428"


def contact(case: Case, summary: str, outcome: str = "reached", days: int = 0) -> Contact:
    at = timezone.now() - timedelta(days=days)
    noted = Contact(summary=summary, outcome=outcome, at=at)
    return counter.note_contact(noted, case=case, by=person(Role.CLERK))


def rich() -> Case:
    """A case to which much has happened: objection, stop, hand-over, consent, files, contacts."""
    with time_machine.travel(timezone.now() - timedelta(days=4)):
        case = surveys.at_survey(street="人民路 9 号院", not_duplicate="另一户")
    point = surveys.candidate(case)
    surveys.answered(surveys.asked(point), "yes", paper=papers.scan())
    documents.attach(case, papers.scan(), title="产权证", by=person(Role.CLERK))
    contact(case, f"他说身份证号是 {ID_NUMBER}，要书面答复", days=3)
    contact(case, "留言：请回电", "message")
    moves.assign(
        surveys.fresh(case),
        person(Role.SURVEYOR, username="second"),
        by=person(Role.SUPERVISOR),
    )
    step = surveys.fresh(case)
    moves.stop(
        step,
        by=person(Role.SURVEYOR, username="second"),
        reason=StopReason.objects.first(),
        party="市政占路许可",
        evidence="申请号 2026-118",
        review_on=clocks.calendar().add(timezone.localdate(), 4),
    )
    moves.resume(surveys.fresh(case), by=person(Role.SUPERVISOR))
    return Case.objects.get(pk=case.pk)


def household(**columns: Any) -> Case:
    """A case just accepted, beside the one of the world."""
    return papers.counter_case(not_duplicate="另一户", **columns)


def verify(folder: Path, *words: str) -> subprocess.CompletedProcess:
    """The program in the zip, with nothing of ours around it."""
    return subprocess.run(
        [sys.executable, "-I", folder / "verify.py", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        check=False,
    )


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """One rich case and its dossier, unpacked; forgotten at the end."""
    from tests import world as house

    with django_db_blocker.unblock(), translation.override("en"), house.undone():
        case = rich()
        dossier = made(case)
        folder = unpacked(dossier, tmp_path_factory.mktemp("dossier"))
        yield case, dossier, folder


@pytest.fixture
def folder(world, tmp_path) -> Path:
    """A copy of one's own, to be tampered with."""
    return Path(shutil.copytree(world[2], tmp_path / "copy"))


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_every_event_stands_in_the_log_as_the_hash_covers_it(world):
    case, dossier, folder = world
    events = list(case.events.order_by("seq"))[: dossier.event_count]

    assert [row["hash"] for row in rows(folder)] == [event.hash for event in events]
    assert [row["data"] for row in rows(folder)] == [event.data for event in events]
    assert len(events) > 12


def test_the_paper_tells_every_event_contact_stop_and_file(world):
    case, dossier, folder = world
    with translation.override("en"):
        text = pdf.html(dossier, contents.read(case.number))

    for event in case.events.all():
        assert event.label in text
        assert f"{timezone.localtime(event.happened_at):%Y-%m-%d %H:%M}" in text
    for words in ("留言：请回电", "市政占路许可", "申请号 2026-118", "产权证", "Consents"):
        assert words in text, words
    for row in json.loads((folder / "manifest.json").read_text())["files"]:
        if row["what"] in ("paper", "received"):
            assert row["path"] in text
            assert re.sub(r"(.{16})(?=.)", r"\1<wbr>", row["sha256"]) in text
    assert (folder / "dossier.pdf").read_bytes().startswith(b"%PDF-1.7")


def test_every_paper_and_every_file_lies_in_it_byte_for_byte(world):
    case, _dossier, folder = world
    listed = {row["sha256"] for row in json.loads((folder / "manifest.json").read_text())["files"]}
    kept = [*case.papers.all(), *case.attachments.all()]

    assert len(kept) > 4
    for row in kept:
        assert row.sha256 in listed
    assert sum(1 for _ in (folder / "papers").iterdir()) == case.papers.count()
    # The deed, and the paper of the neighbour.
    assert sum(1 for _ in (folder / "received").iterdir()) == 2


def test_a_picture_lies_in_it_as_it_was_sent_and_as_it_is_shown(tmp_path):
    case = papers.counter_case(street="人民路 77 号", not_duplicate="另一户")
    content = papers.saved(Image.new("RGB", (64, 48)), exif=papers.odd_exif(6))
    sent = validate_upload(papers.upload(content, "现场.jpg"))
    attachment = documents.attach(case, sent, title="现场", by=person(Role.CLERK))
    folder = unpacked(made(case), tmp_path)
    rows = json.loads((folder / "manifest.json").read_text())["files"]

    [shown] = [row for row in rows if row["sha256"] == attachment.sha256]
    [as_sent] = [row for row in rows if row["sha256"] == hashlib.sha256(content).hexdigest()]
    assert (folder / as_sent["path"]).read_bytes() == content
    assert as_sent["event"] == shown["event"] is not None
    assert verify(folder).returncode == 0


def test_who_had_the_survey_when_is_derived_from_the_log(world):
    case = world[0]
    found = contents.read(case.number)
    step = case.step(Kind.SURVEY)

    spans = next(turns for of, turns in found.turns if of == step)

    assert [turn.name for turn in spans][-2:] == [surveys.surveyor().name, "second"]
    assert spans[-1].since == spans[-2].until
    assert spans[-1].event.verb == moves.ASSIGNED


def test_a_resident_id_is_masked_on_the_paper_and_nowhere_in_the_list(world):
    case, dossier, folder = world
    with translation.override("en"):
        text = pdf.html(dossier, contents.read(case.number))

    assert ID_NUMBER not in text
    assert "3201**********0428" in text
    assert ID_NUMBER not in (folder / "manifest.json").read_text()
    assert masked("A320104199003070428 12345678901234567890") == (
        "A320104199003070428 12345678901234567890"
    )
    assert masked("<32010419900307042x>") == "<3201**********042x>"


def test_the_program_in_it_says_ok(world):
    answer = verify(world[2])

    assert answer.stdout.startswith(f"ok: {world[1].event_count} events"), answer.stdout
    assert world[1].head in answer.stdout
    assert answer.returncode == 0
    assert verify(world[2], world[1].head).returncode == 0
    assert "not the one you were told" in verify(world[2], "0" * 64).stdout


@pytest.mark.parametrize("place", [0, 5, -1])
def test_one_sign_changed_in_an_event_is_named(folder, place):
    lines = (folder / "events.jsonl").read_bytes().splitlines(keepends=True)
    lines[place] = re.sub(rb'(happened_at": "20)2', rb"\g<1>3", lines[place])
    (folder / "events.jsonl").write_bytes(b"".join(lines))

    answer = verify(folder)

    number = place % len(lines) + 1
    assert f"events.jsonl, event {number}: was changed" in answer.stdout
    assert f"第 {number} 条记录" in answer.stdout
    assert answer.returncode == 1


def test_an_event_taken_out_or_cut_off_the_end_is_named(folder):
    path = folder / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)

    path.write_bytes(b"".join(lines[:4] + lines[5:]))
    assert "event 5: an event is missing before it" in verify(folder).stdout
    path.write_bytes(b"".join(lines[:-1]))
    assert f"ends at event {len(lines) - 1}, not at {len(lines)}" in verify(folder).stdout
    path.write_bytes(b"".join(lines[:2]) + b'{"nothing"\n' + b"".join(lines[3:]))
    assert "event 3: cannot be read" in verify(folder).stdout
    path.write_bytes(b"".join(lines).replace(b'": ', b'":  ', 1))
    assert "events.jsonl: was changed" in verify(folder).stdout


@pytest.mark.parametrize("name", ["received/0001.pdf", "dossier.pdf", "README.txt"])
def test_one_byte_changed_in_a_file_is_named(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))

    assert f"BROKEN: {name}: was changed" in verify(folder).stdout


def test_a_file_taken_out_put_in_or_exchanged_with_its_line_is_named(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    bound = next(row for row in manifest["files"] if row.get("event"))
    content = (folder / bound["path"]).read_bytes()

    (folder / "received" / "9999.pdf").write_bytes(b"forged")
    assert "received/9999.pdf: is not in the list" in verify(folder).stdout
    (folder / "received" / "9999.pdf").unlink()

    (folder / bound["path"]).write_bytes(b"other")
    bound["sha256"] = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert f"is not the file that event {bound['event']} names" in verify(folder).stdout

    (folder / bound["path"]).unlink()
    assert f"{bound['path']}: is missing" in verify(folder).stdout
    assert content


def test_the_checksum_of_the_zip_is_an_event_of_the_case(world):
    case, dossier, _folder = world
    event = case.events.get(verb=services.MADE)

    assert event.data["sha256"] == dossier.sha256
    assert event.actor == dossier.asked_by
    assert event.seq == dossier.event_count + 1
    assert chain.verify([case.number])[1] == ""


def test_a_file_gone_from_the_store_is_said_to_be_missing(tmp_path):
    case = household()
    kept = documents.attach(case, papers.scan(), title="产权证", by=person(Role.CLERK))
    default_storage.delete(kept.file.name)

    folder = unpacked(made(case), tmp_path)

    manifest = json.loads((folder / "manifest.json").read_text())
    assert [row["sha256"] for row in manifest["missing"]] == [kept.sha256]
    assert "已缺失: received/0001.pdf" in verify(folder).stdout
    assert verify(folder).returncode == 0


def test_a_dossier_is_made_once_and_in_the_language_of_who_asked():
    case = household()
    dossier = asked(case, language="zh-hans")
    assert asked(case) == dossier

    tasks.make(dossier.pk)
    before = case.dossiers.values().get()
    tasks.make(dossier.pk)
    with archive.written(dossier) as (file, events, head):
        assert not services.keep(dossier, file, events=events, head=head)

    assert case.dossiers.values().get() == before
    assert case.events.filter(verb=services.MADE).count() == 1
    assert asked(case) != dossier


def test_the_same_case_gives_the_same_bytes():
    case = household()
    dossier = asked(case)

    def content() -> bytes:
        with archive.written(dossier) as (file, _events, _head):
            file.seek(0)
            return file.read()

    assert content() == content()


def test_only_who_answers_for_a_case_or_audits_it_asks_for_its_dossier():
    case = household()

    for role in (Role.CLERK, Role.SURVEYOR, Role.CASHIER):
        with pytest.raises(Refused):
            services.ask(case, by=person(role), language="en")
    with pytest.raises(Refused):
        services.ask(case, by=person(Role.SUPERVISOR, at="bhxc"), language="en")
    assert services.ask(case, by=person(Role.AUDITOR), language="en")


def test_after_a_month_a_dossier_is_removed_and_its_checksum_stays(monkeypatch):
    case = household()
    old, new = short(case), short(household(street="人民路 2 号"))
    Dossier.objects.filter(pk=new.pk).update(file="dossiers/ff/other.zip")
    default_storage.save("dossiers/ff/other.zip", ContentFile(b"zip"))
    Dossier.objects.filter(pk=old.pk).update(asked_at=timezone.now() - timedelta(days=31))

    assert tasks.clear() == 1
    assert default_storage.exists(old.file.name), "a worker may just be writing it"
    monkeypatch.setattr(services, "SETTLED", timedelta(0))
    assert tasks.clear() == 0

    assert not default_storage.exists(old.file.name)
    assert default_storage.exists("dossiers/ff/other.zip")
    assert case.events.get(verb=services.MADE).data["sha256"] == old.sha256
    default_storage.delete("dossiers/ff/other.zip")


def test_the_count_of_queries_does_not_grow_with_the_case():
    case = surveys.at_survey(street="人民路 10 号院", not_duplicate="另一户")
    dossier = Dossier.objects.select_related("case", "asked_by").get(pk=asked(case).pk)

    def lengthen(mark: str) -> None:
        contact(Case.objects.get(pk=case.pk), mark)
        documents.attach(case, papers.scan(), title=mark, by=person(Role.CLERK))
        documents.issue(case, "receipt", by=person(Role.CLERK))
        point = surveys.asked(surveys.candidate(case, name=mark), party=mark)
        surveys.answered(point, "yes", paper=papers.scan())
        moves.record(case, "noted", by=person(Role.CLERK, username=mark), note=mark)
        moves.hand_over(surveys.fresh(case), by=surveys.surveyor())
        moves.take_back(surveys.fresh(case), by=surveys.surveyor())

    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            pdf.html(dossier, contents.read(case.number))
        return len(found)

    lengthen("first")
    before = count()
    for mark in "abcd":
        lengthen(mark)

    assert count() == before
    assert before <= 30


def test_plans_bills_and_payments_are_told_in_words():
    from tests.fees import factories as fees

    payment = fees.paid()
    case = payment.bill.step.case
    plans.Plan.objects.filter(step__case=case).update(remarks="")

    with translation.override("en"):
        text = pdf.html(asked(case), contents.read(case.number))

    assert "Version 1" in text
    assert f"¥{payment.amount:,.2f} received" in text
    assert payment.receipt_number in text
    assert "人民币" in text
