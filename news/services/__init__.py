"""The only writer of this room."""

from news.services.aftermath import bounce, reached, resend, stop, want
from news.services.outbox import reader_of, tell
from news.services.sending import due, recover, send
from news.services.writing import revise

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
