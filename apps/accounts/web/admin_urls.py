"""The admin has no sign-in of its own."""

from django.urls import path
from django.views.generic import RedirectView

from apps.accounts.web import views

urlpatterns = [
    path("login/", views.admin_login, name="admin-login"),
    path("password_change/", RedirectView.as_view(pattern_name="account_change_password")),
]
