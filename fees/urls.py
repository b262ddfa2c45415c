from django.urls import path

from fees import views

app_name = "fees"
urlpatterns = [
    path("refunds/", views.refunds, name="refunds"),
    path("cases/<str:number>/fees/", views.sheet, name="fees"),
    path("cases/<str:number>/fees/quote/", views.quote, name="quote"),
    path("cases/<str:number>/fees/quote/answer/", views.answer_quote, name="answer-quote"),
    path("cases/<str:number>/fees/payment/", views.payment, name="payment"),
    path("cases/<str:number>/fees/correction/", views.correction, name="correction"),
    path("cases/<str:number>/fees/correction/answer/", views.answer, name="answer"),
    path("cases/<str:number>/fees/refunds/<int:pk>/", views.refund, name="refund"),
]
