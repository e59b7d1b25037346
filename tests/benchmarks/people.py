"""Those who ask: by the API with a token, or in a browser with a session."""

from datetime import timedelta

from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.scopes import all_scopes
from apps.accounts.services import issue_token


def key_of(user: User) -> str:
    tomorrow = timezone.now() + timedelta(days=1)
    return issue_token(user, name="benchmark", scopes=all_scopes(), expires_at=tomorrow)[1]


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key_of(user)}")
    return client


def signed_in(user: User) -> Client:
    client = Client()
    with override_settings(AXES_ENABLED=False):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
