"""manage.py verify_log: prove that no event was changed."""

from django.core.management.base import BaseCommand, CommandError

from workflow import chain


class Command(BaseCommand):
    help = "Recompute the hash chain of every case; names the first row that was changed."

    def add_arguments(self, parser):
        parser.add_argument("number", nargs="*", help="case numbers; all cases when left out")

    def handle(self, *args, **options):
        checked, fault = chain.verify(options["number"])
        if fault:
            raise CommandError(fault)
        self.stdout.write(f"{checked} events verified, chain unbroken")
