from django.urls import path

from workflow.process import Kind
from works import views

app_name = "works"
KINDS = (Kind.DESIGNER, Kind.DRAWINGS, Kind.CONTRACTOR, Kind.MID_CHECK, Kind.ACCEPTANCE)
urlpatterns = [
    pattern
    for kind in KINDS
    for place in [kind.value.replace("_", "-")]
    for pattern in (
        path(f"{place}/", views.sheet, {"kind": kind}, name=kind.value),
        path(f"{place}/missing/", views.missing, {"kind": kind}, name=f"{kind.value}_missing"),
    )
] + [
    path(
        f"{kind.value.replace('_', '-')}/lapsed/",
        views.lapsed,
        {"kind": kind},
        name=f"{kind.value}_lapsed",
    )
    for kind in (Kind.DRAWINGS, Kind.MID_CHECK, Kind.ACCEPTANCE)
]
