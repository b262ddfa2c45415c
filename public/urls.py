from django.urls import path

from public import pages
from public.views import apply, track

app_name = "public"
urlpatterns = [
    path("track/", track.door, name="door"),
    path("track/<str:number>/", track.case, name="case"),
    path("track/<str:number>/plan/", track.plan, name="plan"),
    path("track/<str:number>/word/", track.word, name="word"),
    path("track/<str:number>/owed/<int:pk>/", track.hand_in, name="hand_in"),
    path("track/<str:number>/papers/<int:pk>/", track.paper, name="paper"),
    # Last: the words above are no codes.
    path("apply/", apply.start, name="apply"),
    path("apply/resume/", apply.resume, name="resume"),
    *(
        path(f"apply/{page}/", apply.questions, {"page": page}, name=f"apply_{page}")
        for page in pages.QUESTIONS
    ),
    path("apply/papers/", apply.papers, name="apply_papers"),
    path("apply/check/", apply.check, name="apply_check"),
    path("apply/sent/", apply.sent, name="apply_sent"),
    path("track/<str:number>/<str:code>/", track.enter, name="enter"),
]
