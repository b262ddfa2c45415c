"""Who may sign for the customer: in person, as legal representative, or as agent in authority."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from applications.identity import IdType
from applications.models import Application
from workflow.guards import Refused
from workflow.models import Case

NATURAL = (Application.CustomerType.PERSON, Application.CustomerType.TRADER)


@dataclass(frozen=True)
class Signers:
    """The names on record, each empty where nobody may sign as that."""

    in_person: str
    representative: str
    agent: str

    @property
    def names(self) -> list[str]:
        return [name for name in (self.in_person, self.representative, self.agent) if name]

    @property
    def usual(self) -> str:
        """Who signs unless somebody else comes."""
        return next(iter(self.names), "")


def signers_of(case: Case, on: date) -> Signers:
    """Who may sign on this day.

    A company, a public body or a village signs through its legal representative or its agent,
    never by its own name; who applied with a credit code is one, whatever was ticked. Without a
    sheet only the customer of the case is known.
    """
    sheet = Application.of(case)
    if sheet is None:
        return Signers(case.customer_name, "", "")
    natural = sheet.customer_type in NATURAL and sheet.id_type != IdType.CREDIT_CODE
    until = sheet.authority_ends() if sheet.agent_name else None
    return Signers(
        in_person=case.customer_name if natural else "",
        representative=sheet.legal_representative,
        agent=sheet.agent_name if until is None or on <= until else "",
    )


def same_name(one: str, other: str) -> bool:
    """Alike but for blanks and the width of letters; a long name may be cut to its column."""
    one, other = ("".join(unicodedata.normalize("NFKC", name).split()) for name in (one, other))
    return bool(one) and (one == other or (len(one) >= 60 and other.startswith(one)))


def against_signer(case: Case, name: str, on: date, *, shown: bool = True) -> str:
    """Why this name does not sign for the customer on this day; empty where it may.

    The names on record are only told where they may be `shown`.
    """
    names = signers_of(case, on).names
    if any(same_name(name, known) for known in names):
        return ""
    if not shown:
        return _(
            "This is not a name on record: the customer, the legal representative of a company, or "
            "the agent whose authority is in force confirms."
        )
    if not names:
        return _(
            "Nobody is on record who may sign for this customer: add the legal representative with "
            "a correction of the application, or an agent's authority."
        )
    return _("%(name)s may not sign for this customer. On record: %(names)s.") % {
        "name": name.strip(),
        "names": _(", ").join(names),
    }


def against_signature(
    case: Case, name: str, at: datetime | None, *, on_file: bool
) -> list[Refused]:
    """Why what stands as the customer's signature under a sheet of the field is none.

    `name` may sign on the day of `at` (today where none is said), and a picture of the signature or
    of the signed sheet is `on_file`. Nothing stands against a sheet that names nobody.
    """
    if not name:
        return []
    day = timezone.localdate(at) if at else timezone.localdate()
    found = [
        Refused(text, fields=("customer_signed_name",))
        for text in [against_signer(case, name, day)]
        if text
    ]
    if not on_file:
        text = _(
            "Nothing shows that the customer signed: draw the signature on the tablet, or add a "
            "photo or scan of the signed sheet as “Customer's signature”."
        )
        found.append(Refused(text, fields=("signature", "customer_signed_name")))
    return found
