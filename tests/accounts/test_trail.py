"""Whoever comes in, fails to, goes, or gets and loses a key leaves an entry."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import services
from apps.accounts.factors import give_second_factor
from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.kernel.trail import Action
from tests.accounts.test_tokens import acme, ask_for_token, key_of, manager  # noqa: F401

PASSWORD = "violet-harbour-notes-91"
LOGIN = "/accounts/login/"
Acts = list[tuple[str, str, str]]


@pytest.fixture
def person(make_user) -> User:
    return make_user(email="ada@example.org", password=PASSWORD)


@pytest.fixture
def acts() -> Callable[[], Acts]:
    """What was recorded that changed no row: action, class, key."""

    def read() -> Acts:
        found = AuditEvent.objects.filter(action__gte=Action.LOGIN).select_related("content_type").order_by("pk")
        return [(Action(entry.action).name, entry.content_type.model, entry.object_pk) for entry in found]

    return read


def test_signing_in_and_out_are_entries_of_the_person(person, client, acts):
    client.post(LOGIN, {"login": person.email, "password": PASSWORD})
    client.post("/accounts/logout/")

    assert acts() == [("LOGIN", "user", str(person.pk)), ("LOGOUT", "user", str(person.pk))]
    assert set(AuditEvent.objects.filter(action__gte=Action.LOGIN).values_list("source", "remote_addr")) == {
        ("web", "127.0.0.1")
    }


def test_a_failure_names_the_account_and_never_what_was_typed(person, acts):
    for typed in ("ADA@example.org", "nobody@example.org"):
        Client().post(LOGIN, {"login": typed, "password": "amber-ladder-cloud-77"})

    assert acts() == [("LOGIN_FAILED", "user", str(person.pk)), ("LOGIN_FAILED", "user", "")]
    told = str(list(AuditEvent.objects.filter(action=Action.LOGIN_FAILED).values()))
    assert [word for word in ("nobody", "amber", "ADA@") if word in told] == []


def test_a_token_is_issued_once_and_revoked_once(person, acts):
    tomorrow = timezone.now() + timedelta(days=1)
    token, key = services.issue_token(person, name="laptop", scopes=["sample:read"], expires_at=tomorrow)
    services.revoke_token(token)
    services.revoke_token(token)

    assert acts() == [("TOKEN_ISSUED", "apitoken", str(token.pk)), ("TOKEN_REVOKED", "apitoken", str(token.pk))]
    assert key not in str(list(AuditEvent.objects.values()))


def test_a_partners_token_is_issued_and_revoked_over_http(acme, client, acts):  # noqa: F811
    application, secret = acme
    key = ask_for_token(client, application, secret).json()["access_token"]
    said = {"token": key, "client_id": application.client_id, "client_secret": secret}

    for _time in range(2):
        assert client.post("/oauth/revoke/", said).status_code == 200

    of_client = "application", str(application.pk)
    assert acts() == [("TOKEN_ISSUED", *of_client), ("TOKEN_REVOKED", *of_client)]
    assert key not in str(list(AuditEvent.objects.values()))


def test_a_wrong_secret_of_a_partner_is_a_refusal(acme, client, acts):  # noqa: F811
    assert ask_for_token(client, acme[0], "wrong").status_code == 401

    assert acts() == [("REFUSED", "user", "")]


def test_who_is_deactivated_loses_every_key_and_each_is_named(acme, client, manager, acts):  # noqa: F811
    key_of(manager, "sample:read")
    ask_for_token(client, *acme)
    token = manager.api_tokens.get()

    services.deactivate(manager)
    services.deactivate(acme[0].user)

    assert acts()[2:] == [
        ("TOKEN_REVOKED", "apitoken", str(token.pk)),
        ("TOKEN_REVOKED", "application", str(acme[0].pk)),
    ]


def test_a_second_factor_that_comes_or_goes_is_a_change_without_its_secret(person):
    secret = give_second_factor(person)
    give_second_factor(person)

    changes = AuditEvent.objects.filter(content_type__model="authenticator").order_by("pk")
    assert [Action(entry.action).name for entry in changes] == ["CREATE", "DELETE", "CREATE"]
    assert {str(entry.changes["data"]) for entry in changes} == {"[None, None]"}
    assert secret not in str(list(AuditEvent.objects.values()))
