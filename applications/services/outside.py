"""What comes in by itself: from the web, from the portal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

import documents.services
from accounts.models import Unit
from accounts.roles import Role
from applications.models import Application, Equipment
from applications.services.taking import demand_complete, open_draft
from documents.files import Checked
from documents.models import Requirement
from workflow import ladder, moves
from workflow.guards import Refused
from workflow.models import Case
from workflow.moves.unit_of_work import act


@act
def hand_in(
    sheet: Application,
    equipment: Iterable[Equipment] = (),
    *,
    unit: Unit,
    files: Mapping[str, Checked],
) -> Case:
    """A complete request from the web or from the portal opens a case, which waits for a clerk.

    `files` are the papers by the code of documents.Requirement. Until a clerk takes it, the nearest
    supervisor answers for the case. Raises Refused with all that is missing, and where the office
    has nobody who could answer.
    """
    demand_complete(sheet.computed(), timezone.localdate())
    owner = next(iter(ladder.nearest(Role.SUPERVISOR, unit)), None)
    if owner is None:
        raise Refused(_("No supervisor answers for %(unit)s.") % {"unit": unit})
    sheet.papers = sorted(files)
    labels = {paper.code: paper for paper in Requirement.objects.filter(code__in=files)}
    with moves.by_customer():
        case = open_draft(sheet, equipment, by=None, unit=unit, owner=owner)
        for code, file in files.items():
            title = labels[code].__str__
            documents.services.attach(case, file, title=title, by=None, step=sheet.step)
    return case
