"""The floor; it renews the walls of every room with every migration (see workflow.walls)."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class WorkflowConfig(AppConfig):
    name = "workflow"
    verbose_name = _("Workflow")

    def ready(self) -> None:
        from workflow import walls  # it reads the rooms, which stand only now

        pre_migrate.connect(walls.make_way, sender=self)
        post_migrate.connect(walls.raise_all, sender=self)
