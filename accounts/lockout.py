"""How many wrong passwords are too many."""

from __future__ import annotations

from axes.handlers.database import AxesDatabaseHandler
from django.db.models import Sum
from django.http import HttpRequest

# What is counted together, and how many times AXES_FAILURE_LIMIT it may fail within the cool-off
# time: one name from one address; one name from anywhere (many machines guess one person's); one
# address with any name (one machine tries a list; a whole office may stand behind one address).
COUNTED: list[tuple[list[str], int]] = [
    (["username", "ip_address"], 1),
    (["username"], 3),
    (["ip_address"], 10),
]


def counted(*_request_and_credentials: object) -> list[list[str]]:
    """What is counted together, for AXES_LOCKOUT_PARAMETERS."""
    return [what for what, _times in COUNTED]


class Lockout(AxesDatabaseHandler):
    """Counts the three of them, each against its own limit."""

    def get_failures(self, request: HttpRequest, credentials: dict | None = None) -> int:
        """The count that is nearest to its limit, in units of AXES_FAILURE_LIMIT."""
        counts = (
            attempts.aggregate(sum=Sum("failures_since_start"))["sum"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(count // times for count, (_what, times) in zip(counts, COUNTED, strict=True))
