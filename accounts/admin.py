from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.models import Unit, User


@admin.register(Unit)
class UnitAdmin(admin.ModelAdmin):
    list_display = ["name", "level", "parent", "code", "phone"]
    list_filter = ["level"]
    search_fields = ["name", "code"]

    def save_model(self, request, obj, form, change):
        services.place(obj)


@admin.register(User)
class StaffAdmin(UserAdmin):
    list_display = ["username", "name", "unit", "is_active"]
    list_filter = ["groups", "unit", "is_active"]
    search_fields = ["username", "name", "phone"]
    ordering = ["username"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["name", "email", "phone", "language", "unit"]}),
        (_("Leave and stand-in"), {"fields": ["stand_in", "away_from", "away_until"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "fields": [
                    "username",
                    "name",
                    "unit",
                    "email",
                    "usable_password",
                    "password1",
                    "password2",
                    "groups",
                ]
            },
        )
    ]
    filter_horizontal = ["groups"]
    autocomplete_fields = ["stand_in"]

    def get_readonly_fields(self, request, obj=None):
        return () if request.user.is_superuser else ("is_superuser",)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and _within_reach(request.user, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and _within_reach(request.user, obj)


def _within_reach(actor: User, person: User | None) -> bool:
    """A superuser's account, password and all, is kept by superusers only."""
    return actor.is_superuser or person is None or not person.is_superuser
