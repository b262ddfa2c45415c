"""What must hold before a survey is signed. A survey cannot be waived."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.models import Candidate, Consent, Survey
from workflow.guards import Guard
from workflow.models import Step
from workflow.moves.countersign import waits_for, way_to_confirm
from workflow.process import HV, Kind


def _address(step: Step, name: str, *args: Any) -> str:
    return reverse(f"surveys:{name}", args=[step.case.number, *args])


def _was_on_site(step: Step) -> bool:
    survey = Survey.read(step)
    return bool(survey and survey.was_on_site)


def _enough_surveyors(step: Step) -> bool:
    survey = Survey.read(step)
    return bool(survey) and len(survey.surveyors) >= survey.surveyors_needed


def _who_is_missing(step: Step) -> str:
    if step.case.customer_class in HV:
        return _("High voltage needs two surveyors on site.")
    return _("The surveyor is not named.")


def _is_filled_in(step: Step) -> bool:
    survey = Survey.read(step)
    return bool(survey) and not survey.missing


def what_is_empty(survey: Survey | None) -> str:
    """What still has to be filled in on the sheet itself."""
    if survey is None:
        return _("The survey sheet is not begun.")
    labels = [str(survey._meta.get_field(name).verbose_name) for name in survey.missing]
    return _("Not filled in on the sheet: %(fields)s.") % {"fields": _(", ").join(labels)}


def _what_is_empty(step: Step) -> str:
    return what_is_empty(Survey.read(step))


def _enough_points(step: Step) -> bool:
    survey = Survey.read(step)
    if survey is None:
        return False
    return sum(c.is_measured for c in survey.points) >= survey.points_needed


def _how_many_points(step: Step) -> str:
    survey = Survey.read(step)
    if survey and survey.contested:
        return _(
            "The supply is shared, resold or disputed: at least two source points must be measured."
        )
    return _("No source point is measured (distance and capacity).")


def _is_decided(step: Step) -> bool:
    survey = Survey.read(step)
    return bool(survey) and survey.can_supply is True


def _no_supply(step: Step) -> str:
    survey = Survey.read(step)
    if survey is None or survey.can_supply is None:
        return _("It is not decided whether this site can be supplied.")
    return _(
        "The survey found that it cannot be supplied: %(reason)s. Try another source point, "
        "or let the supervisor refuse the case with this reason."
    ) % {"reason": survey.no_supply_reason.rstrip(" .。")}


def _point_to_use(step: Step) -> bool:
    survey = Survey.read(step)
    if survey is None:
        return False
    points = survey.points
    if not points and not survey.needs_point:
        return True
    today = timezone.localdate()
    return any(point.can_be_used(today) for point in points)


def why_not_usable(point: Candidate, today: date) -> str:
    """Why a plan cannot use this point, naming the party and since when."""
    open_consents = point.open_consents(today)
    if open_consents:
        return _("; ").join(_why_open(consent, today) for consent in open_consents)
    if point.workable is False:
        return point.why_not.rstrip(" .。")
    if not point.is_cleared(today):
        return _("nobody has been asked for the consent it needs")
    return _("not judged yet") if point.workable is None else ""


def _why_open(consent: Consent, today: date) -> str:
    asked = _day(consent.asked_on)
    who = {"party": consent.party, "kind": consent.get_party_kind_display(), "asked": asked}
    if consent.is_refused:
        return _("%(party)s (%(kind)s) refuses since %(day)s") % {
            **who,
            "day": _day(consent.answered_on),
        }
    if consent.is_withdrawn:
        return _("%(party)s (%(kind)s) withdrew the consent on %(day)s") % {
            **who,
            "day": _day(consent.answered_on),
        }
    if consent.has_expired(today):
        return _("the consent of %(party)s (%(kind)s) ended on %(day)s") % {
            **who,
            "day": _day(consent.expires_on),
        }
    if consent.answer:
        return _("%(party)s (%(kind)s) was not reached, asked on %(asked)s") % who
    return _("%(party)s (%(kind)s) has not answered since %(asked)s") % who


def _day(day: date) -> str:
    return date_format(day, "Y-m-d")


def _no_point(step: Step) -> str:
    survey = Survey.read(step)
    points = survey.points if survey else []
    if not points:
        return _("There is no workable source point.")
    today = timezone.localdate()
    found = [f"{point}: {why_not_usable(point, today)}" for point in points]
    return _("No source point can be used. %(points)s.") % {"points": " · ".join(found)}


def _open_consent(step: Step) -> Consent | None:
    """The consent the survey waits for: unanswered before refused or expired."""
    survey = Survey.read(step)
    today = timezone.localdate()
    found = [
        consent
        for point in (survey.points if survey else ())
        for consent in point.open_consents(today)
    ]
    return min(found, key=lambda c: (not c.is_unanswered, c.asked_on), default=None)


def _who_holds_it_up(step: Step) -> Any:
    consent = _open_consent(step)
    if consent and consent.is_unanswered:
        return _("%(owner)s, waits for %(party)s") % {
            "owner": step.owner or step.role_label,
            "party": consent.party,
        }
    return step.owner or step.role_label


def _since_asked(step: Step) -> date | None:
    consent = _open_consent(step)
    return (consent.answered_on or consent.asked_on) if consent else step.since


def _next_with_points(step: Step) -> tuple[Any, str]:
    consent = _open_consent(step)
    if consent and consent.is_unanswered:
        return _("Record the answer"), _address(step, "answer", consent.pk)
    return _("Add a source point"), _address(step, "point_new")


def _is_confirmed(step: Step) -> bool:
    survey = Survey.read(step)
    return survey is None or not survey.waits


def _who_confirms(step: Step) -> str:
    survey = Survey.read(step)
    return waits_for(survey) if survey else ""


def _second(step: Step) -> Any:
    survey = Survey.read(step)
    return (survey and survey.second) or step.owner or step.role_label


def _since_presented(step: Step) -> date | None:
    survey = Survey.read(step)
    return timezone.localdate(survey.presented_at) if survey and survey.presented_at else step.since


def _was_presented(step: Step) -> bool:
    survey = Survey.read(step)
    return bool(survey and survey.presented_at)


def _way_to_confirm(step: Step) -> tuple[Any, str]:
    survey = Survey.read(step)
    return way_to_confirm(survey) if survey else ("", "")


GUARDS = {
    Kind.SURVEY: (
        Guard(
            _was_on_site,
            reason=gettext_lazy("Nobody has been on site yet."),
            met=gettext_lazy("The site was visited."),
            fields=("on_site_at",),
        ),
        Guard(
            _enough_surveyors,
            reason=_who_is_missing,
            met=gettext_lazy("The surveyors are named."),
            fields=("second_surveyor", "surveyor"),
        ),
        Guard(
            _is_filled_in,
            reason=_what_is_empty,
            met=gettext_lazy("The sheet is filled in."),
            fields=Survey.NEEDED,
        ),
        Guard(
            _enough_points,
            reason=_how_many_points,
            met=gettext_lazy("Enough source points are measured."),
            remedy=lambda step: (_("Add a source point"), _address(step, "point_new")),
        ),
        Guard(
            _is_decided,
            reason=_no_supply,
            met=gettext_lazy("It can be supplied."),
            fields=("can_supply",),
        ),
        Guard(
            _point_to_use,
            reason=_no_point,
            met=gettext_lazy("A workable source point stands, with every consent it needs."),
            owes=_who_holds_it_up,
            since=_since_asked,
            remedy=_next_with_points,
        ),
        Guard(
            _is_confirmed,
            reason=_who_confirms,
            met=gettext_lazy("The second surveyor confirms what was found."),
            owes=_second,
            since=_since_presented,
            remedy=_way_to_confirm,
            applies=_was_presented,
        ),
    )
}
