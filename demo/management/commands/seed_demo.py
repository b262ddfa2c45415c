"""manage.py seed_demo: the demo's office, people and cases, made once; with --cases many copies."""

import logging

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import F

from demo import cases, cloning
from fees import proof
from news.models import Message
from workflow import reminders
from workflow.models import Case


class Command(BaseCommand):
    help = (
        "Fill an empty database with the demo; --cases N copies them until there are so many more."
    )

    def add_arguments(self, parser):
        parser.add_argument("--cases", type=int, default=0, metavar="N", help="and so many copies")

    def handle(self, *args, **options):
        if settings.PRODUCTION:
            raise CommandError(
                "This is production: the demo's people and their known password do not belong "
                "here. Set JIEDIAN_DEMO=1 where the demo is wanted."
            )
        if options["cases"] < 0:
            raise CommandError("--cases wants a number that is not negative.")
        # Papers asked for in the past are rendered by the worker's next round.
        logging.getLogger("celery").setLevel(logging.ERROR)
        if Case.objects.exists():
            self.stdout.write("There are cases already: nothing was seeded.")
        else:
            # All or nothing: a demo that was interrupted begins anew.
            with transaction.atomic():
                made = cases.seed()
                told = reminders.sweep()
                proof.run()
                # What was told in the past has arrived.
                Message.objects.filter(state=Message.State.WAITING).update(
                    state=Message.State.SENT, sent_at=F("created_at")
                )
            self.stdout.write(f"{len(made)} cases seeded, {told} reminders told")
        if options["cases"]:
            made = cloning.multiply(options["cases"], tell=self.stdout.write)
            self.stdout.write(f"{made} cases added")
