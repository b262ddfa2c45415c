"""Every form says whose page it stands on, and bears a number of its own by which it counts once;
built in for all templates (see config/settings.py).
"""

import uuid

from django import template
from django.template import defaulttags
from django.template.base import Parser, Token
from django.utils.html import format_html

from accounts import once, typed

register = template.Library()
HIDDEN = '<input type="hidden" name="{}" value="{}">'


class WrittenForm(defaulttags.CsrfTokenNode):
    """Django's own `{% csrf_token %}`, and with it the form's number (accounts.once) and the mark
    of the person signed in (accounts.typed).
    """

    def render(self, context: template.Context) -> str:
        token = super().render(context)
        if not token:
            return token
        token += format_html(HIDDEN, once.FIELD, uuid.uuid4().hex)
        user = getattr(context.get("request"), "user", None)
        if user is not None and user.pk is not None:
            token += format_html(HIDDEN, "writer", typed.mark(user.pk))
        return token


@register.tag
def csrf_token(parser: Parser, token: Token) -> WrittenForm:
    return WrittenForm()
