"""Where does it hurt? The figures of the supervisor, each leading to the list behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from workflow import clocks, queue
from workflow.models import Alert, Case, LateCause, Lateness, Pause, Step
from workflow.process import PROCESS, CustomerClass, Kind
from workflow.queue import BANDS, at_midnight, in_band, silent_before
from workflow.reminders import last_sweep

WORST = 50
SOON = 2
# The calendar days over which causes of lateness are counted.
CAUSES_OF = 30
# The sweep may miss two turns before somebody must look.
MISSED_TURNS = 3


@dataclass(frozen=True)
class Cell:
    """A counted cell: how many, how many of them past the promise, and the list behind it."""

    n: int
    late: int = 0
    url: str = ""

    @property
    def css(self) -> str:
        """The heat: the share past the promise."""
        if not self.n:
            return "a0"
        share = self.late / self.n
        return (
            "a5"
            if share == 1
            else "a4"
            if share > 0.5
            else "a3"
            if share > 0.25
            else "a2"
            if share
            else "a1"
        )


@dataclass
class Line:
    """A link of the chain on the board."""

    kind: str
    bands: list[Cell] = field(default_factory=list)
    classes: list[Cell] = field(default_factory=list)
    open: Cell = field(default_factory=lambda: Cell(0))
    overdue: Cell = field(default_factory=lambda: Cell(0))

    @property
    def label(self) -> str:
        return Kind(self.kind).label


class Board:
    """The figures of the offices a person sees, narrowed by unit and class."""

    def __init__(self, user: User, today: date, chosen: dict[str, Any]) -> None:
        self.user, self.today = user, today
        self.narrowed = {key: value for key, value in chosen.items() if value}
        steps, cases = Step.objects.visible_to(user), Case.objects.open().visible_to(user)
        if unit := chosen.get("unit"):
            steps, cases = (
                steps.filter(unit__path__startswith=unit),
                cases.filter(unit__path__startswith=unit),
            )
        if group := chosen.get("customer_class"):
            steps, cases = (
                steps.filter(case__customer_class=group),
                cases.filter(customer_class=group),
            )
        self.all_steps: QuerySet[Step] = steps
        self.steps: QuerySet[Step] = steps.live()
        self.cases: QuerySet[Case] = cases
        self.groups = list(self._grouped())

    def _grouped(self):
        """One query: every figure that is a sum over live steps, by link and class."""
        late = Q(due_on__lt=self.today)
        soon_until = clocks.calendar().add(self.today, SOON)
        figures = {
            "open": Count("pk"),
            "overdue": Count("pk", filter=late),
            "very_late": Count("pk", filter=Q(due_on__lt=clocks.calendar().add(self.today, -5))),
            "soon": Count("pk", filter=Q(due_on__range=(self.today, soon_until))),
            "unclaimed": Count("pk", filter=Q(owner=None)),
            "stopped": Count("pk", filter=Q(state=Step.State.STOPPED)),
            "customer": Count("pk", filter=Q(state=Step.State.WITH_CUSTOMER)),
        }
        for band in range(len(BANDS) + 1):
            inside = in_band(band, self.today)
            figures[f"band{band}"] = Count("pk", filter=inside)
            figures[f"late{band}"] = Count("pk", filter=inside & late)
        return self.steps.order_by().values("kind", "case__customer_class").annotate(**figures)

    def url(self, **filters: Any) -> str:
        """The list behind a figure."""
        asked = {"owner": "all", **self.narrowed, **filters}
        return f"{reverse('workflow:desk')}?{urlencode(asked)}"

    def total(self, figure: str) -> int:
        return sum(group[figure] for group in self.groups)

    def lines(self) -> list[Line]:
        """The heat map: each link by age, then by class."""
        return [self._line(kind) for kind in PROCESS]

    def _line(self, kind: str) -> Line:
        groups = [group for group in self.groups if group["kind"] == kind]

        def summed(figure: str) -> int:
            return sum(group[figure] for group in groups)

        by_class = {group["case__customer_class"]: group for group in groups}
        return Line(
            kind,
            [
                Cell(summed(f"band{n}"), summed(f"late{n}"), self.url(step=kind, age=n))
                for n in range(len(BANDS) + 1)
            ],
            [
                Cell(
                    by_class[name]["open"],
                    by_class[name]["overdue"],
                    self.url(step=kind, customer_class=name),
                )
                if name in by_class
                else Cell(0)
                for name in CustomerClass.values
            ],
            Cell(summed("open"), 0, self.url(step=kind)),
            Cell(summed("overdue"), 0, self.url(step=kind, tab="overdue")),
        )

    @staticmethod
    def band_labels() -> list[str]:
        """The heads of the age bands, in working days."""
        firsts = [0, *(limit + 1 for limit in BANDS)]
        names = [f"{first}–{last}" for first, last in zip(firsts, BANDS, strict=False)]
        return [*names, _("over %(n)s") % {"n": BANDS[-1]}]

    def silent(self) -> dict[str, int]:
        """Cases without news past the limit, and the longest of them in working days."""
        found = self.cases.filter(
            last_contact_at__lt=at_midnight(silent_before(self.today))
        ).aggregate(n=Count("pk"), first=Min("last_contact_at"))
        first = timezone.localdate(found["first"]) if found["first"] else self.today
        return {"n": found["n"], "longest": clocks.calendar().between(first, self.today)}

    def left(self) -> int:
        """Open steps of cases that nobody is there to answer for."""
        return self.steps.filter(case__in=Case.objects.left(self.today)).count()

    def stops(self) -> dict[str, int]:
        """Stops whose review day has passed, and those near their cap (two working days)."""
        return Pause.objects.filter(
            ended_at=None, reason__isnull=False, step__in=self.steps
        ).aggregate(
            past=Count("pk", filter=Q(review_on__lt=self.today)),
            capped=Count("pk", filter=Q(cap_on__lte=clocks.calendar().add(self.today, SOON))),
        )

    def causes(self) -> list[tuple[str, int, list[tuple[str, int]]]]:
        """Why steps were let go late in the last days (`CAUSES_OF`): each party with its count,
        and its causes, the most frequent first; at last what nobody was asked, or has not said.
        """
        since = at_midnight(self.today - timedelta(days=CAUSES_OF))
        rows = Lateness.objects.filter(at__gte=since, step__in=self.all_steps)
        counted = list(
            rows.order_by()
            .values("owed", *(f"cause__{name}" for name in ("party", "label_zh", "label_en")))
            .annotate(n=Count("pk"))
            .order_by("-n", "cause__pk")
        )
        found = []
        for party, label in [*LateCause.Party.choices, (None, _("No cause"))]:
            lines = [(_cause(row), row["n"]) for row in counted if row["cause__party"] == party]
            if lines:
                found.append((label, sum(n for _name, n in lines), lines))
        return found

    def worst(self) -> list[queue.Row]:
        """The steps longest past their promise."""
        late = self.steps.filter(due_on__lt=self.today).order_by("due_on", "pk")[:WORST]
        steps = queue.listed(Step.objects.filter(pk__in=late.values("pk"))).order_by("due_on", "pk")
        return [queue.row(step, self.user, self.today) for step in steps]


def _cause(row: dict[str, Any]) -> str:
    """The words of a counted cause."""
    if row["cause__party"] is None:
        return str(Lateness(owed=row["owed"]))
    return str(LateCause(label_zh=row["cause__label_zh"], label_en=row["cause__label_en"]))


def fee_proof() -> Any:
    """The last daily proof of the fee gate, where the fees room offers one."""
    try:
        proof = import_module("fees.proof")
    except ModuleNotFoundError as missing:
        if missing.name != "fees.proof":
            raise
        return None
    return proof.latest()


def sweep_is_late() -> bool:
    """Whether the newest sweep is too old; without any, whether a reminder waits for one."""
    oldest = timezone.now() - timedelta(minutes=MISSED_TURNS * settings.SWEEP_MINUTES)
    newest = last_sweep()
    if newest:
        return newest.finished_at < oldest
    return Alert.objects.filter(next_at__lt=oldest).exists()
