from django.urls import path

from plans import views

app_name = "plans"
urlpatterns = [
    path("plan/", views.sheet, name="plan"),
    path("plan/approve/", views.approve, name="approve"),
    path("plan/return/", views.give_back, name="give_back"),
    path("plan/answer/", views.answer, name="answer"),
    path("plan/decide/", views.decide, name="decide"),
    path("plan/close/", views.close, name="close"),
    path("plan/extend/", views.extend, name="extend"),
]
