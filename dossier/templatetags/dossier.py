"""What the paper of a dossier asks of its words."""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe

from applications import identity
from workflow.models import Step
from workflow.queue import label

register = template.Library()
# A resident ID in running text, wherever somebody wrote it.
RESIDENT = re.compile(
    rf"(?<![0-9A-Za-z])(?:{identity.RESIDENT.pattern}|[1-9][0-9]{{16}}x)(?![0-9A-Za-z])"
)


@register.filter(is_safe=True)
def masked(text: object) -> str:
    """Running text with the resident IDs in it masked: the first and the last four places stay."""
    return RESIDENT.sub(lambda found: identity.mask(found[0]), str(text or ""))


@register.filter
def breakable(checksum: str) -> SafeString:
    """A checksum that may be broken after every sixteenth place."""
    pieces = re.findall(r"[0-9a-f]{1,16}", str(checksum))
    return mark_safe("<wbr>".join(pieces))  # noqa: S308 - hexadecimal places alone


@register.filter
def step_label(step: Step) -> str:
    """A step with its round, from the second on."""
    return label(step)
