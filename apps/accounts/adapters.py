"""What allauth and axes ask us."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from apps.kernel.sealing import cipher


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up; links in mails come from the settings, never from the Host header of a request."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds of second factors are encrypted with a key of their own, derived from each secret key of the site."""

    def encrypt(self, text: str) -> str:
        return cipher("second factor").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher("second factor").decrypt(encrypted_text.encode()).decode()


def attempted_email(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The address that somebody tried, in the one form under which failures are counted."""
    said = credentials or {}
    tried = said.get("email") or said.get("username") or said.get("login") or request.POST.get("login", "")
    return str(tried).strip().casefold()[:254]


def address_of(request: HttpRequest) -> str:
    """The middleware at the top has settled it; a sign-in without a request has none."""
    return request.META.get("REMOTE_ADDR") or "0.0.0.0"  # noqa: S104
