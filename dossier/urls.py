from django.urls import path

from dossier import views

app_name = "dossier"
urlpatterns = [
    path("dossier/", views.dossier, name="dossier"),
    path("dossier/<int:pk>.zip", views.archive, name="archive"),
    path("dossier/<int:pk>.pdf", views.pdf, name="pdf"),
]
