"""Signing in and out, the password, the language."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts import steps
from accounts.demo import PASSWORD, logins
from accounts.forms import LanguageForm


class SignIn(LoginView):
    """The door of the house; in the demo it shows whom one can be."""

    redirect_authenticated_user = True
    success_url = reverse_lazy("workflow:desk")

    def get_context_data(self, **context):
        demo = {"demo_logins": logins(), "demo_password": PASSWORD} if settings.DEMO else {}
        return super().get_context_data(**demo, **context)


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
