"""The pages of meter, power on and call-back."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from metering import fit
from metering.forms import CallBackForm
from metering.models import CallAttempt, Installation, Meter
from tests.documents.factories import picture
from tests.factories import person
from tests.metering import factories as make
from tests.works.test_views import jpeg, posted
from workflow import process
from workflow.models import Case, Step
from workflow.process import BusinessType, CustomerClass, ExistingSupply, Kind

pytestmark = pytest.mark.django_db
NOW = "%Y-%m-%dT%H:%M"


def url(case, name="meter"):
    return reverse(f"metering:{name}", args=[case.number])


def order_data(form, meter, **changes):
    first, second = make.fitters()
    now = f"{timezone.localtime():{NOW}}"
    data = {
        "meter": meter.asset_number,
        "metering_point": "3 单元表箱",
        "mode": "lv_lv",
        "reading_total": "0.00",
        "installed_at": now,
        "installer": first.pk,
        "second_installer": second.pk,
        "customer_signed_name": "王小明",
        "customer_signed_at": now,
        "seals-0-place": "meter",
        "seals-0-number": "F001",
    }
    return posted(form, **data | changes)


def test_a_technician_hangs_a_meter_and_switches_power_on(client):
    case, meter = make.case_at(), make.meter()
    first, second = make.fitters()
    client.force_login(first)
    page = client.get(url(case))
    assert page.context["stage"] == "order"
    assert meter.asset_number in page.content.decode()
    filled = order_data(page.context["form"], meter)

    saved = client.post(url(case), filled | {"save": "1"})
    assert saved.status_code == 302, saved.context["form"].errors
    meter.refresh_from_db()
    assert meter.state == Meter.State.ASSIGNED
    page = client.get(url(case))
    filled = order_data(
        page.context["form"],
        meter,
        **{"photos-0-shows": "installed", "photos-0-file": jpeg()},
    )
    unshown = client.post(url(case), filled)
    assert "Nothing shows that the customer signed" in unshown.content.decode()
    filled = order_data(
        unshown.context["form"],
        meter,
        **{"photos-0-shows": "signature", "photos-0-file": jpeg()},
    )
    stranger = client.post(url(case), filled | {"customer_signed_name": "路人甲"})
    assert "路人甲 may not sign for this customer. On record: 王小明" in stranger.content.decode()
    filled |= {"photos-0-shows": "signature", "photos-0-file": jpeg()}
    signed = client.post(url(case), filled)
    assert signed.status_code == 302, signed.context["form"].errors
    page = client.get(url(case))
    assert page.context["stage"] == "power"
    assert "waits for the confirmation of" in page.content.decode()
    client.force_login(second)
    assert client.post(url(case, "confirm"), {"decision": "confirm"}).status_code == 302
    client.force_login(first)

    page = client.get(url(case))
    assert page.context["why"].open
    filled = posted(
        page.context["form"],
        energized_at=f"{timezone.localtime() + timedelta(minutes=-0):%Y-%m-%dT%H:%M:%S}",
        operator=first.pk,
        phase_order_ok="True",
        meter_runs="True",
        result="on",
    )
    answer = client.post(url(case), filled)

    assert answer.status_code == 302, answer.context["form"].errors
    assert make.case_of(case).state == Case.State.ENERGIZED
    assert "F001" in client.get(url(case)).content.decode()
    assert meter.asset_number in client.get(case.get_absolute_url()).content.decode()


def test_a_refused_photo_costs_neither_the_work_order_nor_the_other_photo(client):
    case, meter = make.case_at(), make.meter()
    client.force_login(make.fitters()[0])
    form = client.get(url(case)).context["form"]
    cut = SimpleUploadedFile("cut.jpg", picture()[:4000], "image/jpeg")
    photos = {"photos-0-shows": "sketch", "photos-0-file": cut}
    photos |= {"photos-1-shows": "installed", "photos-1-file": jpeg(), "photos-TOTAL_FORMS": "2"}

    answer = client.post(url(case), order_data(form, meter, **photos), follow=True)

    assert "cut.jpg is not taken. The picture (JPEG) is cut off" in answer.content.decode()
    order = Installation.objects.get(step__case=case)
    assert (order.meter, order.signed_at) == (meter, None)
    assert case.attachments.filter(step__kind=Kind.METER).count() == 1
    assert [row["shows"].value() for row in answer.context["form"].photos.forms][:2] == [
        "installed",
        "sketch",
    ]


def test_a_meter_taken_meanwhile_is_a_message_and_nothing_is_lost(client):
    case, meter = make.case_at(), make.meter()
    client.force_login(make.fitters()[0])
    filled = order_data(client.get(url(case)).context["form"], meter)
    make.order(make.case_at(), meter)

    answer = client.post(url(case), filled)

    assert answer.status_code == 200
    assert "choose another one" in str(answer.context["form"].errors["meter"])
    assert "3 单元表箱" in answer.content.decode()
    assert not Installation.objects.filter(step__case=case).exists()


def test_a_seal_used_before_is_refused(client):
    make.ready(make.case_at())
    used = Installation.objects.get().seals.get().number
    case, meter = make.case_at(), make.meter("3200000009")
    client.force_login(make.fitters()[0])
    form = client.get(url(case)).context["form"]

    answer = client.post(url(case), order_data(form, meter, **{"seals-0-number": used}))

    assert answer.status_code == 200
    told = answer.context["form"].seals.errors[0]["number"][0]
    assert "already used" in told
    assert Installation.objects.get().step.case.number in told


def test_a_seal_entered_twice_is_told_at_the_second(client):
    case, meter = make.case_at(), make.meter()
    client.force_login(make.fitters()[0])
    form = client.get(url(case)).context["form"]
    twice = {"seals-1-place": "terminal", "seals-1-number": "F001"}

    answer = client.post(url(case), order_data(form, meter, **twice))

    first, second = answer.context["form"].seals.errors[:2]
    assert not first
    assert "already used" in second["number"][0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reading_total", "-1"),
        ("reading_total", "viel"),
        ("ct_ratio", "<b>"),
        ("metering_point", "x" * 10_000),
        ("metering_point", "\x00"),
        ("customer_signed_name", "😀"),
        ("installed_at", "yesterday"),
    ],
)
def test_bad_input_is_a_message_and_writes_nothing(client, name, value):
    case, meter = make.case_at(), make.meter()
    client.force_login(make.fitters()[0])
    form = client.get(url(case)).context["form"]

    answer = client.post(url(case), order_data(form, meter, **{name: value}))

    assert answer.status_code == 200
    assert answer.context["form"].errors[name]
    assert not Installation.objects.exists()


def test_others_read_and_another_unit_finds_nothing(client):
    case = make.case_at()
    client.force_login(person(Role.CLERK))
    assert client.get(url(case)).status_code == 200
    assert client.post(url(case), {}).status_code == 403
    client.force_login(person(Role.FITTER, at="bhxc"))
    assert client.get(url(case)).status_code == 404
    assert client.get(url(case, "removal")).status_code == 404


def test_closing_shows_the_old_meter_alone(client):
    case = make.case_at(business_type=BusinessType.CLOSING, existing_supply=ExistingSupply.OWN)
    old = make.meter(state=Meter.State.INSTALLED)
    first, second = make.fitters()
    client.force_login(first)
    page = client.get(url(case))
    assert page.context["stage"] == "removal"
    filled = posted(
        page.context["form"],
        asset_number=old.asset_number,
        what="taken",
        reading_total="4821.5",
        removed_at=f"{timezone.localtime():{NOW}}",
        installer=first.pk,
        second_installer=second.pk,
    )

    answer = client.post(url(case), filled)

    assert answer.status_code == 302, answer.context["form"].errors
    client.force_login(second)
    client.post(url(case, "confirm"), {"decision": "confirm"})
    assert make.fresh(case.step(Kind.METER)).outcome == "disconnected"


def test_an_own_meter_may_come_off_beside_the_new_one(client):
    case = make.case_at(
        business_type=BusinessType.INCREASE,
        existing_supply=ExistingSupply.OWN,
        account_number="0312004588",
        existing_kw=4,
    )
    client.force_login(make.fitters()[0])

    assert url(case, "removal") in client.get(url(case)).content.decode()
    assert client.get(url(case, "removal")).context["stage"] == "removal"
    assert client.get(url(make.case_at(), "removal")).status_code == 404


def call_data(form, **changes):
    data = {
        "called_at": f"{timezone.localtime():{NOW}}",
        "reached": "True",
        "satisfaction": "5",
        "power_quality_ok": "True",
        "charged_beyond_bill": "False",
        "words": "满意",
    }
    return posted(form, **data | changes)


def test_a_clerk_calls_and_the_step_is_done(client):
    case = make.case_at(Kind.CALLBACK)
    client.force_login(person(Role.CLERK))
    form = client.get(url(case, "callback")).context["form"]

    answer = client.post(url(case, "callback"), call_data(form))

    assert answer.status_code == 302, answer.context["form"].errors
    assert make.fresh(case.step(Kind.CALLBACK)).state == Step.State.DONE
    assert "满意" in client.get(url(case, "callback")).content.decode()


def test_a_call_without_answer_is_noted(client):
    case = make.case_at(Kind.CALLBACK)
    client.force_login(person(Role.CLERK))
    form = client.get(url(case, "callback")).context["form"]

    answer = client.post(
        url(case, "callback"), posted(form, not_reached="1", reached="False", words="占线")
    )

    assert answer.status_code == 302, answer.context["form"].errors
    assert CallAttempt.objects.count() == 1
    assert make.fresh(case.step(Kind.CALLBACK)).state == Step.State.IN_HAND


def test_a_reached_customer_is_asked_everything(client):
    case = make.case_at(Kind.CALLBACK)
    client.force_login(person(Role.CLERK))
    form = client.get(url(case, "callback")).context["form"]

    answer = client.post(url(case, "callback"), call_data(form, satisfaction=""))

    assert answer.context["form"].errors["satisfaction"]


def test_the_pages_ask_little_of_the_database(client, django_assert_max_num_queries):
    case = make.case_at()
    for n in range(30):
        make.meter(f"33{n:05d}")
    make.order(case, Meter.objects.first())
    first, _second = make.fitters()
    client.force_login(first)
    with django_assert_max_num_queries(17):
        client.get(url(case))
    step = make.fresh(case.step(Kind.METER))
    with django_assert_max_num_queries(8):
        process.panel(Kind.METER)(step, first)
        for guard in process.guards(Kind.METER):
            guard.finding(step)


def test_the_sheet_offers_the_free_meters_that_fit_and_no_others(client):
    case = make.case_at()
    fits, other = make.meter(), make.meter("3200000002", state=Meter.State.FAULTY)
    client.force_login(make.fitters()[0])

    page = client.get(url(case))

    offered = [number for number, _label in page.context["form"].fields["meter"].widget.offers]
    assert offered == [fits.asset_number]
    assert other.asset_number not in page.content.decode()
    assert "shortage" not in page.context


def test_the_sheet_says_when_no_free_meter_fits_and_who_fills_the_store(client):
    case = make.case_at()
    make.meter(state=Meter.State.INSTALLED)
    keeper = person(Role.ADMINISTRATOR, at="js", phone="8800-1002")
    client.force_login(make.fitters()[0])

    page = client.get(url(case)).content.decode()

    assert "No free meter in the stores of" in page
    assert f"{keeper} 8800-1002" in page
    assert reverse("admin:metering_meter_add") not in page


def test_high_voltage_is_offered_three_phase_meters_of_its_class_alone():
    case = make.case_at(customer_class=CustomerClass.HV_SINGLE)
    make.meter()
    make.meter("3200000002", phase="three", accuracy="2.0")
    made = {"phase": "three", "rating_a": "1.5(6)", "voltage_v": "3×57.7/100"}
    make.meter("3200000004", **made | {"voltage_v": "3×220/380"}, accuracy="0.5S")
    fits = make.meter("3200000003", **made, accuracy="0.5S")

    assert list(Meter.objects.in_stock().fitting(*fit.wanted(case))) == [fits]
    assert not fit.misfits(fits, case)


def test_what_is_wrong_with_a_call_is_told_at_its_field(client):
    case = make.case_at(Kind.CALLBACK)
    client.force_login(person(Role.CLERK))
    address = case.step(Kind.CALLBACK).get_absolute_url()
    tomorrow = (timezone.localtime() + timedelta(days=1)).strftime(NOW)

    page = client.post(address, {"called_at": tomorrow, "spoke_with": "王小明"})

    assert set(page.context["form"].errors) == {"called_at", "reached", *CallBackForm.ANSWERS}
