from django.contrib.auth import views as auth
from django.urls import path, reverse_lazy

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path(
        "password/",
        auth.PasswordChangeView.as_view(success_url=reverse_lazy("accounts:password_done")),
        name="password",
    ),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_done"),
    path("language/", views.language, name="language"),
]
