"""A protected state column that can be refreshed safely from many threads."""

from typing import Any

from django.db import models
from django_fsm import FSMField, FSMFieldDescriptor


class RefreshableState(FSMFieldDescriptor):
    """Lets the database's own value in while its one instance is being refreshed."""

    def __set__(self, instance: Any, value: Any) -> None:
        if instance.__dict__.get("_refreshing"):
            self.field.set_state(instance, value)
        else:
            super().__set__(instance, value)


class ProtectedState(FSMField):
    """A state that only a transition may change.

    The library's own mixin lifts the protection on the *shared* field while one instance
    refreshes, which lets writes through in other threads. Here the flag is the instance's.
    """

    descriptor_class = RefreshableState

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("protected", True)
        super().__init__(*args, **kwargs)


class Stateful(models.Model):
    """A model with a protected state."""

    class Meta:
        abstract = True

    def refresh_from_db(self, using=None, fields=None, from_queryset=None) -> None:
        self._refreshing = True
        try:
            super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        finally:
            self.__dict__.pop("_refreshing", None)
