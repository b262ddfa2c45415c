"""manage.py note_stop: somebody answered STOP; nothing more is sent to that address."""

from django.core.management.base import BaseCommand

from news import services, wording


class Command(BaseCommand):
    help = "Note that the holder of a mobile number or e-mail address wants no messages any more."

    def add_arguments(self, parser):
        parser.add_argument("address", nargs="+")

    def handle(self, *args, **options):
        for given in options["address"]:
            address = wording.mobile(given) or given.strip()
            new = services.stop(address, how="STOP")
            self.stdout.write(f"{address}: {'noted' if new else 'known already'}")
