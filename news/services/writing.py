"""The words of messages are edited: each edit is a new version, the one before stays as it was."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from news.models import Template
from workflow.guards import Refused
from workflow.moves.unit_of_work import act


@act
def revise(template: Template, *, by: User, subject: str, body: str, by_law: bool) -> Template:
    """Put the words into use from now on. Raises Refused when somebody else was faster."""
    held = Template.objects.select_for_update().get(pk=template.pk)
    if not held.active:
        raise Refused(_("These words were edited meanwhile; look at the newest version."))
    if (held.subject, held.body, held.by_law) == (subject, body, by_law):
        return held
    following = Template(
        verb=held.verb,
        language=held.language,
        channel=held.channel,
        version=held.version + 1,
        by_law=by_law,
        subject=subject,
        body=body,
        made_by=by,
    )
    following.full_clean(validate_unique=False, validate_constraints=False)
    held.active = False
    held.save(update_fields=["active"])
    following.save(force_insert=True)
    return following
