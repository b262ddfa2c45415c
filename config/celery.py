"""The worker and the clock that wakes it."""

import os

from celery import Celery
from celery.signals import beat_init, celeryd_init

from config.environment import Unsafe, demand_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("jiedian")
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
