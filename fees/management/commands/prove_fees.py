"""List money that was taken without a workable survey and an accepted plan, or by a wrong rate."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fees import proof


class Command(BaseCommand):
    help = (
        "Lists money without a workable survey and an accepted plan, and bills that the "
        "catalogue does not bear out. Expected: none. Ends with 1 if there is any."
    )

    def handle(self, **options: Any) -> None:
        result = proof.run()
        for sentence in result.findings:
            self.stdout.write(sentence)
        self.stdout.write(
            f"{result.bills_checked} bills and {result.payments_checked} payments checked, "
            f"{result.found} found."
        )
        if result.found:
            raise CommandError("Money stands where none may stand.", returncode=1)
