"""Sign-in, one's own account, and the OAuth server. Signing up and further addresses are not among them."""

from allauth.account import views as allauth
from django.urls import include, path
from oauth2_provider.views import OAuthServerMetadataView, TokenView

from apps.accounts.web import views

oauth = (
    [
        path("token/", TokenView.as_view(), name="token"),
        path("revoke/", views.Revocation.as_view(), name="revoke-token"),
        path("introspect/", views.Introspection.as_view(), name="introspect"),
    ],
    "oauth2_provider",
)

account = [
    path("", views.account, name="account"),
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/set/", allauth.password_set, name="account_set_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/key/<slug:uidb36>-<str:key>/",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", allauth.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("signup/", views.no_such_page, name="account_signup"),
    path("email/", views.no_such_page, name="account_email"),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
    path("tokens/", views.Tokens.as_view(), name="account_tokens"),
    path("tokens/<uuid:pk>/revoke/", views.revoke, name="account_token_revoke"),
]

urlpatterns = [
    path("accounts/", include(account)),
    path("oauth/", include(oauth)),
    path(
        ".well-known/oauth-authorization-server", OAuthServerMetadataView.as_view(), name="oauth-authorization-server"
    ),
]
