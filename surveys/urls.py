from django.urls import path

from surveys import views

app_name = "surveys"
urlpatterns = [
    path("survey/", views.sheet, name="survey"),
    path("survey/confirm/", views.confirm, name="confirm"),
    path("survey/visits/new/", views.visit_new, name="visit_new"),
    path("survey/appointment/new/", views.appointment_new, name="appointment_new"),
    path("survey/points/new/", views.point_new, name="point_new"),
    path("survey/points/<int:pk>/", views.point, name="point"),
    path("survey/points/<int:pk>/consents/new/", views.consent_new, name="consent_new"),
    path("survey/consents/<int:pk>/", views.answer, name="answer"),
    path("survey/consents/<int:pk>/paper/", views.consent_paper, name="consent_paper"),
    path("survey/consents/<int:pk>/renew/", views.renew, name="renew"),
    path("survey/consents/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("survey/consents/<int:pk>/letter/", views.consent_letter, name="consent_letter"),
    path("survey/photos/new/", views.photo_new, name="photo_new"),
    path("survey/photos/<int:pk>/", views.photo, name="photo"),
    path("survey/photos/<int:pk>/small/", views.thumbnail, name="thumbnail"),
]
