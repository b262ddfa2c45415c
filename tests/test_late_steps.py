"""A late step says why: on every form that lets it go, and at the door itself."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from tests.factories import person
from tests.test_editions import AT_ONCE, DRAFTS, Typed, sheet, world
from workflow import clocks, moves
from workflow.guards import Refused
from workflow.models import Case, LateCause, Lateness, Step, StopReason
from workflow.process import Kind

__all__ = ["world"]

pytestmark = pytest.mark.django_db
FIELD = 'name="late_cause"'
ASKS = "choose the cause of lateness first"
# The forms by which a step is let go: whose case of the world, its step, and the address.
FORMS = {desk: (desk, kind, "") for desk, kind in DRAFTS.items()} | {
    # The plan is let go by the answer, the meter by its last sheet.
    "plan": ("approved", Kind.PLAN, "plans:answer"),
    "fees": ("fees", Kind.FEES, ""),
    "contract": ("contract", Kind.CONTRACT, ""),
    "power": ("meter", Kind.METER, ""),
    "missing": ("drawings", Kind.DRAWINGS, "works:drawings_missing"),
    "send_back": ("survey", Kind.SURVEY, "workflow:send_back"),
    "withdraw": ("survey", Kind.SURVEY, "workflow:withdraw"),
    "refuse": ("survey", Kind.SURVEY, "workflow:refuse"),
}
del FORMS["meter"]
WHO = {"plan": Role.PLANNER, "withdraw": Role.CLERK, "refuse": Role.APPROVER}


def make_late(step: Step) -> Step:
    Step.objects.filter(pk=step.pk).update(due_on=timezone.localdate() - timedelta(days=5))
    return Step.objects.select_related("case__unit", "owner").get(pk=step.pk)


def at(world: SimpleNamespace, form: str) -> tuple[Client, str, Step]:
    """Who lets the step go by this form, and its page."""
    desk, kind, name = FORMS[form]
    step = Case.objects.get(pk=getattr(world, desk).pk).step(kind)
    args = [step.case.number, step.pk] if form == "send_back" else [step.case.number]
    client = Client()
    role = WHO.get(form)
    client.force_login(person(role) if role else step.owner or person(step.process.role))
    return client, reverse(name, args=args) if name else step.get_absolute_url(), step


def test_every_step_has_a_form_here():
    assert {kind for _desk, kind, _name in FORMS.values()} == set(Kind)
    assert {*DRAFTS.values()} | AT_ONCE == set(Kind)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "power"])
def test_a_form_asks_for_the_cause_of_a_late_step_only(world, form):
    client, url, step = at(world, form)
    assert FIELD not in client.get(url).content.decode()

    make_late(step)

    page = client.get(url).content.decode()
    assert FIELD in page
    answer = client.post(url, Typed(page).fields | {"accept": "1"})
    assert answer.status_code in (200, 422)
    assert ASKS in answer.content.decode()
    assert Step.objects.get(pk=step.pk).is_live


def test_the_sheets_before_the_last_of_the_meter_do_not_ask(world):
    client, url, step = at(world, "power")
    make_late(step)
    assert FIELD not in client.get(url).content.decode()


@pytest.mark.parametrize("kind", list(Kind))
def test_the_door_lets_no_late_step_of_any_kind_go_without_a_cause(world, kind):
    desk = next(desk for desk, of, _name in FORMS.values() if of == kind)
    step = make_late(Case.objects.get(pk=getattr(world, desk).pk).step(kind))
    by = step.owner or person(step.process.role)

    for let_go in (
        lambda: moves.finish(step, by=by),
        lambda: moves.send_back(step, by=by, reason="缺图"),
        lambda: moves.hand_over(step, by=by),
    ):
        with pytest.raises(Refused, match=ASKS) as refused:
            let_go()
        fields = [getattr(error, "fields", ()) for error in refused.value.error_list]
        assert ("late_cause",) in fields
    assert not Lateness.objects.filter(step=step).exists()


def survey(world: SimpleNamespace) -> Step:
    step = Case.objects.get(pk=world.survey.pk).step(Kind.SURVEY)
    return make_late(step)


def test_step_event_board_and_case_page_keep_the_cause(world):
    step = survey(world)
    client, url, _step = at(world, "send_back")
    page = Typed(client.get(url).content.decode()).fields
    typed = page | {"reason": "缺图", "late_cause": "weather", "late_remark": "台风"}

    answer = client.post(url, typed)

    assert answer.status_code == 302, answer.content.decode()
    row = Lateness.objects.get(step=step)
    assert (row.cause.code, row.remark, row.by, row.owed) == ("weather", "台风", step.owner, False)
    [told] = step.case.events.get(verb="sent_back").data["late"]
    assert (told["cause"], told["remark"], told["due_on"]) == ("weather", "台风", f"{step.due_on}")
    boss = Client()
    boss.force_login(person(Role.SUPERVISOR))
    shown = boss.get(reverse("workflow:case", args=[step.case.number]), {"step": step.pk})
    assert "Weather or force majeure" in shown.content.decode()
    board = boss.get(reverse("workflow:board"))
    assert board.context["causes"] == [
        ("Force majeure", 1, [("Weather or force majeure", 1)]),
        ("No cause", 1, [("not said yet", 1)]),
    ]
    elsewhere = Client()
    elsewhere.force_login(person(Role.SUPERVISOR, at="bhxc"))
    assert elsewhere.get(reverse("workflow:board")).context["causes"] == []


def test_a_cause_that_says_nothing_needs_words_and_too_many_are_refused(world):
    step = survey(world)

    for remark in ("", " ", "长" * 201, "a\x00b"):
        with (
            pytest.raises(Refused) as refused,
            moves.because("other", remark),
        ):
            moves.send_back(step, by=step.owner, reason="缺图")
        assert refused.value.error_list[0].fields == ("late_remark",)
    for code in ("none", "a\x00b"):
        with pytest.raises(Refused, match=ASKS), moves.because(code):
            moves.send_back(step, by=step.owner, reason="缺图")
    LateCause.objects.filter(code="staff").update(active=False)
    with pytest.raises(Refused, match=ASKS), moves.because("staff"):
        moves.send_back(step, by=step.owner, reason="缺图")
    with moves.because("other", "钥匙丢失"):
        moves.send_back(step, by=step.owner, reason="缺图")
    assert Lateness.objects.get(step=step).remark == "钥匙丢失"


def test_nobody_is_asked_when_the_system_or_the_customer_lets_it_go(world):
    step = survey(world)

    with moves.by_customer():
        moves.send_back(step, by=None, reason="客户在网上答复")

    row = Lateness.objects.get(step=step)
    assert (row.cause, row.by, row.owed) == (None, None, False)


def test_a_step_stopped_when_it_was_late_stays_late_and_one_in_time_does_not(world):
    step = survey(world)
    step.in_hand_since = timezone.now() - timedelta(days=20)
    step.save(update_fields=["in_hand_since"])
    reason = {"party": "客户", "evidence": "函", "by": step.owner}
    listed = StopReason.objects.get(code="papers")
    review = clocks.calendar().add(timezone.localdate(), 3)
    moves.stop(step, reason=listed, review_on=review, **reason)

    with pytest.raises(Refused, match=ASKS):
        moves.send_back(step, by=step.owner, reason="缺图")


def test_the_form_of_the_case_asks_once_for_all_its_late_steps(world):
    client, url, step = at(world, "refuse")
    make_late(step)

    answer = client.post(url, {"reason": "无电源点", "late_cause": "outage"})

    assert answer.status_code == 302, answer.content.decode()
    assert Lateness.objects.get(step=step).cause.code == "outage"


def test_a_draft_is_saved_without_a_cause(world):
    step = survey(world)
    client, url = sheet(world, "survey")

    answer = client.post(url, Typed(client.get(url).content.decode()).fields | {"save": "1"})

    assert answer.status_code == 302
    assert Step.objects.get(pk=step.pk).is_live
