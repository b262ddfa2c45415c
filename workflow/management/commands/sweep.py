"""manage.py sweep: one pass over everything that is due."""

from django.core.management.base import BaseCommand

from workflow import reminders


class Command(BaseCommand):
    help = "Tell people what is due, late, silent or owed: one pass, each rung of the ladder once."

    def handle(self, *args, **options):
        told = reminders.sweep()
        self.stdout.write(f"{told} reminders told")
