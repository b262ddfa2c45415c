"""The pages of the customer's works, through the browser's door."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation
from PIL import Image

from accounts.roles import Role
from tests.documents.factories import odd_exif, picture
from tests.factories import person
from tests.works import factories as make
from workflow import process
from workflow.models import Step
from workflow.process import Kind
from works.guards import sheet_of
from works.models import CheckPhoto, Defect, DrawingComment, Licence, Request

pytestmark = pytest.mark.django_db
KINDS = (Kind.DESIGNER, Kind.DRAWINGS, Kind.CONTRACTOR, Kind.MID_CHECK, Kind.ACCEPTANCE)
HOSTILE = ("x" * 10_000, "\x00", "图\u202e", "😀")


def url(case, kind, suffix=""):
    return reverse(f"works:{kind}{suffix}", args=[case.number])


def posted(form, **changes):
    """What a browser would send for the form as shown, with some boxes filled in."""
    data = {}
    for one in [form, *(row for rows in form.formsets for row in rows.forms)]:
        for bound in one:
            value = bound.value()
            if value not in (None, False, "") and bound.name not in ("file",):
                widget = bound.field.widget
                data[bound.html_name] = (
                    widget.format_value(value) if hasattr(widget, "format_value") else value
                )
                if isinstance(data[bound.html_name], list):
                    data[bound.html_name] = data[bound.html_name][0]
    for rows in form.formsets:
        for bound in rows.management_form:
            data[bound.html_name] = bound.value()
    return {k: v for k, v in data.items() if v is not None} | changes


def jpeg(name="p.jpg"):
    out = BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


@pytest.mark.parametrize("kind", KINDS)
def test_every_sheet_begins_with_what_the_customer_brings(client, kind):
    case = make.case_at(kind)
    client.force_login(make.worker(kind))
    page = client.get(url(case, kind))
    assert b"received_at" in page.content

    answer = client.post(
        url(case, kind),
        {"received_at": timezone.localtime(), "from_whom": "王小明", "what": "资料"},
    )

    assert answer.status_code == 302
    assert make.fresh(case.step(kind)).state == Step.State.IN_HAND
    assert client.get(url(case, kind)).context["form"].formsets is not None


def test_an_item_left_as_it_is_stays_in_every_language(client):
    step = make.received(make.case_at(Kind.ACCEPTANCE), Kind.ACCEPTANCE)
    client.force_login(make.worker(Kind.ACCEPTANCE))
    form = client.get(url(step.case, Kind.ACCEPTANCE)).context["form"]
    filled = {"items-1-result": "ok", "items-2-item": "漆面", "save": "1"}

    answer = client.post(url(step.case, Kind.ACCEPTANCE), posted(form, **filled))

    assert answer.status_code == 302
    with translation.override("zh-hans"):
        _follows, resistance, own = step.check_items.all()[:3]
        assert (resistance.item, resistance.result) == ("接地电阻", "ok")
        assert own.item == "漆面"


@pytest.mark.parametrize("kind", KINDS)
def test_others_read_and_cannot_write(client, kind):
    case = make.case_at(kind)
    make.received(case, kind)
    client.force_login(person(Role.CLERK))

    assert client.get(url(case, kind)).status_code == 200
    assert client.post(url(case, kind), {}).status_code == 403
    assert client.post(url(case, kind, "_missing"), {"missing": "x"}).status_code == 403


@pytest.mark.parametrize("kind", KINDS)
def test_another_unit_finds_nothing(client, kind):
    case = make.case_at(kind)
    client.force_login(person(Role.REVIEWER, at="bhxc"))

    assert client.get(url(case, kind)).status_code == 404


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_answered_and_nothing_is_written(client, text):
    case = make.case_at(Kind.CONTRACTOR)
    client.force_login(make.worker(Kind.CONTRACTOR))

    answer = client.post(
        url(case, Kind.CONTRACTOR),
        {"received_at": timezone.localtime(), "from_whom": "王", "what": text},
    )

    assert answer.status_code == 200
    assert answer.context["form"].errors["what"]
    assert not Request.objects.exists()


def test_a_reviewer_chooses_the_licence_by_typing_and_signs(client):
    case = make.case_at(Kind.CONTRACTOR)
    make.received(case, Kind.CONTRACTOR)
    firm = make.licence()
    client.force_login(make.worker(Kind.CONTRACTOR))
    page = client.get(url(case, Kind.CONTRACTOR))
    assert firm.number in page.content.decode()
    filled = posted(
        page.context["form"],
        licence=firm.firm,
        checked_voltage="10kv",
        scope_ok="True",
        grade_ok="True",
        stamp_ok="True",
        originals="seen",
        decision="passed",
    )

    saved = client.post(url(case, Kind.CONTRACTOR), filled | {"save": "1"})
    assert saved.status_code == 302
    assert make.fresh(case.step(Kind.CONTRACTOR)).state == Step.State.IN_HAND
    answer = client.post(url(case, Kind.CONTRACTOR), filled)

    assert answer.url == case.get_absolute_url()
    assert make.fresh(case.step(Kind.CONTRACTOR)).state == Step.State.DONE
    assert firm.firm in client.get(url(case, Kind.CONTRACTOR)).content.decode()


def test_an_unknown_firm_is_a_message_and_what_was_typed_stays(client):
    case = make.case_at(Kind.CONTRACTOR)
    make.received(case, Kind.CONTRACTOR)
    client.force_login(make.worker(Kind.CONTRACTOR))

    answer = client.post(url(case, Kind.CONTRACTOR), {"licence": "无名公司", "save": "1"})

    assert answer.context["form"].errors["licence"]
    assert "无名公司" in answer.content.decode()


def test_a_refusal_to_sign_writes_nothing(client):
    case = make.case_at(Kind.CONTRACTOR)
    make.received(case, Kind.CONTRACTOR)
    client.force_login(make.worker(Kind.CONTRACTOR))

    answer = client.post(
        url(case, Kind.CONTRACTOR), {"decision": "passed", "project_manager": "周工"}
    )

    assert answer.status_code == 200
    assert "No licence is chosen" in str(answer.context["form"].errors["licence"])
    assert sheet_of(make.fresh(case.step(Kind.CONTRACTOR))).project_manager == ""


def test_a_drawing_is_filed_commented_and_returned(client):
    case = make.case_at(Kind.DRAWINGS)
    make.received(case, Kind.DRAWINGS)
    client.force_login(make.worker(Kind.DRAWINGS))
    form = client.get(url(case, Kind.DRAWINGS)).context["form"]
    filled = posted(
        form,
        title="10 kV 配电所",
        decision="returned",
        **{
            "drawings-0-kind": "line",
            "drawings-0-number": "L-01",
            "drawings-0-title": "电缆路径",
            "drawings-0-file": jpeg(),
            "comments-0-drawing": "L-01",
            "comments-0-item": "2",
            "comments-0-text": "缺警示桩",
        },
    )

    answer = client.post(url(case, Kind.DRAWINGS), filled)

    assert answer.status_code == 302, answer.context["form"].errors
    again = make.fresh(case.step(Kind.DRAWINGS))
    assert (again.round, again.state) == (2, Step.State.WITH_CUSTOMER)
    assert "缺警示桩" in client.get(url(case, Kind.DRAWINGS) + "?round=1").content.decode()


def test_a_comment_of_an_earlier_revision_is_settled_on_the_page(client):
    case = make.case_at(Kind.DRAWINGS)
    step = make.drawings_ready(case)
    review = sheet_of(step)
    DrawingComment.objects.create(
        case=case, raised_in=review, drawing="A-01", item="3", text="缺联锁"
    )
    review.decision = "returned"
    from works import services

    services.decide(review, by=make.worker(Kind.DRAWINGS))
    make.drawings_ready(make.case_of(case))
    client.force_login(make.worker(Kind.DRAWINGS))
    form = client.get(url(case, Kind.DRAWINGS)).context["form"]
    filled = posted(form, **{"settled-0-answer": "已加联锁", "settled-0-settled": "on"})

    answer = client.post(url(case, Kind.DRAWINGS), filled)

    assert answer.status_code == 302, (answer.context["form"].errors,)
    assert make.fresh(case.step(Kind.DRAWINGS)).state == Step.State.DONE


def test_an_inspector_writes_defects_and_photos_and_fails_the_works(client):
    case = make.case_at(Kind.ACCEPTANCE)
    make.received(case, Kind.ACCEPTANCE)
    inspector = make.worker(Kind.ACCEPTANCE)
    client.force_login(inspector)
    form = client.get(url(case, Kind.ACCEPTANCE)).context["form"]
    assert len(form.items.forms) > 9
    filled = posted(
        form,
        inspector=inspector.pk,
        inspected_at=f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        result="failed",
        **{
            "defects-0-text": "接地电阻 12 Ω",
            "defects-0-cure_by": timezone.localdate() + timedelta(days=5),
            "photos-0-file": jpeg(),
            "photos-0-shows": "接地",
            "equipment-0-type": "transformer",
            "equipment-0-kva": "800",
        },
    )

    answer = client.post(url(case, Kind.ACCEPTANCE), filled)

    assert answer.status_code == 302, answer.context["form"].errors
    assert Defect.objects.get().cure_by > timezone.localdate()
    assert CheckPhoto.objects.get().attachment.content_type == "image/jpeg"
    assert make.fresh(case.step(Kind.ACCEPTANCE)).round == 2
    assert case.attachments.filter(step__kind=Kind.ACCEPTANCE).count() == 1


def test_a_text_file_named_jpg_is_no_photo(client):
    case = make.case_at(Kind.MID_CHECK)
    make.received(case, Kind.MID_CHECK)
    client.force_login(make.worker(Kind.MID_CHECK))
    form = client.get(url(case, Kind.MID_CHECK)).context["form"]
    fake = SimpleUploadedFile("p.jpg", b"hello", "image/jpeg")
    filled = posted(form, save="1", **{"photos-0-file": fake, "photos-0-shows": "沟"})

    answer = client.post(url(case, Kind.MID_CHECK), filled, follow=True)

    assert "p.jpg is not taken. By its content" in answer.content.decode()
    assert not CheckPhoto.objects.exists()


@pytest.mark.parametrize("save", [{"save": "1"}, {}])
def test_a_refused_photo_costs_neither_the_sheet_nor_the_other_photos(client, save):
    case = make.case_at(Kind.ACCEPTANCE)
    make.received(case, Kind.ACCEPTANCE)
    inspector = make.worker(Kind.ACCEPTANCE)
    client.force_login(inspector)
    form = client.get(url(case, Kind.ACCEPTANCE)).context["form"]
    cut = SimpleUploadedFile("cut.jpg", picture()[:4000], "image/jpeg")
    odd = SimpleUploadedFile("odd.jpg", picture(exif=odd_exif(6)), "image/jpeg")
    filled = posted(
        form,
        inspector=inspector.pk,
        inspected_at=f"{timezone.localtime():%Y-%m-%dT%H:%M}",
        result="failed",
        remarks="东侧通道已清理",
        **{
            "defects-0-text": "接地电阻 12 Ω",
            "defects-0-cure_by": timezone.localdate() + timedelta(days=5),
            "photos-TOTAL_FORMS": "3",
            "photos-0-file": jpeg(),
            "photos-0-shows": "接地",
            "photos-1-file": cut,
            "photos-1-shows": "通道",
            "photos-2-file": odd,
            "photos-2-shows": "门",
        },
    )

    answer = client.post(url(case, Kind.ACCEPTANCE), filled | save, follow=True)

    page = answer.content.decode()
    assert "cut.jpg is not taken. The picture (JPEG) is cut off" in page
    assert "东侧通道已清理" in page
    assert [photo.shows for photo in CheckPhoto.objects.order_by("pk")] == ["接地", "门"]
    sheet = client.get(url(case, Kind.ACCEPTANCE)).context["form"]
    words = [row["shows"].value() for row in sheet.photos.forms]
    assert words[:3] == ["接地", "门", "通道"]
    chosen_anew = posted(sheet, save="1", **{"photos-2-file": jpeg()})
    again = client.post(url(case, Kind.ACCEPTANCE), chosen_anew)
    assert again.status_code == 302, again.context["form"].photos.errors
    assert CheckPhoto.objects.get(shows="通道").attachment_id
    assert client.get(url(case, Kind.ACCEPTANCE)).context["form"].begun == {}
    assert Defect.objects.get().text == "接地电阻 12 Ω"
    assert make.fresh(case.step(Kind.ACCEPTANCE)).state == Step.State.IN_HAND


def test_where_something_else_is_wrong_too_the_page_tells_both(client):
    case = make.case_at(Kind.MID_CHECK)
    make.received(case, Kind.MID_CHECK)
    client.force_login(make.worker(Kind.MID_CHECK))
    form = client.get(url(case, Kind.MID_CHECK)).context["form"]
    fake = SimpleUploadedFile("p.jpg", b"hello", "image/jpeg")
    wrong = {"photos-0-file": fake, "photos-0-shows": "沟", "remarks": "😀"}

    answer = client.post(url(case, Kind.MID_CHECK), posted(form, save="1", **wrong))

    assert answer.status_code == 200
    assert answer.context["form"].photos.total_error_count() == 1
    assert "remarks" in answer.context["form"].errors


def test_the_page_offers_the_way_back_when_a_permit_lapsed(client):
    case = make.case_at(Kind.CONTRACTOR, concealed_works=False, importance="none")
    make.qualified(case, Kind.CONTRACTOR)
    case = make.walk(make.case_of(case), Kind.ACCEPTANCE)
    make.received(case, Kind.ACCEPTANCE)
    Licence.objects.update(valid_to=timezone.localdate() - timedelta(days=1))
    client.force_login(make.worker(Kind.ACCEPTANCE))
    lapsed = url(case, Kind.ACCEPTANCE, "_lapsed")
    assert lapsed in client.get(url(case, Kind.ACCEPTANCE)).content.decode()

    assert client.get(lapsed).status_code == 405
    assert client.post(lapsed).status_code == 302
    assert make.case_of(case).step(Kind.CONTRACTOR).round == 2


def test_an_incomplete_file_goes_back_from_its_page(client):
    case = make.case_at(Kind.CONTRACTOR)
    make.received(case, Kind.CONTRACTOR)
    client.force_login(make.worker(Kind.CONTRACTOR))
    page = url(case, Kind.CONTRACTOR, "_missing")
    assert client.get(page).status_code == 200
    assert client.post(page, {"missing": " "}).context["form"].errors

    assert client.post(page, {"missing": "许可证正本"}).status_code == 302
    assert make.fresh(case.step(Kind.CONTRACTOR)).state == Step.State.WITH_CUSTOMER


@pytest.mark.parametrize("kind", KINDS)
def test_a_sheet_does_not_ask_more_of_the_database_with_more_rows(
    client, kind, django_assert_max_num_queries
):
    case = make.case_at(kind)
    step = make.received(case, kind)
    if kind in (Kind.MID_CHECK, Kind.ACCEPTANCE):
        for n in range(20):
            make.defect(step, f"缺陷 {n}")
    worker = make.worker(kind)
    client.force_login(worker)

    # Fifteen and the two of the savepoint that only the test causes.
    with django_assert_max_num_queries(17):
        client.get(url(case, kind))
    step = make.fresh(step)
    with django_assert_max_num_queries(6):
        process.panel(kind)(step, worker)
        for guard in process.guards(kind):
            guard.finding(step)


def test_the_sections_of_a_sheet_are_numbered_as_they_are_shown(client):
    case = make.case_at(Kind.DRAWINGS)
    make.received(case, Kind.DRAWINGS)
    step = make.case_of(case).step(Kind.DRAWINGS)
    client.force_login(step.owner or person(step.process.role))

    sections = client.get(step.get_absolute_url()).context["form"].sections

    assert [section.number for section in sections] == list(range(1, len(sections) + 1))


def checked(client, **changes):
    """A mid-check in order but for what is changed, as it is sent."""
    case = make.case_at(Kind.MID_CHECK)
    make.received(case, Kind.MID_CHECK)
    client.force_login(make.worker(Kind.MID_CHECK))
    form = client.get(url(case, Kind.MID_CHECK)).context["form"]
    items = {row.add_prefix("result"): "ok" for row in form.items.forms if row.instance.pk}
    photo = {"photos-0-file": jpeg(), "photos-0-shows": "沟", "photos-0-before_covering": "on"}
    sent = {"inspected_at": "x", "may_cover": "True", "result": "passed", **items, **photo}
    answer = client.post(url(case, Kind.MID_CHECK), posted(form, **sent | changes))
    return answer.context["form"].errors


def test_the_rows_of_a_broken_sheet_are_judged_as_they_are_typed(client):
    assert {*checked(client)} == {"inspected_at"}


def test_a_defect_typed_on_a_broken_sheet_stands_against_passing(client):
    errors = checked(
        client,
        **{
            "defects-0-text": "接地电阻超标",
            "defects-0-cure_by": timezone.localdate() + timedelta(days=9),
            "items-0-result": "not_ok",
        },
    )

    assert errors["__all__"] == [
        "Not every item of the check is in order.",
        "Defects are not cured yet.",
    ]


def test_a_broken_sheet_that_does_not_pass_asks_for_the_list(client):
    errors = checked(client, result="failed")

    assert {*errors} == {"inspected_at", "__all__"}
    assert "each point a row of its own" in str(errors["__all__"])


def test_what_rests_on_a_broken_row_is_left_out(client):
    errors = checked(client, **{"photos-0-shows": "", "items-0-result": "never"})

    assert {*errors} == {"inspected_at"}
