"""The only writer of this room: a record arrives, becomes whole, goes onto the case, is decided.

Nothing goes onto the case before every file has arrived; then the room's own steps write it, once.
"""

from field.services.applying import APPLIED, CONFLICT, apply, try_to_apply
from field.services.arrival import (
    CHUNK,
    Clash,
    Missing,
    OutOfStep,
    TooMuch,
    begin_again,
    receive,
    take_chunk,
)
from field.services.deciding import SETTLED, drop, keep_evidence, take_over
from field.services.upkeep import catch_up, clear, forget_pieces

__all__ = [
    "APPLIED",
    "CHUNK",
    "CONFLICT",
    "SETTLED",
    "Clash",
    "Missing",
    "OutOfStep",
    "TooMuch",
    "apply",
    "begin_again",
    "catch_up",
    "clear",
    "drop",
    "forget_pieces",
    "keep_evidence",
    "receive",
    "take_chunk",
    "take_over",
    "try_to_apply",
]
