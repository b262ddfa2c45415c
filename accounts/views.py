"""Signing in and out, the password, the language."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import demo, services, tablets, typed
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
        if brought and brought.writer == self.request.user.pk:
            onward = typed.send_on(self.request, brought)
        elif brought:
            messages.warning(
                self.request,
                _("Somebody else had typed something here. It is not sent, and not shown to you."),
            )
        tablets.remember(onward, self.request.user)
        return onward


class SignOut(LogoutView):
    """The way out; what a tablet kept for this person is shown to nobody until they are back."""

    def dispatch(self, request, *args, **kwargs):
        response = super().dispatch(request, *args, **kwargs)
        if request.method == "POST":
            tablets.forget(response)
        return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A page that grew too old: what was typed on it is sent on by its writer, or not at all."""
    brought = None if request.htmx else typed.of(request)
    if brought is None:
        return HttpResponseForbidden(render_to_string("403_csrf.html"))
    match = request.resolver_match
    open_to_all = match is not None and not getattr(match.func, "login_required", True)
    if brought.writer == request.user.pk or (brought.writer is None and open_to_all):
        return typed.send_on(request, brought, 403)
    if request.user.is_authenticated:  # somebody else typed it
        return HttpResponseForbidden(render_to_string("403_csrf.html"))
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
            services.choose_language(request.user, form.cleaned_data["language"])
    response = redirect(target)
    return speak(response, form.cleaned_data["language"]) if form.is_valid() else response


def speak(response: HttpResponse, language: str) -> HttpResponse:
    """The browser keeps the language for a year."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 86400,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response
