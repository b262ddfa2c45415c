from django.urls import path

from applications import views

app_name = "applications"
urlpatterns = [
    path("applications/new/", views.new, name="new"),
    path("cases/<str:number>/application/", views.application, name="application"),
    path("cases/<str:number>/contacts/", views.contact, name="contact"),
    path("cases/<str:number>/code/", views.code, name="code"),
    path("cases/<str:number>/correction/", views.correction, name="correction"),
    path("cases/<str:number>/authority/", views.authority, name="authority"),
]
