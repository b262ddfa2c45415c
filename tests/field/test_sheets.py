"""The other sheets of the field: mid-check, acceptance, and the three of the meter."""

from __future__ import annotations

import hashlib

import pytest
from django.utils import timezone

from documents.models import Ask, Attachment
from field.models import Record
from metering import services as metering
from metering.models import Installation, Meter, MeterPhoto, Removal
from tests.field import factories as tablet
from tests.metering import factories as meters
from tests.works import factories as works
from workflow.models import Event, Step
from workflow.process import Kind
from works import services as checks
from works.guards import sheet_of
from works.models import CheckPhoto, MidCheck

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("walls_down")]


def now() -> str:
    return f"{timezone.localtime():%Y-%m-%dT%H:%M}"


def test_a_mid_check_with_its_photos(client):
    step = works.received(works.case_at(Kind.MID_CHECK), Kind.MID_CHECK)
    inspector = works.worker(Kind.MID_CHECK)
    client.force_login(inspector)
    photos = [tablet.picture(n) for n in range(2)]
    items = step.check_items.count()
    values = {
        "inspected_at": now(),
        "inspector": inspector.pk,
        "may_cover": "True",
        "result": "passed",
        **{f"items__{n}__result": "ok" for n in range(items)},
        "photos__0__before_covering": "on",
        "photos__1__before_covering": "on",
    }
    sent = tablet.envelope(step, inspector, sheet="mid_check", photos=photos, values=values)

    receipt = tablet.send(client, sent, photos)

    assert receipt["state"] == "applied", receipt["errors"]
    assert Step.objects.get(pk=step.pk).state == Step.State.DONE
    kept = Attachment.objects.filter(pk__in=CheckPhoto.objects.values("attachment"))
    assert {file.sha256 for file in kept} == {hashlib.sha256(p).hexdigest() for p in photos}
    assert {file.accuracy_m for file in kept} == {6}
    assert step.check_items.exclude(result="ok").count() == 0


def test_an_acceptance_that_fails_goes_back_to_the_customer_in_writing(client):
    step = works.received(works.case_at(Kind.ACCEPTANCE), Kind.ACCEPTANCE)
    inspector = works.worker(Kind.ACCEPTANCE)
    client.force_login(inspector)
    values = {
        "inspected_at": now(),
        "inspector": inspector.pk,
        "result": "failed",
        "defects__TOTAL_FORMS": 1,
        "defects__INITIAL_FORMS": 0,
        "defects__0__text": "接地电阻超标",
        "defects__0__cure_by": f"{timezone.localdate():%Y-%m-%d}",
    }

    receipt = tablet.send(
        client, tablet.envelope(step, inspector, sheet="acceptance", values=values)
    )

    assert receipt["state"] == "applied", receipt["errors"]
    assert Step.objects.get(pk=step.pk).state == Step.State.RETURNED
    assert works.fresh(step).round == 2


def test_a_defect_that_the_first_list_did_not_name_is_put_to_the_supervisor_from_the_tablet(client):
    step = works.check_ready(works.case_at(Kind.ACCEPTANCE), Kind.ACCEPTANCE)
    inspector = works.worker(Kind.ACCEPTANCE)
    works.defect(step)
    first = sheet_of(step)
    first.result = "failed"
    checks.decide(first, by=inspector)
    second = works.check_ready(works.case_of(step.case), Kind.ACCEPTANCE)
    client.force_login(inspector)
    values = {
        "inspected_at": now(),
        "inspector": inspector.pk,
        "result": "failed",
        "defects__TOTAL_FORMS": 1,
        "defects__INITIAL_FORMS": 0,
        "defects__0__text": "门未接地",
        "defects__0__cure_by": f"{timezone.localdate():%Y-%m-%d}",
        "defects__0__why_late": "首次检查时未通电",
    }

    sent = tablet.envelope(second, inspector, sheet="acceptance", values=values)
    receipt = tablet.send(client, sent)

    assert "The supervisor has been asked" in " ".join(receipt["errors"][""])
    assert Ask.objects.proposed().get().what.startswith("门未接地")
    assert Step.objects.get(pk=second.pk).state == Step.State.IN_HAND


def test_an_attempt_at_a_check_stands_in_the_history_with_its_photo(client):
    step = works.received(works.case_at(Kind.MID_CHECK), Kind.MID_CHECK)
    inspector = works.worker(Kind.MID_CHECK)
    client.force_login(inspector)
    photo = tablet.picture(3)
    values = {"at": now(), "outcome": "no_access", "evidence": "门卫不放行"}
    sent = tablet.envelope(step, inspector, sheet="attempt", photos=[photo], values=values)

    receipt = tablet.send(client, sent, [photo])

    assert receipt["state"] == "applied", receipt["errors"]
    assert Event.objects.filter(step=step, verb="visit_failed").count() == 1
    assert Attachment.objects.filter(sha256=hashlib.sha256(photo).hexdigest()).count() == 1


def order_values(first, second, **more):
    return {
        "meter": "3200000001",
        "installed_at": now(),
        "installer": first.pk,
        "second_installer": second.pk,
        "reading_total": 0,
        "customer_signed_name": "王小明",
        "customer_signed_at": now(),
        "seals__TOTAL_FORMS": 1,
        "seals__INITIAL_FORMS": 0,
        "seals__0__place": "meter",
        "seals__0__number": "S-77",
        **more,
    }


def power_values(first):
    return {
        "energized_at": now(),
        "operator": first.pk,
        "phase_order_ok": "True",
        "meter_runs": "True",
        "result": "on",
    }


def test_meter_and_power_on_written_without_a_signal_are_sent_in_their_order(client):
    first, second = meters.fitters()
    meters.meter()
    case = meters.case_at()
    step = case.step(Kind.METER)
    Step.objects.filter(pk=step.pk).update(owner=first)
    step = tablet.step_of(case, Kind.METER)
    client.force_login(first)
    photo = tablet.picture(8)
    order = tablet.envelope(
        step, first, sheet="order", photos=[photo], values=order_values(first, second)
    )
    for pair in order["fields"]:
        if pair[0].startswith("photos-0-shows"):
            pair[1] = "signature"
    power = tablet.envelope(step, first, sheet="power", values=power_values(first))

    early = tablet.send(client, power)
    assert early["state"] == "returned"
    assert early["errors"][""] == ["Sign first: Work order."]

    one = tablet.send(client, order, [photo])
    assert one["state"] == "applied", one["errors"]
    # Power on, too, before the second has confirmed: kept as a draft, and said why.
    too_early = tablet.envelope(
        step, first, sheet="power", values=power_values(first), edition=one["edition"]
    )
    kept = tablet.send(client, too_early)
    assert kept["state"] == "kept"
    assert "waits for the confirmation of fitter-2" in str(kept["errors"])
    metering.confirm(Installation.objects.get(step=step), by=second)
    assert Meter.objects.get().state == Meter.State.INSTALLED
    assert MeterPhoto.objects.get().attachment.sha256 == hashlib.sha256(photo).hexdigest()
    power = tablet.envelope(
        step,
        first,
        sheet="power",
        values=power_values(first),
        replaces=power["uuid"],
        edition=kept["edition"],
    )
    two = tablet.send(client, power)
    assert two["state"] == "applied", two["errors"]
    assert Step.objects.get(pk=step.pk).state == Step.State.DONE

    late = tablet.envelope(step, first, sheet="order", values=order_values(first, second))
    assert tablet.send(client, late)["state"] == "conflict"


def test_a_seal_used_elsewhere_comes_back_and_no_meter_is_taken(client):
    first, second = meters.fitters()
    meters.meter()
    other = meters.ready(meters.case_at(), meters.meter("3200000009"))
    case = meters.case_at(not_duplicate="第三户")
    step = case.step(Kind.METER)
    Step.objects.filter(pk=step.pk).update(owner=first)
    step = tablet.step_of(case, Kind.METER)
    client.force_login(first)
    number = other.seals.get().number
    values = order_values(first, second, seals__0__number=number)

    receipt = tablet.send(client, tablet.envelope(step, first, sheet="order", values=values))

    assert receipt["state"] == "returned"
    assert "already used" in receipt["errors"]["seals-0-number"][0]
    assert Meter.objects.get(asset_number="3200000001").state == Meter.State.IN_STOCK
    assert not Installation.objects.filter(step=step).exists()
    assert Record.objects.get().applied_at is None


def removal_values(first, second, number, **more):
    return {
        "asset_number": number,
        "what": "moved",
        "removed_at": now(),
        "installer": first.pk,
        "second_installer": second.pk,
        "reading_total": 4821,
        "customer_signed_name": "王小明",
        "customer_signed_at": now(),
        **more,
    }


def at_the_old_meter():
    """A meter move in the hand of its first technician: (step, first, second, old meter)."""
    first, second = meters.fitters()
    old = meters.meter("3200000005", state=Meter.State.INSTALLED)
    case = meters.case_at(business_type="meter_move", existing_supply="own")
    Step.objects.filter(case=case, kind=Kind.METER).update(owner=first)
    return tablet.step_of(case, Kind.METER), first, second, old


def test_the_old_meter_comes_off_without_a_signal(client):
    step, first, second, old = at_the_old_meter()
    client.force_login(first)
    photo = tablet.picture(5)
    values = removal_values(first, second, old.asset_number, photos__0__shows="reading")
    sent = tablet.envelope(step, first, sheet="removal", photos=[photo], values=values)
    for pair in sent["fields"]:
        if pair[0] == "photos-0-shows":
            pair[1] = "signature"

    receipt = tablet.send(client, sent, [photo])

    assert receipt["state"] == "applied", receipt["errors"]
    metering.confirm(Removal.objects.get(step=step), by=second)
    removal = Removal.objects.get(step=step)
    assert (removal.meter, removal.reading_total) == (old, 4821)
    assert removal.signed_at
    old.refresh_from_db()
    assert old.state == Meter.State.REMOVED
    assert MeterPhoto.objects.get().attachment.sha256 == hashlib.sha256(photo).hexdigest()
    assert Step.objects.get(pk=step.pk).state == Step.State.IN_HAND


def test_a_signature_that_nothing_shows_comes_back_at_its_field_and_the_rest_is_kept(client):
    step, first, second, old = at_the_old_meter()
    client.force_login(first)
    values = removal_values(first, second, old.asset_number, customer_signed_name="李邻居")
    receipt = tablet.send(client, tablet.envelope(step, first, sheet="removal", values=values))

    assert receipt["state"] == "kept"
    said = receipt["errors"]["customer_signed_name"]
    assert "李邻居 may not sign" in said[0]
    assert "Nothing shows that the customer signed" in said[1]
    assert Removal.objects.get(step=step).reading_total == 4821


def test_a_removal_signed_meanwhile_is_not_written_over_even_where_somebody_chooses_so(client):
    step, first, second, old = at_the_old_meter()
    client.force_login(first)
    photos = [tablet.picture(5)]
    late = tablet.envelope(
        step,
        first,
        sheet="removal",
        photos=photos,
        signing=False,
        values=removal_values(first, second, old.asset_number, reading_total=1),
    )
    for pair in late["fields"]:
        if pair[0] == "photos-0-shows":
            pair[1] = "reading"
    values = removal_values(first, second, old.asset_number, customer_signed_name="")
    signed = tablet.envelope(step, first, sheet="removal", values=values)
    receipt = tablet.send(client, signed)
    assert receipt["state"] == "applied", receipt["errors"]
    receipt = tablet.send(client, late, photos)
    assert (receipt["state"], receipt["conflict"]) == (
        "conflict",
        "The step was finished meanwhile.",
    )

    edition = Step.objects.get(pk=step.pk).sheet_edition
    answer = client.post(
        receipt["url"], {"how": "taken", "choice-reading_total": "mine", "edition": edition}
    )

    assert answer.status_code == 403
    assert Removal.objects.get(step=step).reading_total == 4821
    assert not MeterPhoto.objects.exists()
    assert Record.objects.get(uuid=late["uuid"]).state == "conflict"


def test_a_failed_check_is_not_written_over_by_a_second_tablet(client):
    step = works.received(works.case_at(Kind.MID_CHECK), Kind.MID_CHECK)
    inspector = works.worker(Kind.MID_CHECK)
    client.force_login(inspector)
    values = {
        "inspected_at": now(),
        "inspector": inspector.pk,
        "result": "failed",
        "defects__TOTAL_FORMS": 1,
        "defects__INITIAL_FORMS": 0,
        "defects__0__text": "接地电阻超标",
        "defects__0__cure_by": f"{timezone.localdate():%Y-%m-%d}",
    }
    first, second = (
        tablet.envelope(step, inspector, sheet="mid_check", values=values | {"remarks": remarks})
        for remarks in ("第一台", "第二台")
    )
    assert tablet.send(client, first)["state"] == "applied"

    receipt = tablet.send(client, second)

    assert receipt["state"] == "conflict"
    answer = client.post(receipt["url"], {"how": "taken", "choice-remarks": "mine"})
    assert answer.status_code == 403
    assert MidCheck.objects.get(step=step).remarks == "第一台"
