from django.urls import path

from workflow.views import actions, board, case, deadline, desk, health, leave, reminders, search

STEP = "cases/<str:number>/steps/<int:pk>"

app_name = "workflow"
urlpatterns = [
    path("", desk.desk, name="desk"),
    path("next/", desk.next_unclaimed, name="next"),
    path("search/", search.search, name="search"),
    path("board/", board.board, name="board"),
    path("reassign/", board.reassign, name="reassign"),
    path("leave/", leave.leave, name="leave"),
    path("leave/<int:pk>/", leave.leave_of, name="leave_of"),
    path("reminders/", reminders.reminders, name="reminders"),
    path("cases/<str:number>/", case.case, name="case"),
    path("cases/<str:number>/withdraw/", actions.withdraw, name="withdraw"),
    path("cases/<str:number>/discard/", actions.discard, name="discard"),
    path("cases/<str:number>/refuse/", actions.refuse, name="refuse"),
    path("cases/<str:number>/office/", actions.office, name="office"),
    path("cases/<str:number>/facts/", actions.facts, name="facts"),
    path("cases/<str:number>/fast-lane/ask/", actions.fast_lane_ask, name="fast_lane_ask"),
    path(
        "cases/<str:number>/fast-lane/approve/", actions.fast_lane_approve, name="fast_lane_approve"
    ),
    path("cases/<str:number>/fast-lane/revoke/", actions.fast_lane_revoke, name="fast_lane_revoke"),
    path(f"{STEP}/claim/", actions.claim, name="claim"),
    path(f"{STEP}/assign/", actions.assign, name="assign"),
    path(f"{STEP}/stop/", actions.stop, name="stop"),
    path(f"{STEP}/resume/", actions.resume, name="resume"),
    path(f"{STEP}/send-back/", actions.send_back, name="send_back"),
    path("cases/<str:number>/late/<int:pk>/", actions.explain, name="explain"),
    path(f"{STEP}/deadline/", deadline.deadline, name="deadline"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]
