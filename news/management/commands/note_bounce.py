"""manage.py note_bounce: a message that came back is shown as not delivered, and is a task."""

from django.core.management.base import BaseCommand, CommandError

from news import services


class Command(BaseCommand):
    help = (
        "Note that a message came back. It is named by its number, by its reference, or by the "
        "whole address it came back to; several at once. For the mail server: pipe the recipient "
        "of each bounce to it."
    )

    def add_arguments(self, parser):
        parser.add_argument("sign", nargs="+", help="number, reference or bounce address")
        parser.add_argument("--why", default="", help="what the other side said")

    def handle(self, *args, **options):
        unknown = []
        for sign in options["sign"]:
            message = services.bounce(sign, why=options["why"])
            if message is None:
                unknown.append(sign)
            else:
                self.stdout.write(f"{message.case.number}: {message.to} was not reached")
        if unknown:
            raise CommandError(f"No message that was sent: {', '.join(unknown)}")
