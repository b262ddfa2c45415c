"""Every address of the site; the rooms' own addresses stand under the case."""

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = admin.site.site_title = "Jiedian 接电"

urlpatterns = [
    path("", include("workflow.urls")),
    path("", include("accounts.urls")),
    path("", include("documents.urls")),
    path("", include("applications.urls")),
    path("cases/<str:number>/", include("news.urls")),
    path("cases/<str:number>/", include("surveys.urls")),
    path("cases/<str:number>/", include("plans.urls")),
    path("cases/<str:number>/", include("works.urls")),
    path("", include("fees.urls")),
    path("cases/<str:number>/", include("contracts.urls")),
    path("cases/<str:number>/", include("metering.urls")),
    path("field/", include("field.urls")),
    path("", include("public.urls")),
    path("cases/<str:number>/", include("dossier.urls")),
    path("admin/", admin.site.urls),
]
handler500 = "workflow.views.errors.server_error"
