from django.urls import path

from fees import views

app_name = "fees"
urlpatterns = [
    path("fees/", views.sheet, name="fees"),
    path("fees/payment/", views.payment, name="payment"),
    path("fees/correction/", views.correction, name="correction"),
    path("fees/correction/answer/", views.answer, name="answer"),
    path("fees/refunds/<int:pk>/", views.refund, name="refund"),
]
