"""Password check, and the signed-in person with unit and roles in one query."""

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db.models import F
from django.http import HttpRequest

from accounts.models import User


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


def client_address(request: HttpRequest) -> str:
    """The address a request came from, as the outermost of our own proxies saw it."""
    hops = [
        hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()
    ]
    if settings.PROXIES and len(hops) >= settings.PROXIES:
        return hops[-settings.PROXIES]
    return request.META["REMOTE_ADDR"]
