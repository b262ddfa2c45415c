"""Signing in and out, the password, the language."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts import demo, steps, typed
from accounts.forms import LanguageForm


class SignIn(LoginView):
    """The door of the house; in the demo it shows whom one can be."""

    redirect_authenticated_user = True
    success_url = reverse_lazy("workflow:desk")

    def get_context_data(self, **context):
        return super().get_context_data(typed=typed.of(self.request), **demo.shown(), **context)

    def form_valid(self, form):
        onward = super().form_valid(form)
        brought = typed.of(self.request)
        return typed.send_on(self.request, brought) if brought else onward


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A page that grew too old: what was typed on it is sent on by its writer, or not at all."""
    brought = None if request.htmx else typed.of(request)
    if brought is None:
        return HttpResponseForbidden(render_to_string("403_csrf.html"))
    if request.user.is_authenticated:
        return typed.send_on(request, brought, 403)
    return typed.ask_who(request, brought, 403)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Read on in another language, on the page one was reading."""
    form = LanguageForm(request.POST)
    target = "/"
    if form.is_valid():
        wanted = form.cleaned_data["next"]
        if url_has_allowed_host_and_scheme(
            wanted, {request.get_host()}, require_https=request.is_secure()
        ):
            target = wanted
        if request.user.is_authenticated:
            steps.choose_language(request.user, form.cleaned_data["language"])
    response = redirect(target)
    if form.is_valid():
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            form.cleaned_data["language"],
            max_age=365 * 86400,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
    return response
