from django.urls import path

from news import views

app_name = "news"
urlpatterns = [
    path("messages/<int:pk>/again/", views.again, name="again"),
    path("messages/wanted/", views.wanted, name="wanted"),
]
