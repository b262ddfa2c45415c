"""What must not stand in a log."""

from __future__ import annotations

import logging
import re

CODE = re.compile(r"(/track/[^/\s]+/)[^/\s]+")


class WithoutCodes(logging.Filter):
    """A customer's code stands in the address of the receipt's QR; the log gets a dash for it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                CODE.sub(r"\1-", arg) if isinstance(arg, str) else arg for arg in record.args
            )
        return True
