from typing import Any

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        from allauth.account.signals import password_changed, password_reset, password_set
        from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
        from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
        from oauth2_provider.signals import app_authorized

        from apps.accounts import trail

        user_logged_in.connect(trail.logged_in, dispatch_uid="accounts.trail")
        user_logged_out.connect(trail.logged_out, dispatch_uid="accounts.trail")
        user_login_failed.connect(trail.login_failed, dispatch_uid="accounts.trail")
        app_authorized.connect(trail.client_got_token, dispatch_uid="accounts.trail")
        changes: tuple[Any, ...] = (
            password_changed,
            password_reset,
            password_set,
            authenticator_added,
            authenticator_removed,
            authenticator_reset,
        )
        for change in changes:
            change.connect(trail.credentials_changed, dispatch_uid="accounts.credentials")
