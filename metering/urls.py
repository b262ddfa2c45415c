from django.urls import path

from metering import views

app_name = "metering"
urlpatterns = [
    path("meter/", views.meter, name="meter"),
    path("meter/removal/", views.removal, name="removal"),
    path("meter/confirm/", views.confirm, name="confirm"),
    path("callback/", views.callback, name="callback"),
    path("callback/follow-up/", views.follow_up, name="follow_up"),
]
