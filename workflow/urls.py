from django.urls import path

from workflow.views import desk

app_name = "workflow"
urlpatterns = [
    path("", desk.desk, name="desk"),
    path("board/", desk.desk, name="board"),
    path("search/", desk.desk, name="search"),
    path("reminders/", desk.desk, name="reminders"),
    path("cases/<str:number>/", desk.case, name="case"),
]
