"""Applying on the web: kept page by page, sent once, and never more told than one's own."""

import re
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.roles import Role
from applications import services as applications
from applications.models import Application
from documents.models import Attachment, Original, PaperItem
from public import drafts
from public.models import Draft, DraftFile, Guess
from public.services import FROM_ONE_ADDRESS, WINDOW
from tests.applications.factories import WANG, ZHAO, accepted, posted, sheet
from tests.documents.factories import PDF, odd_exif, picture, saved, upload
from tests.factories import person, unit
from tests.public.applying import DEMAND, PERSON, PLACE, begun, filled, photo
from workflow import moves
from workflow.guards import Refused
from workflow.models import Case, Event, Step
from workflow.process import Kind

pytestmark = pytest.mark.django_db


def send(client: Client):
    return client.post("/apply/check/", {"send": "1"})


def text(response) -> str:
    return response.content.decode()


def test_an_application_that_was_sent_waits_for_a_clerk(client):
    filled(client, remarks="请先电话联系")

    response = send(client)

    case = Case.objects.get()
    step = case.step(Kind.APPLICATION)
    assert response.url == "/apply/sent/"
    assert (step.state, step.owner, step.application.channel) == (Step.State.IN_HAND, None, "web")
    assert case.owner == person(Role.SUPERVISOR)
    assert (step.application.taken_by, step.application.remarks) == (None, "请先电话联系")
    assert Event.objects.filter(case=case).first().who == "Customer"


def test_the_page_after_sending_tells_number_code_who_and_by_when(client):
    filled(client)

    page = text(client.get(send(client).url))

    case = Case.objects.get()
    code = applications.code_of(case)
    due = case.step(Kind.APPLICATION).due_on
    for told in (case.number, code.grouped, code.url.split("/", 3)[3], str(due), case.unit.name):
        assert told in page


def test_the_clerk_accepts_it_on_the_same_sheet(client):
    filled(client)
    send(client)
    case = Case.objects.get()
    clerk = person(Role.CLERK)
    desk = Client()
    desk.force_login(clerk)
    step = case.step(Kind.APPLICATION)

    page = desk.get(step.get_absolute_url())
    assert text(page).count("王小明")
    desk.post(
        step.get_absolute_url(),
        posted("accept", channel="counter", edition=str(step.sheet_edition), paper=("id", "form")),
    )

    kept = Application.objects.get()
    assert (kept.accepted_by, kept.channel) == (clerk, "web")
    owed = PaperItem.objects.filter(case=case, state="owed")
    assert {item.requirement.code for item in owed} == {"title"}
    assert owed.get().due_on > timezone.localdate()


def test_the_photo_of_a_paper_comes_to_the_case_and_leaves_the_draft(client):
    draft = filled(client)
    path = draft.files.get().file.name

    send(client)

    attachment = Attachment.objects.get()
    assert attachment.case == Case.objects.get()
    assert attachment.uploaded_by is None
    assert default_storage.exists(attachment.file.name)
    assert not DraftFile.objects.exists()
    assert Application.objects.get().papers == ["id"]
    assert path.startswith("drafts/")


def test_sent_twice_it_is_one_case(client):
    draft = filled(client)
    send(client)
    send(client)

    assert drafts.send(draft) == Case.objects.get()
    assert client.post("/apply/place/", PLACE | {"street": "别处"}).url == "/apply/sent/"
    assert Application.objects.get().street == PLACE["street"]


def test_what_is_wrong_is_kept_as_it_was_typed(client):
    draft = begun(client)

    response = client.post("/apply/person/", PERSON | {"id_number": "123", "phone": "five"})

    draft.refresh_from_db()
    assert (draft.typed["id_number"], draft.typed["phone"]) == ("123", "five")
    assert "Kept, but not right yet" in text(response)
    again = text(client.get("/apply/person/"))
    assert 'value="123"' in again
    assert 'value="five"' in again


def test_going_back_and_changing_the_language_lose_nothing(client):
    draft = begun(client)

    back = client.post("/apply/person/", {"customer_name": "李", "back": "1"})
    language = client.post("/apply/demand/", {"new_kw": "7", "language": "zh-hans"})

    draft.refresh_from_db()
    assert back.url == "/apply/place/"
    assert (language.url, client.cookies["language"].value) == ("/apply/demand/", "zh-hans")
    assert (draft.typed["customer_name"], draft.typed["new_kw"]) == ("李", "7")


def test_the_present_supply_is_asked_before_anything_is_sent(client):
    filled(client, existing_supply="")

    response = send(client)

    assert "How is the place supplied today?: Please answer this." in text(response)
    assert not Case.objects.exists()


def test_a_shared_meter_is_asked_for_its_account_and_the_others(client):
    filled(client, existing_supply="shared", business_type="separation")

    page = text(client.get("/apply/check/"))

    for question in ("Number of the shared account", "Who uses the same meter?", "Do you disagree"):
        assert question in page
    page = text(client.get("/apply/place/"))
    assert "Please answer this." in page
    assert "How is the place supplied today?" in page


def test_one_identity_paper_is_enough_and_none_is_not(client):
    draft = filled(client)
    drafts.drop_file(draft, "id")

    page = text(send(client))

    assert "a photo is enough to begin" in page
    assert not Case.objects.exists()
    client.post("/apply/papers/", {"id": photo()})
    assert send(client).url == "/apply/sent/"


def test_papers_that_may_follow_are_told_with_their_days(client):
    filled(client)

    page = text(client.get("/apply/check/"))

    assert "Proof of ownership" in page
    assert "to follow within 10 working days" in page
    assert "Agent" not in page


def test_a_file_that_is_none_is_refused_and_the_sound_one_kept(client):
    draft = begun(client)
    client.post("/apply/place/", PLACE)

    page = client.post(
        "/apply/papers/",
        {"id": photo(), "title": upload(b"<script>alert(1)</script>", "x.pdf"), "form": ""},
    )

    assert "By its content this is a web page" in text(page)
    assert [file.requirement for file in draft.files.all()] == ["id"]


def test_an_odd_photo_is_kept_and_a_cut_one_says_so_without_costing_it(client):
    draft = begun(client)
    client.post("/apply/place/", PLACE)
    odd = saved(Image.new("RGB", (7, 5)), exif=odd_exif(6))

    page = client.post(
        "/apply/papers/", {"id": photo(content=odd), "title": photo(content=picture()[:4000])}
    )

    assert "cut off" in text(page)
    assert [file.requirement for file in draft.files.all()] == ["id"]


def test_a_photo_shows_nothing_of_place_and_device_and_is_kept_as_it_was_sent(client):
    filled(client)
    exif = Image.Exif()
    exif[0x010F] = "Spy phone"
    sent = picture(exif=exif)
    client.post("/apply/papers/", {"id": photo(content=sent)})

    send(client)

    kept = Attachment.objects.get()
    with kept.file.open("rb") as shown:
        assert b"Spy phone" not in shown.read()
    original = Original.objects.get(sha256=kept.original_sha256)
    with original.file.open("rb") as file:
        assert file.read() == sent


def test_a_newer_photo_replaces_the_older_and_can_be_taken_back(client):
    draft = begun(client)
    client.post("/apply/papers/", {"id": photo()})
    client.post("/apply/papers/", {"id": upload(PDF, "id.pdf")})
    assert draft.files.get().content_type == "application/pdf"

    client.post("/apply/papers/", {"drop": "id"})

    assert not draft.files.exists()


def test_without_a_power_the_appliances_are_added_up(client):
    filled(client, new_kw="")

    send(client)

    assert Application.objects.get().new_kw == 3
    assert Application.objects.get().equipment.get().name == "空调"


def test_more_rows_are_given_when_asked_for_and_what_stands_in_them_stays(client):
    draft = begun(client)

    client.post("/apply/demand/", DEMAND | {"more": "1"})

    page = text(client.get("/apply/demand/"))
    assert "equipment-5-name" in page
    assert "equipment-6-name" not in page
    assert 'value="空调"' in page
    draft.refresh_from_db()
    assert draft.typed["equipment-0-unit_kw"] == "1.5"


def test_a_factory_is_asked_for_its_transformer_and_gets_its_voltage(client):
    filled(
        client,
        customer_class="hv_dual",
        customer_type="company",
        id_type="credit_code",
        id_number="91320102MA1MK8KE58",
        contact_name="李",
        legal_representative="王",
        new_kva="800",
    )
    client.post("/apply/papers/", {"licence_hv_dual": photo()})

    assert send(client).url == "/apply/sent/"
    kept = Application.objects.get()
    assert (kept.voltage, kept.sources_wanted, kept.category) == ("10kv", 2, "commercial")
    assert "Transformer capacity you need" not in text(Client().get("/apply/"))


def test_another_device_goes_on_by_the_code(client):
    draft = filled(client)
    other = Client()

    typed = drafts.Draft.objects.get(pk=draft.pk).grouped.lower()
    response = other.post("/apply/resume/", {"code": f" {typed} "})

    assert response.url == "/apply/check/"
    assert "王小明" in text(other.get("/apply/check/"))


def test_an_application_is_not_read_without_its_code(client):
    filled(client)

    for page in ("place", "person", "demand", "papers", "check", "sent"):
        assert Client().get(f"/apply/{page}/").url == "/apply/"


def test_who_guesses_codes_waits_and_then_is_heard_again(client):
    draft = filled(client)
    guesser = Client()
    for _try in range(FROM_ONE_ADDRESS):
        assert guesser.post("/apply/resume/", {"code": "ABCD-EFGH-JKMN"}).status_code == 200

    refused = guesser.post("/apply/resume/", {"code": draft.code})

    assert refused.status_code == 429
    assert "Try again in 15 minutes" in text(refused)
    Guess.objects.update(at=timezone.now() - WINDOW)
    assert guesser.post("/apply/resume/", {"code": draft.code}).status_code == 302


def test_machines_do_not_begin_applications_without_end(client):
    for _one in range(drafts.BEGUN_AT_MOST):
        client.post("/apply/", {"begin": "1"}, REMOTE_ADDR="203.0.113.9")

    response = client.post("/apply/", {"begin": "1"}, REMOTE_ADDR="203.0.113.9")

    assert response.status_code == 429
    assert client.post("/apply/", {"begin": "1"}, REMOTE_ADDR="203.0.113.10").status_code == 302


def test_nobody_learns_on_the_web_whether_there_is_a_similar_case(client):
    other = accepted(sheet(customer_name="赵秘密", id_number=ZHAO, phone="13911112222"))
    filled(client)
    alike = text(client.get(send(client).url))
    moves.withdraw(other, by=person(Role.CLERK), reason="已撤回")

    alone = text(client.get(client.get("/apply/check/").url))

    without = [re.sub(r"csrfmiddlewaretoken.*", "", page) for page in (alike, alone)]
    assert without[0] == without[1]
    assert "赵秘密" not in alike


def test_a_code_that_was_replaced_is_not_shown_by_the_old_application(client):
    filled(client)
    send(client)
    case = Case.objects.get()
    new = applications.renew_code(case, by=person(Role.CLERK), reason="遗失")

    page = text(client.get("/apply/sent/"))

    assert new.grouped not in page
    assert case.codes.exclude(pk=new.pk).get().grouped not in page


def test_an_application_not_touched_for_thirty_days_is_deleted_with_its_photos(
    client, django_capture_on_commit_callbacks
):
    draft = filled(client)
    path = draft.files.get().file.name
    Draft.objects.update(saved_at=timezone.now() - timedelta(days=29))
    assert drafts.clear() == 0

    Draft.objects.update(saved_at=timezone.now() - timedelta(days=31))
    with django_capture_on_commit_callbacks(execute=True):
        assert drafts.clear() == 1

    assert not Draft.objects.exists()
    assert not default_storage.exists(path)


def test_what_was_sent_is_not_deleted_and_keeps_nothing_typed(client):
    draft = filled(client)
    send(client)
    Draft.objects.update(saved_at=timezone.now() - timedelta(days=400))

    assert drafts.clear() == 0
    draft.refresh_from_db()
    assert draft.typed == {}


def test_only_offices_that_have_a_supervisor_are_offered(client):
    draft = filled(client, unit=str(unit("bhxc").pk))

    page = text(client.get("/apply/place/"))

    assert unit("lhcd").name in page
    assert unit("bhxc").name not in page
    with pytest.raises(Refused, match="Office for your place"):
        drafts.send(draft)


def test_nothing_but_answers_is_kept_and_none_without_end(client):
    draft = begun(client)

    client.post("/apply/place/", PLACE | {"street": "a\0" * 5000, "accepted_by": "1", "x": "y"})

    draft.refresh_from_db()
    assert len(draft.typed["street"]) <= drafts.LONGEST
    assert not {"accepted_by", "x"} & set(draft.typed)
    assert client.get("/apply/check/").status_code == 200


def test_scripts_in_names_are_refused_and_shown_as_text(client):
    filled(client, customer_name="<script>alert(1)</script>")

    page = text(send(client))

    assert "<script" not in page
    assert not Case.objects.exists()


def test_ten_megabytes_of_text_are_refused(client):
    begun(client)

    response = client.post("/apply/place/", {"street": "路" * 4_000_000})

    assert response.status_code == 400
    assert Draft.objects.get().typed == {}


def test_a_foreign_page_sends_nothing():
    client = Client(enforce_csrf_checks=True)

    assert client.post("/apply/", {"begin": "1"}).status_code == 403
    assert not Draft.objects.exists()


def test_the_customer_reads_on_in_the_language_of_the_application(client):
    client.cookies["language"] = "zh-hans"
    filled(client)
    send(client)

    assert Application.objects.get().language == "zh-hans"


def test_an_office_opens_it_to_its_own_clerks_alone(client):
    filled(client)
    send(client)
    case = Case.objects.get()

    assert moves.sees(person(Role.CLERK), case)
    assert not moves.sees(person(Role.CLERK, at="bhxc"), case)
    assert WANG not in text(client.get("/apply/sent/"))
