"""One sheet on the counter: its form, its equipment rows, its papers, and the page around them."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from applications import rules, services
from applications.forms import ApplicationForm, EquipmentForm, equipment_rows
from applications.models import Application, Equipment
from documents.checklist import requirements
from documents.models import Requirement
from workflow import actions, clocks, process
from workflow.guards import Refused
from workflow.models import Case, Step
from workflow.moves.unit_of_work import act
from workflow.process import Kind
from workflow.sheets import saving


class Intake:
    """What was typed and which button was pressed: save, accept, or check (look again)."""

    def __init__(
        self,
        request: HttpRequest,
        sheet: Application,
        equipment: list[Equipment],
        step: Step | None = None,
    ) -> None:
        self.request, self.step = request, step
        self.token = token_of(request)
        posted = request.POST if request.method == "POST" else None
        self.accepting = posted is not None and "accept" in posted
        self.form = ApplicationForm(
            posted, instance=sheet, accepting=self.accepting, by=request.user
        )
        self.form.equipment = self.equipment = equipment_rows(posted, equipment)
        if posted is not None:
            codes = set(Requirement.objects.values_list("code", flat=True))
            self.form.instance.papers = sorted(codes & set(posted.getlist("paper")))
            self.form.is_valid()

    @cached_property
    def handed_in(self) -> bool:
        """Something is to be written, and every value is well-formed."""
        looks = not {"check", "join"}.isdisjoint(self.request.POST)
        posted = self.request.method == "POST" and not looks
        valid = all([self.form.is_valid(), self.equipment.is_valid()])
        return posted and valid and not self.lacking

    @cached_property
    def papers(self) -> list[Requirement]:
        return published(self.form.instance)

    @cached_property
    def papers_missing(self) -> list[Requirement]:
        """The papers without which nothing starts, not ticked yet."""
        received = self.form.instance.papers
        return [p for p in self.papers if p.needed_to_start and p.code not in received]

    @cached_property
    def unexplained(self) -> bool:
        """There are similar cases, and no word on why this is another."""
        return bool(self.duplicates) and not self.form.instance.not_duplicate

    @cached_property
    def lacking(self) -> list[tuple[str, str, str]]:
        """What keeps the sheet from being accepted beside its fields: (place, name, message)."""
        bound = self.form["not_duplicate"]
        if not self.accepting:
            unsaid = self.related and not self.form.instance.not_duplicate
            how = _("Say how the two cases belong together.")
            return [(bound.id_for_label, bound.label, how)] if unsaid else []
        needed = _("Without this paper nothing is accepted.")
        found = [(f"paper-{paper.code}", paper.label, needed) for paper in self.papers_missing]
        if self.unexplained:
            why = _("There is a similar open case: look at it, then say why this is another.")
            found.append((bound.id_for_label, bound.label, why))
        return found

    @act
    def open(self) -> Case:
        """Open the case; accept it when that was asked for. Refused, nothing stands."""
        self.form.instance.token = self.token
        unit = self.form.cleaned_data.get("unit")
        sheet, rows = self.form.instance, self.equipment.rows
        act = services.take if self.accepting else services.open_draft
        try:
            case = act(sheet, rows, by=self.request.user, unit=unit)
            self._relate(case)
            return case
        except Refused:
            sheet.pk = sheet.step = sheet.saved_at = None
            raise

    def save(self) -> Step:
        """Keep the draft; accept it when that was asked for. Refused, the draft is as before."""
        by, sheet, saved_at = self.request.user, self.form.instance, self.form.instance.saved_at
        try:
            with saving(self.request, self.step):
                sheet = services.save_draft(self.step, sheet, self.equipment.rows, by=by)
                self._relate(sheet.step.case)
                return services.accept(sheet.step, by=by) if self.accepting else sheet.step
        except Refused:
            sheet.saved_at = saved_at
            raise

    def _relate(self, case: Case) -> None:
        """Keep the cases ticked as belonging together with this one."""
        reason = self.form.instance.not_duplicate
        for other in self.related:
            services.relate(case, other, by=self.request.user, reason=reason)

    def differs(self, kept: Application) -> bool:
        """What was typed is not what the sheet kept says; compared as it would be written."""
        typed = self.form.instance
        columns = [*self.form.Meta.fields, "papers"]
        if self.form.errors or any(getattr(typed, c) != getattr(kept, c) for c in columns):
            return True
        names = EquipmentForm.Meta.fields
        rows, listed = (
            [[getattr(row, name) for name in names] for row in several]
            for several in (self.equipment.rows, kept.equipment.all())
        )
        return rows != listed

    def is_of_customer(self, kept: Application) -> bool:
        """It is typed for the customer whom the sheet kept is for."""
        typed = self.form.instance
        same_number = typed.id_number and typed.id_number == kept.id_number
        return bool(same_number) or typed.customer_name == kept.customer_name

    @cached_property
    def duplicates(self) -> list[Application]:
        """Similar open cases, each with what it has in common with this one."""
        sheet = self.form.instance
        found = services.duplicates(sheet, self.request.user.unit)
        for other in found:
            other.common = sheet.same_as(other)
        return found

    @cached_property
    def related(self) -> list[Case]:
        """The similar cases that were ticked: this one is opened, and says that it knows them."""
        ticked = self.request.POST.getlist("relate")
        found = [other.step.case for other in self.duplicates]
        return [case for case in found if case.number in ticked]

    @property
    def joined(self) -> Case | None:
        """The similar case to which this request is joined, by its button."""
        number = self.request.POST.get("join")
        found = [other.step.case for other in self.duplicates] if number else []
        return next((case for case in found if case.number == number), None)

    @property
    def _may_discard(self) -> bool:
        return not actions.on_case("discard", self.step.case, self.request.user).why_not

    def page(self, refusal: Refused | None = None) -> HttpResponse:
        """The sheet as it stands; a refusal stands at its top."""
        if refusal is not None:
            self.form.add_error(None, refusal)
        sheet = self.form.instance
        context = {
            "form": self.form,
            "formsets": [self.equipment],
            "step": self.step,
            "case": self.step.case if self.step else None,
            "sheet": sheet,
            "address": self.step.get_absolute_url() if self.step else self.request.path,
            "token": self.token,
            "lacking": self.lacking,
            "requirements": self.papers,
            "papers_missing": self.papers_missing,
            "received": sheet.papers,
            "put_by": sorted(set(sheet.papers) - {paper.code for paper in self.papers}),
            "duplicates": self.duplicates,
            "related": [case.number for case in self.related],
            "consequences": rules.consequences(sheet),
            "still_missing": self.form.still_missing,
            "unexplained": self.unexplained,
            "afterwards": afterwards(sheet),
            "may_discard": self.step is not None and self._may_discard,
        }
        return render(self.request, "applications/intake.html", context)


def published(sheet: Application) -> list[Requirement]:
    """The papers of the published list that such a case needs at the counter."""
    found = requirements(
        customer_class=sheet.customer_class,
        business_type=sheet.business_type,
        existing_supply=sheet.existing_supply,
        importance=sheet.importance,
        asked_at=[Kind.APPLICATION],
    )
    return [p for p in found if sheet.agent_name or p.code != services.AGENT_PAPER]


def afterwards(sheet: Application) -> list[dict]:
    """What happens next if the sheet is accepted today: steps with promise, working days."""
    today = timezone.localdate()
    case = Case(**sheet.facts)
    calendar = clocks.calendar()
    kinds = [kind for kind in (Kind.SURVEY, Kind.PLAN) if process.applies(kind, case)]
    limits = [(kind, clocks.rule_for(case, kind, today)) for kind in kinds]
    return [
        {"label": kind.label, "days": rule.promise, "by": calendar.add(today, rule.promise)}
        for kind, rule in limits
        if rule
    ]


def token_of(request: HttpRequest) -> UUID | None:
    """Names the empty sheet; a browser that goes back or sends twice brings the same."""
    if request.method != "POST":
        return uuid4()
    try:
        return UUID(request.POST.get("token", ""))
    except ValueError:
        return None


def begun(request: HttpRequest) -> Step | None:
    """The step this very sheet has opened already; who presses at the same moment waits here.

    A look at the sheet, of which there are many while it is typed, waits for nobody.
    """
    token = token_of(request)
    if request.method != "POST" or token is None:
        return None
    if "check" not in request.POST:
        User.objects.select_for_update(of=("self",)).get(pk=request.user.pk)
    sheet = Application.objects.filter(token=token).select_related("step__case").first()
    return sheet.step if sheet else None
