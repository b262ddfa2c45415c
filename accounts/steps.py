"""The only writer of accounts."""

from accounts.models import User


def choose_language(user: User, language: str) -> None:
    """Remember the language a person reads in."""
    user.language = language
    user.save(update_fields=["language"])
