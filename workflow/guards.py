"""Conditions with a voice: the same object refuses a move and fills the panel "Why can't I?"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from workflow.models import Step

Names = tuple[str, ...]


class Refused(ValidationError):
    """A move that the process, the guards or the person's rights do not allow; says why.

    `fields` are what it speaks of on the sheet of the step: names of fields and of tables.
    """

    def __init__(
        self, message: Any, code: str | None = None, params: Any = None, *, fields: Names = ()
    ) -> None:
        super().__init__(message, code, params)
        self.fields = fields


@dataclass(frozen=True)
class Finding:
    """One line of "Why can't I?": what, whether it is met, who owes it, since when, what to do.

    `remedy` is a label and an address, both empty where nothing can be done but wait.
    """

    what: Any
    met: bool
    detail: Any = ""
    owes: Any = ""
    since: date | None = None
    remedy: tuple[Any, str] = ("", "")


@dataclass(frozen=True)
class Guard:
    """A condition for finishing a step: `test` on the step, `reason` in the user's language.

    `reason` is words, or a function of the step where the words name somebody. `owes`, `since` and
    `remedy` are functions of the step, each optional. `applies` leaves the guard out of a case in
    which it has nothing to say. `fields` are the fields and tables of the sheet that it judges.
    """

    test: Callable[[Step], bool]
    reason: Any
    met: Any = ""
    owes: Callable[[Step], Any] = field(default=lambda step: step.owner or step.role_label)
    since: Callable[[Step], date | None] = field(default=lambda step: step.since)
    remedy: Callable[[Step], tuple[Any, str]] = field(
        default=lambda step: (_("Open the sheet"), step.get_absolute_url())
    )
    applies: Callable[[Step], bool] = field(default=lambda step: True)
    fields: Names = ()

    def __call__(self, step: Step) -> bool:
        return not self.applies(step) or self.test(step)

    def says(self, step: Step) -> Any:
        """The reason in the user's language."""
        return self.reason(step) if callable(self.reason) else self.reason

    def finding(self, step: Step) -> Finding:
        met = self(step)
        return Finding(
            what=self.met if met and self.met else self.says(step),
            met=met,
            owes=self.owes(step),
            since=None if met else self.since(step),
            remedy=("", "") if met else self.remedy(step),
        )


def unmet(guards: Sequence[Guard], step: Step) -> list[Refused]:
    """Every reason that stands against finishing the step."""
    return [
        Refused(str(guard.says(step)), fields=guard.fields) for guard in guards if not guard(step)
    ]


def demand(guards: Sequence[Guard], step: Step) -> None:
    """Raise Refused with every reason that stands against finishing the step."""
    if reasons := unmet(guards, step):
        raise Refused(reasons)
