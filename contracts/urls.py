from django.urls import path

from contracts import views

app_name = "contracts"
urlpatterns = [
    path("contract/", views.sheet, name="contract"),
    path("contract/customer/", views.customer, name="customer"),
    path("contract/utility/", views.utility, name="utility"),
    path("contract/interim/", views.interim, name="interim"),
    path("contract/revision/", views.revision, name="revision"),
]
