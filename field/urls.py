from django.urls import path

from field import views

app_name = "field"
urlpatterns = [
    path("", views.today, name="today"),
    path("visits/<int:pk>/", views.visit, name="visit"),
    path("records/", views.records, name="records"),
    path("records/new/", views.receive, name="receive"),
    path("records/<uuid:uuid>/", views.record, name="record"),
    path("records/<uuid:uuid>/receipt/", views.receipt, name="receipt"),
    path("records/<uuid:uuid>/files/<str:sha256>/", views.chunk, name="chunk"),
    path("records/<uuid:uuid>/pictures/<str:sha256>/", views.picture, name="picture"),
    path("sw.js", views.worker, name="worker"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
]
