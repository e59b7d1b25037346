"""People sign in by e-mail and password, with a second factor where a role demands one."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.hashers import get_hasher, identify_hasher
from django.core import mail
from django.test import Client

from apps.accounts import services
from apps.accounts.factors import give_second_factor
from apps.accounts.models import ApiToken, User

PASSWORD = "violet-harbour-notes-91"
LOGIN = "/accounts/login/"


@pytest.fixture
def person(make_user) -> User:
    return make_user(email="ada@example.org", password=PASSWORD)


def attempt(client: Client, email: str, password: str):
    return client.post(LOGIN, {"login": email, "password": password})


def code_of(secret: str, ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def test_a_person_signs_in_by_e_mail_in_any_case(person, client):
    answer = attempt(client, "ADA@Example.org", PASSWORD)

    assert answer.status_code == 302
    assert client.get("/accounts/").status_code == 200


def test_the_admin_has_no_sign_in_of_its_own_and_goes_on_where_one_wanted(client):
    answer = client.get("/admin/login/?next=/admin/access/")

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=%2Fadmin%2Faccess%2F")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_site(person, client, elsewhere):
    assert client.get("/admin/login/", {"next": elsewhere})["Location"] == "/accounts/login/?next=%2Fadmin%2F"

    answer = client.post(LOGIN, {"login": person.email, "password": PASSWORD, "next": elsewhere})

    assert answer["Location"] == "/admin/"


def test_nobody_signs_up(client, db):
    assert client.get("/accounts/signup/").status_code == 404
    assert client.post("/accounts/signup/", {"email": "x@example.org", "password1": PASSWORD}).status_code == 404
    assert User.objects.count() == 0


def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(person, client):
    wrong = attempt(Client(), person.email, "not-the-password-at-all")
    unknown = attempt(Client(), "nobody@example.org", "not-the-password-at-all")

    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors


def test_a_password_reset_says_the_same_for_an_unknown_account(person, client, settings):
    settings.BASE_URL = "https://steward.example"

    known = client.post("/accounts/password/reset/", {"email": person.email}, headers={"host": "testserver"})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [message.to for message in mail.outbox] == [[person.email]]
    assert "https://steward.example/accounts/password/reset/key/" in mail.outbox[0].body


def test_five_wrong_passwords_close_the_door_for_this_address_and_account_only(person, make_user, client):
    make_user(email="grace@example.org", password=PASSWORD)
    for _number in range(5):
        attempt(client, person.email, "not-the-password-at-all")

    closed = attempt(client, person.email, PASSWORD)
    elsewhere = Client(REMOTE_ADDR="10.1.1.1")

    assert closed.status_code == 429
    assert 0 < int(closed["Retry-After"]) <= 900
    assert "Too many attempts" in closed.content.decode()
    assert attempt(elsewhere, person.email, PASSWORD).status_code == 302
    assert attempt(Client(), "grace@example.org", PASSWORD).status_code == 302


def test_a_lock_out_answers_the_same_for_an_unknown_account(client, db):
    for _number in range(5):
        attempt(client, "nobody@example.org", "not-the-password-at-all")

    assert attempt(client, "NOBODY@example.org", "not-the-password-at-all").status_code == 429


def test_with_a_second_factor_the_password_alone_opens_nothing(person, client):
    secret = give_second_factor(person)

    half = attempt(client, person.email, PASSWORD)

    assert half["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/accounts/").status_code == 302
    code = code_of(secret)
    assert client.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert client.get("/accounts/").status_code == 200

    again = Client()
    attempt(again, person.email, PASSWORD)
    assert again.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 200
    assert again.get("/accounts/").status_code == 302


def test_the_seed_of_a_second_factor_is_not_stored_in_clear(person):
    secret = give_second_factor(person)

    assert secret not in str(Authenticator.objects.get(user=person).data)


def test_a_platform_role_without_a_second_factor_gets_no_further_than_setting_it_up(make_user, client):
    administrator = make_user("administrator", password=PASSWORD)
    attempt(client, administrator.email, PASSWORD)

    admin = client.get("/admin/")
    rest = client.get("/api/v1/users/")

    assert (admin.status_code, admin["Location"]) == (302, "/accounts/2fa/totp/activate/")
    assert (rest.status_code, rest.json()["code"]) == (403, "second_factor_required")
    assert client.get("/accounts/2fa/totp/activate/").status_code in {200, 302}


def test_a_new_password_ends_the_other_sessions_and_the_tokens(person, api):
    here, there, keyed = Client(), Client(), api(person)
    attempt(here, person.email, PASSWORD)
    attempt(there, person.email, PASSWORD)

    changed = here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "amber-ladder-cloud-77", "password2": "amber-ladder-cloud-77"},
    )

    assert changed.status_code == 302
    assert here.get("/accounts/").status_code == 200
    assert there.get("/accounts/").status_code == 302
    assert keyed.get("/api/v1/access/me/").status_code == 401
    assert ApiToken.objects.live().count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_new_second_factor_ends_the_other_sessions(person):
    here, there = Client(), Client()
    attempt(here, person.email, PASSWORD)
    attempt(there, person.email, PASSWORD)
    here.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = here.get("/accounts/2fa/totp/activate/")

    answer = here.post("/accounts/2fa/totp/activate/", {"code": code_of(page.context["form"].secret)})

    assert answer.status_code == 302
    assert here.get("/accounts/").status_code == 200
    assert there.get("/accounts/").status_code == 302


def test_deactivating_somebody_ends_everything_at_the_next_request(person, api):
    browser, keyed = Client(), api(person)
    attempt(browser, person.email, PASSWORD)

    services.deactivate(person)

    assert browser.get("/accounts/").status_code == 302
    assert keyed.get("/api/v1/access/me/").status_code == 401
    assert attempt(Client(), person.email, PASSWORD)["Location"].startswith("/accounts/inactive/")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short-but-odd9", "password_too_short"),
        ("passwordpassword", "password_known_word"),
        ("steward-steward9", "password_known_word"),
        ("aaaaaaaaaaaaaaaaaaaa", "password_repeats"),
    ],
)
def test_a_weak_password_is_refused(person, client, password, code):
    attempt(client, person.email, PASSWORD)

    answer = client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": password, "password2": password}
    )

    assert code in {error.code for error in answer.context["form"].errors.as_data()["password1"]}
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_long_password_counts_to_its_last_character_and_in_any_unicode_form(person):
    person.set_password("x" * 199 + "é")

    assert person.check_password("x" * 199 + "é")
    assert not person.check_password("x" * 199 + "e")


def test_passwords_are_kept_by_argon2_with_19_mib(settings):
    settings.PASSWORD_HASHERS = ["apps.accounts.passwords.Argon2Hasher"]

    kept = get_hasher().encode(PASSWORD, get_hasher().salt())

    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert identify_hasher(kept).verify(PASSWORD, kept)
