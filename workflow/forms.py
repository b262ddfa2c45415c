"""What lists are asked for, and what a person types when a case is moved by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit, User
from accounts.roles import Role
from workflow import clocks, process, queue, stops
from workflow.calendar import Calendar
from workflow.models import Case, Step, StopReason
from workflow.paging import whole_number
from workflow.process import BusinessType, CustomerClass, Kind
from workflow.sheets import DressedForm, dress

LONG = {"max_length": 1000, "widget": forms.Textarea(attrs={"rows": 3})}


def _any(label: Any, choices: list) -> list:
    """Choices headed by "all of them"."""
    return [("", label), *choices]


class QueueForm(forms.Form):
    """The filters of the desk: a GET form; what is not understood is left out, never an error."""

    q = forms.CharField(required=False, max_length=100)
    owner = forms.ChoiceField(required=False)
    step = forms.ChoiceField(required=False)
    customer_class = forms.ChoiceField(required=False)
    type = forms.ChoiceField(required=False)
    unit = forms.ChoiceField(required=False)
    tab = forms.ChoiceField(required=False, choices=list(queue.TABS.items()))
    age = forms.IntegerField(required=False, min_value=0, max_value=len(queue.BANDS))

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        owners = [
            ("", _("Owner: my office")),
            ("me", _("Owner: me")),
            ("unclaimed", _("Owner: nobody")),
            ("left", _("Case: nobody who can answer for it")),
            ("all", _("Owner: anyone, every step")),
        ]
        asked = data.get("owner", "")
        if whole_number(asked) is not None:
            theirs = Step.objects.visible_to(user).filter(owner=OuterRef("pk"))
            person = User.objects.filter(Exists(theirs), pk=asked).first()
            owners += [(asked, _("Owner: %(person)s") % {"person": person})] if person else []
        self.fields["owner"].choices = owners
        self.fields["step"].choices = _any(_("Step: all"), Kind.choices)
        self.fields["customer_class"].choices = _any(_("Class: all"), CustomerClass.choices)
        self.fields["type"].choices = _any(_("Type: all"), BusinessType.choices)
        _units(self, user)
        dress(self)
        self.full_clean()

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters that were understood."""
        return self.cleaned_data

    @property
    def selects(self) -> list[tuple[forms.BoundField, str]]:
        """The selects with their labels, in order; the unit only where there is a choice."""
        shown = [
            ("owner", _("Owner")),
            ("step", _("Step")),
            ("customer_class", _("Class")),
            ("type", _("Type")),
            ("unit", _("Unit")),
        ]
        return [(self[name], label) for name, label in shown if name in self.fields]

    @property
    def narrowed(self) -> bool:
        """Whether anything but the tab was asked for."""
        return any(value not in (None, "") for name, value in self.chosen.items() if name != "tab")


def indented(unit: Unit, depth: int = 1) -> str:
    """An office in a list of the tree, set in by how far it lies below the given depth."""
    return "\u2003" * (unit.path.count("/") - depth) + unit.name


def _units(form: forms.Form, user: User) -> None:
    """Give a form's `unit` the offices below the person; take it away where there is only one."""
    if user.unit.level == Unit.Level.STATION:
        del form.fields["unit"]
        return
    depth = user.unit.path.count("/")
    units = [(unit.path, indented(unit, depth)) for unit in Unit.objects.under(user.unit)]
    form.fields["unit"].choices = _any(_("Unit: all"), units)


class SearchForm(forms.Form):
    """The search over all cases, open and closed."""

    q = forms.CharField(required=False, max_length=100)
    state = forms.ChoiceField(required=False)
    customer_class = forms.ChoiceField(required=False)
    unit = forms.ChoiceField(required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.fields["state"].choices = _any(_("State: all"), Case.State.choices)
        self.fields["customer_class"].choices = _any(_("Class: all"), CustomerClass.choices)
        _units(self, user)
        dress(self)
        self.full_clean()

    @property
    def chosen(self) -> dict[str, Any]:
        return self.cleaned_data

    @property
    def selects(self) -> list[tuple[forms.BoundField, str]]:
        shown = [("state", _("State")), ("customer_class", _("Class")), ("unit", _("Unit"))]
        return [(self[name], label) for name, label in shown if name in self.fields]


class BoardForm(forms.Form):
    """Whose figures the board shows."""

    unit = forms.ChoiceField(required=False)
    customer_class = forms.ChoiceField(required=False)

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data)
        self.fields["customer_class"].choices = _any(_("Class: all"), CustomerClass.choices)
        _units(self, user)
        dress(self)
        self.full_clean()

    @property
    def selects(self) -> list[tuple[forms.BoundField, str]]:
        shown = [("unit", _("Unit")), ("customer_class", _("Class"))]
        return [(self[name], label) for name, label in shown if name in self.fields]


# Moves by hand ----------------------------------------------------------------------------------


class PersonField(forms.ModelChoiceField):
    """A colleague, with the office and how much they have on the desk."""

    def label_from_instance(self, person: User) -> str:
        return _("%(person)s · %(unit)s · %(n)s open") % {
            "person": person,
            "unit": person.unit,
            "n": person.open_steps,
        }


def people_for(case: Case, role: str) -> QuerySet[User]:
    """Who is there to do the work of a role on a case: in its office and those above, with their
    load.
    """
    return (
        User.objects.with_role(role, Unit.objects.over(case.unit))
        .select_related("unit")
        .annotate(open_steps=Count("steps", filter=Q(steps__state__in=Step.LIVE)))
        .order_by("-unit__path", "name")
    )


def nobody_for(roles: Iterable[Any]) -> str:
    """Why nobody can be chosen for work of these roles, and what to do."""
    return _(
        "Nobody else who does this work is there, in the office or above it: %(roles)s. People on "
        "leave are not offered. Ask the administrator to give somebody the role, or hand the case "
        "to another office."
    ) % {"roles": _(", ").join(sorted(map(str, roles)))}


class AssignForm(DressedForm):
    to = PersonField(label=gettext_lazy("Hand to"), queryset=User.objects.none())
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, step: Step, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = people_for(step.case, step.process.role)
        people = people.exclude(pk=step.owner_id) if step.owner_id else people
        self.fields["to"].queryset = people
        self.nobody = "" if people.exists() else nobody_for([step.role_label])


class StopForm(DressedForm):
    """Stop the clock: everything a stop must name (DOMAIN section 4)."""

    reason = forms.ModelChoiceField(
        label=gettext_lazy("Listed reason"), queryset=StopReason.objects.none()
    )
    party = forms.CharField(label=gettext_lazy("Who is waited for"), max_length=120)
    evidence = forms.CharField(
        label=gettext_lazy("Evidence"),
        help_text=gettext_lazy(
            "Letter, call, photo or paper that shows it, with its number and day."
        ),
        **LONG,
    )
    review_on = forms.DateField(
        label=gettext_lazy("Review on"),
        help_text=gettext_lazy("A working day after today, not after the cap of the reason."),
    )

    def __init__(self, *args: Any, step: Step, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        fitting = [reason.pk for reason in stops.offered(step)]
        reason.queryset = StopReason.objects.filter(pk__in=fitting)
        reason.error_messages["invalid_choice"] = stops.unfit()
        again = set() if by.steers else stops.given_before(step)
        with_cap = partial(self._with_cap, clocks.calendar(), timezone.localdate(), again)
        reason.label_from_instance = with_cap

    @staticmethod
    def _with_cap(calendar: Calendar, today: date, again: set[int], reason: StopReason) -> str:
        if reason.pk in again:
            return _("%(reason)s: a second time, only by the supervisor") % {"reason": reason}
        cap_on = calendar.add(today, reason.cap)
        return _("%(reason)s: at most %(n)s wd, runs again after %(day)s") % {
            "reason": reason,
            "n": reason.cap,
            "day": f"{cap_on:%Y-%m-%d}",
        }


class ResumeForm(DressedForm):
    note = forms.CharField(label=gettext_lazy("What came in"), required=False, **LONG)


class SendBackForm(DressedForm):
    to = forms.ChoiceField(label=gettext_lazy("Back to"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("What is missing or wrong; whoever does the next round reads this."),
        **LONG,
    )

    def __init__(self, *args: Any, step: Step, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        earlier = [
            kind
            for kind in process.PROCESS
            if step.kind in process.descendants(kind)
            and step.case.state == Case.State.OPEN
            and (before := step.case.step(kind))
            and not before.is_void
        ]
        here = _("%(step)s: this step again") % {"step": step.get_kind_display()}
        self.fields["to"].choices = [
            (step.kind, here),
            *((kind, Kind(kind).label) for kind in reversed(earlier)),
        ]
        self.fields["to"].initial = step.kind


class ReasonForm(DressedForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason in plain words"),
        help_text=gettext_lazy("The customer reads it as it stands here."),
        **LONG,
    )


class WithdrawForm(ReasonForm):
    """A withdrawal, in the customer's own words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("Why, in the customer's words")
        self.fields["reason"].help_text = _("As the customer said or wrote it.")


class RefuseForm(ReasonForm):
    """A refusal: why, and what the customer can do instead."""

    options = forms.CharField(
        label=gettext_lazy("What the customer can do instead"),
        help_text=gettext_lazy(
            "One a line, such as another source point or a smaller capacity. "
            "The notice adds the ways open to everybody."
        ),
        required=False,
        **LONG,
    )


class GroundsForm(DressedForm):
    grounds = forms.CharField(
        label=gettext_lazy("Ground"),
        help_text=gettext_lazy("Credit grade, guarantee or special need."),
        **LONG,
    )


class FastLaneForm(DressedForm):
    """What may be finished after power on, and until when (DOMAIN section 8)."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("May be finished after power on"), widget=forms.CheckboxSelectMultiple
    )
    until = forms.DateField(label=gettext_lazy("Until"))
    note = forms.CharField(label=gettext_lazy("Note"), required=False, **LONG)

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].choices = [
            (kind, Kind(kind).label)
            for kind in process.kinds_of(case)
            if process.PROCESS[kind].deferrable
        ]


class FactsForm(forms.ModelForm):
    """Facts that decide which steps apply, corrected by a supervisor."""

    note = forms.CharField(label=gettext_lazy("Why is it corrected?"), max_length=300)

    class Meta:
        model = Case
        fields = [
            "business_type",
            "customer_class",
            "existing_supply",
            "disputed",
            "capacity_kva",
            "importance",
            "special_load",
            "concealed_works",
            "line_works",
            "customer_works",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not set(self.changed_data) & set(self.Meta.fields):
            raise forms.ValidationError(
                _("Nothing was changed: every fact is as it was. Correct the one that is wrong.")
            )
        return cleaned

    @property
    def facts(self) -> dict[str, Any]:
        """The facts as typed, for `moves.set_facts`."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class OfficeForm(DressedForm):
    """The office to which a case is handed, of the whole tree, and why."""

    unit = forms.ModelChoiceField(label=gettext_lazy("Office"), queryset=Unit.objects.none())
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Such as: the site lies in their area. The other office reads it."),
        **LONG,
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit = self.fields["unit"]
        unit.queryset = Unit.objects.exclude(pk=case.unit_id)
        unit.label_from_instance = indented


class LeaveForm(forms.ModelForm):
    """The days of a leave, and who stands in: a colleague who sees the same cases and shares a
    role.
    """

    class Meta:
        model = User
        fields = ["away_from", "away_until", "stand_in"]
        help_texts = {
            "away_until": gettext_lazy("The last day away. Empty both days for: no leave."),
            "stand_in": gettext_lazy(
                "Is given the open steps and the reminders. Without one, steps go back to the "
                "queue and reminders to the supervisor."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person = self.instance
        self.fields["stand_in"].queryset = (
            # Also who is on leave today: they may be back by then.
            User.objects.filter(is_active=True, groups__in=person.groups.all())
            .filter(unit__in=Unit.objects.over(person.unit))
            .exclude(pk=person.pk)
            .select_related("unit")
            .order_by("-unit__path", "name")
            .distinct()
        )
        self.fields["stand_in"].label_from_instance = self._with_office
        dress(self)

    @staticmethod
    def _with_office(person: User) -> str:
        return f"{person} · {person.unit}"


class ReassignForm(DressedForm):
    """Several steps to one colleague; each choice says how many of them the person could do, who
    can do most comes first.
    """

    to = forms.ModelChoiceField(label=gettext_lazy("Hand to"), queryset=User.objects.none())
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, steps: list[Step], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.steps = steps
        roles = {step.process.role for step in steps}
        paths = {path for step in steps for path in step.case.unit.lineage}
        people = (
            User.objects.at_work()
            .filter(groups__name__in=roles, unit__path__in=paths)
            .distinct()
            .select_related("unit")
            .prefetch_related("groups")
        )
        can_do = {person: n for person in people if (n := self._can_do(person))}
        self.most = max(can_do.values(), default=0)
        to = self.fields["to"]
        to.queryset = User.objects.filter(pk__in=[person.pk for person in can_do])
        to.choices = [
            ("", to.empty_label),
            *(
                (person.pk, self._label(person, can_do[person]))
                for person in sorted(can_do, key=can_do.__getitem__, reverse=True)
            ),
        ]

    def _can_do(self, person: User) -> int:
        """How many of the steps that somebody else has now."""
        held = {group.name for group in person.groups.all()}
        return sum(
            step.process.role in held
            and step.case.unit.path.startswith(person.unit.path)
            and step.owner_id != person.pk
            for step in self.steps
        )

    def _label(self, person: User, n: int) -> str:
        return _("%(person)s · %(unit)s · can do %(n)s of %(all)s") % {
            "person": person,
            "unit": person.unit,
            "n": n,
            "all": len(self.steps),
        }

    @property
    def hint(self) -> str:
        """What to do where nobody can do all of the steps, or any of them."""
        if not self.most:
            return nobody_for(Role(role).label for role in {s.process.role for s in self.steps})
        if self.most < len(self.steps):
            return _(
                "Nobody can do all of these steps. Hand over part of them, then select the others "
                "and choose somebody else for them."
            )
        return ""
