"""How a standard comes into force, and what keeps it as it was released."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from workflow.guards import Refused
from workflow.models import DatedStandard, Listed, Standard
from workflow.moves.unit_of_work import act
from workflow.walls import Wall

FROZEN = gettext_noop("What was released is never changed: draft a new version.")
ENDED = gettext_noop("What has ended is not made valid again: draft a new version.")
KEPT = gettext_noop("What was released is never deleted.")
USED = gettext_noop("What was used is never changed: take it out of use, and add another.")
NAMELESS = gettext_noop("A draft keeps its author.")


@act
def release(draft: Standard, *, by: User, seen: str) -> Standard:
    """A second person puts the draft into force; the versions before end.

    `seen` is the digest of what that person read. Raises ValidationError with what stands against
    it.
    """
    versions = type(draft).objects.select_for_update().filter(**draft.key).order_by("pk")
    found = {version.pk: version for version in versions}
    row = found.pop(draft.pk, None)
    if row and not row.is_draft:
        raise Refused(_("This version is released already."))
    if row is None or row.digest != seen:
        raise Refused(_("The draft was changed meanwhile: read it again."))
    if row.author_id == by.pk:
        raise Refused(_("You drafted this version: a second person releases it."))
    row.released_by, row.released_at = by, timezone.now()
    others = [version for version in found.values() if not version.is_draft]
    row.follow(others, timezone.localdate())
    row.save(update_fields=["released_by", "released_at"])
    return row


def walls_of(model: type[Standard]) -> tuple[Wall, ...]:
    """The database itself keeps the released rows of a standard as they are."""
    table = model._meta.db_table
    frozen = [f.column for f in model._meta.concrete_fields if f.name not in model.OPEN]
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in frozen)
    released = "OLD.released_at IS NOT NULL"
    walls = (
        Wall(f"{table}_frozen", table, "UPDATE", f"{released} AND ({changed})", FROZEN),
        Wall(f"{table}_kept", table, "DELETE", released, KEPT),
        Wall(
            f"{table}_author",
            table,
            "UPDATE",
            "OLD.author_id IS NOT NULL AND NEW.author_id IS NULL",
            NAMELESS,
        ),
    )
    if not issubclass(model, DatedStandard):
        return walls
    longer = "OLD.valid_to IS NOT NULL AND (NEW.valid_to IS NULL OR NEW.valid_to > OLD.valid_to)"
    return (*walls, Wall(f"{table}_ended", table, "UPDATE", f"{released} AND {longer}", ENDED))


def walls_of_list(model: type[Listed]) -> tuple[Wall, ...]:
    """The database itself keeps the used rows of a list as they are."""
    table = model._meta.db_table
    kept = [f.column for f in model._meta.concrete_fields if f.name not in model.OPEN]
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in kept)
    used = " OR ".join(
        f"EXISTS (SELECT 1 FROM {column.model._meta.db_table} u "  # noqa: S608 - our own names
        f"WHERE u.{column.column} = OLD.id)"
        for column in model.uses()
    )
    return (Wall(f"{table}_used", table, "UPDATE", f"({changed}) AND ({used})", USED),)
