"""When everything else fails: a page that needs nothing."""

from django.http import HttpRequest, HttpResponseServerError
from django.template.loader import get_template


def server_error(request: HttpRequest) -> HttpResponseServerError:
    """Say in both languages that it was not the reader's fault."""
    return HttpResponseServerError(get_template("500.html").render())
