"""Take in the requests that the government portal hands over as JSON envelopes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from applications import portal, services
from applications.models import Application


class Command(BaseCommand):
    help = (
        "Open a case for each request of the envelopes; see applications/portal.py for their form."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *, files: list[Path], dry_run: bool, **options: Any) -> None:
        done = {"opened": 0, "known": 0, "refused": 0}
        for path in files:
            try:
                records = portal.read(path.read_bytes())
            except OSError as error:
                self._tell(f"{path.name}: {error.strerror}", done, "refused")
                continue
            except ValidationError as error:
                self._tell(f"{path.name}: {'; '.join(error.messages)}", done, "refused")
                continue
            for place, record in enumerate(records):
                found = portal.check(record)
                told = found.id or f"{path.name} requests[{place}]"
                self._take(told, found, dry_run, done)
        summary = "{opened} opened, {known} known already, {refused} refused".format(**done)
        if done["refused"]:
            raise CommandError(summary)
        self.stdout.write(summary)

    def _take(self, told: str, found: portal.Request, dry_run: bool, done: dict[str, int]) -> None:
        """One request, whole or not at all; what is wrong with it holds up no other."""
        if found.id and (number := _number(found.id)):
            self._tell(f"{told}: known already, case {number}", done, "known")
        elif found.faults:
            lines = [f"  {place}: {text}" if place else f"  {text}" for place, text in found.faults]
            self._tell("\n".join([f"{told}: refused", *lines]), done, "refused")
        elif dry_run:
            self._tell(f"{told}: would be opened at {found.unit}", done, "opened")
        else:
            self._open(told, found, done)

    def _open(self, told: str, found: portal.Request, done: dict[str, int]) -> None:
        found.sheet.portal_id = found.id
        try:
            with transaction.atomic():
                case = services.hand_in(
                    found.sheet, found.equipment, unit=found.unit, files=found.files
                )
        except ValidationError as error:
            self._tell(f"{told}: refused\n  {'; '.join(error.messages)}", done, "refused")
        except IntegrityError:
            # Another import of the same envelope was faster; anything else is not for us to hide.
            number = _number(found.id)
            if not number:
                raise
            self._tell(f"{told}: known already, case {number}", done, "known")
        else:
            self._tell(f"{told}: case {case.number} at {found.unit}", done, "opened")

    def _tell(self, line: str, done: dict[str, int], what: str) -> None:
        done[what] += 1
        self.stdout.write(line)


def _number(portal_id: str) -> str | None:
    """The number of the case that this request of the portal has."""
    sheets = Application.objects.filter(portal_id=portal_id)
    return sheets.values_list("step__case__number", flat=True).first()
