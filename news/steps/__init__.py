"""The only writer of this room."""

from news.steps.aftermath import bounce, reached, resend, stop, want
from news.steps.outbox import reader_of, tell
from news.steps.sending import due, recover, send
from news.steps.writing import revise

__all__ = [
    "bounce",
    "due",
    "reached",
    "reader_of",
    "recover",
    "resend",
    "revise",
    "send",
    "stop",
    "tell",
    "want",
]
