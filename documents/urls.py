from django.urls import path

from documents import views

app_name = "documents"
urlpatterns = [
    path("cases/<str:number>/papers/", views.papers, name="papers"),
    path("cases/<str:number>/papers/<int:pk>.pdf", views.paper, name="paper"),
    path("cases/<str:number>/papers/owed/<int:pk>/", views.receive, name="receive"),
    path("cases/<str:number>/papers/owed/<int:pk>/waive/", views.waive, name="waive"),
    path("cases/<str:number>/papers/list/<int:pk>/", views.point, name="point"),
    path("cases/<str:number>/files/<int:pk>/", views.attachment, name="attachment"),
    path("cases/<str:number>/files/<int:pk>/thumbnail/", views.thumbnail, name="thumbnail"),
    path("verify/<slug:code>/", views.verify, name="verify"),
]
