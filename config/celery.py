"""The worker and the clock that wakes it."""

import os
import time
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init
from kombu.exceptions import OperationalError

from config.environment import Unsafe, demand_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Messenger(Celery):
    """Gives tasks to the worker. A broker that did not answer is left alone for a while: each
    request would wait for it again, and what it is not told the clock finds later in the database.
    """

    LEFT_ALONE = 30  # seconds
    away_until = 0.0

    def send_task(self, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < self.away_until:
            raise OperationalError("The broker did not answer a moment ago.")
        try:
            return super().send_task(*args, **kwargs)
        except OperationalError:
            self.away_until = time.monotonic() + self.LEFT_ALONE
            raise


app = Messenger("jiedian")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def start(**_about: object) -> None:
    """An unsafe start of worker or clock ends in one sentence, as the web server's does."""
    try:
        demand_database()
    except Unsafe as unsafe:
        # Celery logs what is an Exception and goes on.
        raise SystemExit(unsafe.code) from None
