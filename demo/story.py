"""The customer of DOMAIN section 1, frozen where it went wrong, and where this product stops it.

王小明 shares a meter with 张建国, quarrels with him about the bill and applies for an own account.
Each case below is the same story stopped at another turning point.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.roles import Role
from demo import walk
from demo.walk import Stage
from surveys import services as surveys
from surveys.models import Candidate, Consent, SourcePoint
from workflow import clocks, moves
from workflow.models import Case, StopReason
from workflow.process import BusinessType, CustomerClass, Kind

CO_USER = "张建国（3 单元 101）"


def application(stage: Stage, name: str = "王小明", **columns):
    """What he applies for, with the present supply told."""
    return walk.sheet(
        stage,
        BusinessType.SEPARATION,
        CustomerClass.LV_RESIDENTIAL,
        customer_name=name,
        street="人民路 8 号院",
        room="3 单元 201 室",
        existing_supply="shared",
        account_number="",
        shared_account=columns.pop("shared_account", "0312 0045 871"),
        co_users=f"{CO_USER} 139 0000 2231",
        disputed=True,
        dispute="合表电费分摊",
        new_kw=8,
        not_duplicate="同一单元的另一户，已核对",
        **columns,
    )


def accepted(stage: Stage) -> Case:
    """Turning point 1: intake asked about the present supply, so nothing can be charged yet."""
    case = walk.take(stage, application(stage))
    walk.contact(stage, case, "已告知：先查勘、后方案，此前不收任何费用")
    return case


def surveyed(stage: Stage, case: Case) -> tuple[Candidate, Candidate]:
    """On site: point A is the old tap, point B the box in the yard."""
    step = case.step(Kind.SURVEY)
    by = stage.worker(step)
    survey = surveys.begin(step, by=by)
    points = SourcePoint.objects.order_by("pk")
    found = []
    for place, metres in ((points[0], 6), (points[1], 42)):
        found.append(
            surveys.measure(
                Candidate(
                    source_point=place,
                    distance_m=metres,
                    cable_m=metres,
                    consent_needed=True,
                    works="进户电缆",
                ),
                step=survey.step,
                by=by,
            )
        )
    for title in ("原接户点", "单元表箱"):
        walk.add_photo(stage, survey.step, title, by)
    return found[0], found[1]


def ask(stage: Stage, candidate: Candidate, kind: str, party: str) -> Consent:
    """Ask a third party for consent."""
    consent = Consent(
        party_kind=kind,
        party=party,
        phone="139 0000 2231",
        subject="从此处接电、敷设电缆",
        asked_on=timezone.localdate(),
        asked_how="in_person",
    )
    by = stage.worker(candidate.survey.step)
    return surveys.ask_consent(consent, candidate=candidate, by=by)


def refuses(stage: Stage, consent: Consent) -> None:
    """The co-user says no; the customer is told in writing, with options."""
    surveys.answer_consent(
        consent,
        by=stage.worker(consent.candidate.survey.step),
        answer=Consent.Answer.NO,
        on=timezone.localdate(),
        words="不同意从原接户点 T 接",
        options="改由院内 2# 分支箱接电，须业委会同意；或请社区调解",
    )


def neighbour_refused(stage: Stage) -> Case:
    """Turning point 2: the co-user refuses the tap; the other point waits for a committee."""
    case = accepted(stage)
    stage.clock.next_day()
    old, other = surveyed(stage, walk.fresh(case))
    refuses(stage, ask(stage, old, "co_user", CO_USER))
    ask(stage, other, "owners", "业委会 王主任")
    walk.contact(
        stage,
        case,
        "告知正征求业委会意见，答应回电",
        promised_on=timezone.localdate() + timedelta(days=3),
    )
    return case


def stopped(stage: Stage) -> Case:
    """Turning point 3: the clock stands still for the third party, with a review date and a cap."""
    case = neighbour_refused(stage)
    step = walk.fresh(case).step(Kind.SURVEY)
    moves.stop(
        step,
        by=stage.worker(step),
        reason=StopReason.objects.get(code="third_party"),
        party="业委会 王主任",
        evidence="征询函 2026-0188",
        review_on=clocks.calendar().add(timezone.localdate(), 5),
    )
    return case


def solved(stage: Stage) -> Case:
    """How it ends here: the committee agrees, the plan is accepted, the power is on."""
    case = neighbour_refused(stage)
    stage.clock.next_day()
    step = walk.fresh(case).step(Kind.SURVEY)
    other = step.survey.candidates.get(label="B")
    surveys.answer_consent(
        other.consents.get(),
        by=stage.worker(step),
        answer=Consent.Answer.YES,
        on=timezone.localdate(),
        words="同意走院内管线",
        expires_on=timezone.localdate() + timedelta(days=365),
    )
    other.refresh_from_db()
    other.workable = True
    surveys.measure(other, step=step, by=stage.worker(step))
    walk.sign_survey(stage, walk.fresh(case).step(Kind.SURVEY))
    stage.clock.next_day()
    return walk.walk(stage, case)


def refused(stage: Stage) -> Case:
    """Nobody agrees and no other point exists: refused in plain words, in writing, with options."""
    case = accepted(stage)
    stage.clock.next_day()
    old, other = surveyed(stage, walk.fresh(case))
    refuses(stage, ask(stage, old, "co_user", CO_USER))
    refuses(stage, ask(stage, other, "owners", "业委会 王主任"))
    stage.clock.next_day()
    return moves.refuse(
        walk.fresh(case),
        by=stage.who(Role.SUPERVISOR),
        reason="原接户点共用人不同意，院内分支箱业委会不同意，附近没有其他可用的电源点。"
        "可申请社区调解，或待 2027 年院内改造后重新申请。",
    )


STORIES = {
    # name → the function, and how many working days ago the story began
    "accepted": (accepted, 1),
    "neighbour_refused": (neighbour_refused, 8),
    "stopped": (stopped, 5),
    "solved": (solved, 20),
    "refused": (refused, 12),
}
