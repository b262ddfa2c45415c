"""A protected state column that can be refreshed safely from many threads."""

from typing import Any

from django.db import models
from django_fsm import FSMField


class ProtectedState(FSMField):
    """A state that only a transition may change.

    The library's own mixin lifts the protection on the *shared* field while one instance refreshes, which
    lets writes through in other threads. Here the instance forgets its value instead (see `Stateful`).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("protected", True)
        super().__init__(*args, **kwargs)


class Stateful(models.Model):
    """A model with a protected state: refreshing forgets the old value first."""

    class Meta:
        abstract = True

    def refresh_from_db(self, using=None, fields=None, from_queryset=None) -> None:
        states = [f.attname for f in self._meta.concrete_fields if isinstance(f, ProtectedState)]
        known = {
            s: self.__dict__.pop(s)
            for s in states
            if s in self.__dict__ and (not fields or s in fields)
        }
        try:
            super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        except BaseException:
            for name, value in known.items():
                self.__dict__.setdefault(name, value)
            raise
