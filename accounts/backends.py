"""Password check, and the signed-in person with unit and roles in one query."""

from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.contrib.auth.backends import ModelBackend
from django.db.models import F
from django.http import HttpRequest

from accounts.models import User
from accounts.roles import Role


class StaffBackend(ModelBackend):
    def get_user(self, user_id: int) -> User | None:
        # A row for each role held.
        rows = list(
            User.objects.select_related("unit").filter(pk=user_id).annotate(role=F("groups__name"))
        )
        if not rows or not self.user_can_authenticate(rows[0]):
            return None
        user: User = rows[0]
        user.roles = frozenset(row.role for row in rows if row.role)
        return user

    def get_group_permissions(self, user: Any, obj: Any = None) -> set[str]:
        """What the person's groups give; an administrator keeps every table of the admin that is
        ours, as far as that table lets itself be kept. Groups' own rights are the superuser's.
        """
        found = set(super().get_group_permissions(user, obj))
        if user.is_active and user.has_role(Role.ADMINISTRATOR):
            found |= administration()
        return found


@cache
def administration() -> frozenset[str]:
    """The rights of the administrator, as Django names them."""
    ours = settings.BASE_DIR
    return frozenset(
        f"{model._meta.app_label}.{get_permission_codename(action, model._meta)}"
        for model in admin.site._registry
        if Path(apps.get_app_config(model._meta.app_label).path).parent == ours
        for action in model._meta.default_permissions
    )


def client_address(request: HttpRequest) -> str:
    """The address a request came from, as the outermost of our own proxies saw it; where that is no
    address ("unknown", one with a port), that of the proxy itself.
    """
    hops = [
        hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()
    ]
    if settings.PROXIES and len(hops) >= settings.PROXIES:
        with suppress(ValueError):
            return str(ip_address(hops[-settings.PROXIES]))
    return request.META["REMOTE_ADDR"]
