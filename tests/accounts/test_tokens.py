"""Keys to the API: personal ones, and those of partners' OAuth clients."""

import base64
from datetime import timedelta

import pytest
import requests
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model
from rest_framework.test import APIClient

from apps.accounts import services
from apps.accounts.models import ApiToken, Application, TokenUse, User
from apps.accounts.services import TokenLivesTooLong, UnknownScope
from tests.sample.models import Person

PEOPLE = "/api/v1/sample/people/"
PASSWORD = "violet-harbour-notes-91"
AccessToken = get_access_token_model()


@pytest.fixture
def manager(make_user, unit) -> User:
    return make_user("sample-manager", unit, password=PASSWORD)


@pytest.fixture
def acme(make_user, unit):
    """A partner who may read and write, registered for reading and writing."""
    application, secret = services.register_application(name="acme", scopes=["sample:read", "sample:write"])
    from_role = make_user("sample-manager", unit).assignments.get()
    application.user.assignments.create(role=from_role.role, unit=unit)
    return application, secret


def bearer(key: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def key_of(user: User, *scopes: str, **ends: int) -> str:
    expires_at = timezone.now() + timedelta(**(ends or {"days": 1}))
    return services.issue_token(user, name="laptop", scopes=scopes, expires_at=expires_at)[1]


def ask_for_token(client: Client, application: Application, secret: str, **form: str):
    basic = base64.b64encode(f"{application.client_id}:{secret}".encode()).decode()
    return client.post(
        "/oauth/token/", {"grant_type": "client_credentials", **form}, headers={"authorization": f"Basic {basic}"}
    )


def test_a_token_opens_the_api_and_only_its_digest_is_kept(manager):
    key = key_of(manager, "sample:read")

    assert key.startswith("stw_")
    assert bearer(key).get(PEOPLE).status_code == 200
    assert key not in str(ApiToken.objects.values().get())


def test_a_scope_narrows_what_the_role_allows(manager, unit):
    answer = bearer(key_of(manager, "sample:read")).post(PEOPLE, {"number": "P-1", "name": "Ada"})

    assert answer.status_code == 403
    assert Person.objects.count() == 0


def test_a_scope_widens_nothing(make_user, unit):
    viewer = make_user("sample-viewer", unit)

    answer = bearer(key_of(viewer, "sample:read", "sample:write")).post(PEOPLE, {"number": "P-1", "name": "Ada"})

    assert answer.status_code == 403
    assert Person.objects.count() == 0


@pytest.mark.parametrize("header", ["Bearer stw_unknown", "Bearer unknown", "Bearer ", "Basic abc", None])
def test_a_wrong_or_missing_key_is_a_401_problem(db, header):
    client = APIClient()
    if header:
        client.credentials(HTTP_AUTHORIZATION=header)

    answer = client.get(PEOPLE)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_key_in_the_address_is_refused(manager):
    answer = APIClient().get(PEOPLE, {"access_token": key_of(manager, "sample:read")})

    assert answer.status_code == 401


def test_expired_revoked_and_disabled_keys_get_one_and_the_same_answer(manager, make_user, unit):
    expired = key_of(manager, "sample:read")
    ApiToken.objects.update(expires_at=timezone.now())
    revoked = key_of(manager, "sample:read")
    services.revoke_token(ApiToken.objects.latest("created_at"))
    gone = make_user("sample-manager", unit)
    disabled = key_of(gone, "sample:read")
    User.objects.filter(pk=gone.pk).update(is_active=False)

    answers = [bearer(key).get(PEOPLE) for key in (expired, revoked, disabled)]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1


def test_a_token_lives_a_year_at_most_and_knows_its_scopes(manager):
    with pytest.raises(TokenLivesTooLong):
        key_of(manager, "sample:read", days=400)
    with pytest.raises(UnknownScope):
        key_of(manager, "sample:everything")

    assert ApiToken.objects.count() == 0


def test_the_last_use_is_noted_at_most_once_a_minute_and_changes_no_token(manager):
    client = bearer(key_of(manager, "sample:read"))
    before = ApiToken.objects.get().updated_at

    client.get(PEOPLE)
    first = TokenUse.objects.get().used_at
    client.get(PEOPLE)

    assert TokenUse.objects.get().used_at == first
    assert ApiToken.objects.get().updated_at == before


def test_a_person_makes_a_token_after_signing_in_again_and_sees_it_once(manager, client):
    client.post("/accounts/login/", {"login": manager.email, "password": PASSWORD})
    assert client.get("/accounts/tokens/")["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})

    made = client.post("/accounts/tokens/", {"name": "laptop", "days": "30", "scopes": ["sample:read"]})
    key = made.context["key"]

    assert key in made.content.decode()
    assert key not in client.get("/accounts/tokens/").content.decode()
    assert bearer(key).get(PEOPLE).status_code == 200
    client.post(f"/accounts/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert bearer(key).get(PEOPLE).status_code == 401


def test_nobody_revokes_the_token_of_somebody_else(manager, make_user, sign_in):
    key_of(manager, "sample:read")

    answer = sign_in(make_user()).post(f"/accounts/tokens/{ApiToken.objects.get().pk}/revoke/")

    assert answer.status_code == 404
    assert ApiToken.objects.live().count() == 1


def test_a_session_writes_only_with_a_csrf_token(manager, sign_in):
    browser = sign_in(manager)
    browser.handler.enforce_csrf_checks = True

    answer = browser.post(PEOPLE, {"number": "P-1", "name": "Ada"}, content_type="application/json")

    assert answer.status_code == 403
    assert Person.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_partner_gets_a_token_over_http_and_works_with_it(acme, live_server):
    application, secret = acme

    issued = requests.post(
        f"{live_server.url}/oauth/token/",
        data={"grant_type": "client_credentials", "scope": "sample:read"},
        auth=(application.client_id, secret),
        timeout=10,
    )
    listed = requests.get(
        f"{live_server.url}{PEOPLE}", headers={"Authorization": f"Bearer {issued.json()['access_token']}"}, timeout=10
    )

    assert (issued.status_code, issued.json()["expires_in"], issued.json()["scope"]) == (200, 900, "sample:read")
    assert "refresh_token" not in issued.json()
    assert listed.status_code == 200


def test_a_partner_acts_as_his_service_user_within_his_scopes(acme, client):
    key = ask_for_token(client, *acme, scope="sample:read").json()["access_token"]

    assert bearer(key).get("/api/v1/access/me/").json()["id"] == str(acme[0].user.pk)
    assert bearer(key).post(PEOPLE, {"number": "P-1", "name": "Ada"}).status_code == 403
    assert AccessToken.objects.get().token == ""


def test_asking_for_no_scope_gets_the_registered_reading_only(acme, client):
    assert ask_for_token(client, *acme).json()["scope"] == "sample:read"


def test_a_scope_that_is_not_registered_is_refused(acme, client):
    answer = ask_for_token(client, *acme, scope="accounts:write")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert AccessToken.objects.count() == 0


@pytest.mark.parametrize("grant_type", ["password", "authorization_code", "refresh_token", "implicit"])
def test_no_other_grant_is_served(acme, client, grant_type):
    answer = ask_for_token(
        client, *acme, grant_type=grant_type, username="x", password="y", code="z", refresh_token="r"
    )

    assert answer.status_code in {400, 401}
    assert AccessToken.objects.count() == 0


def test_a_wrong_secret_is_401(acme, client):
    assert ask_for_token(client, acme[0], "wrong").status_code == 401


def test_a_rotated_secret_ends_the_old_one_and_its_tokens(acme, client):
    application, old = acme
    key = ask_for_token(client, application, old).json()["access_token"]

    _application, new = services.rotate_secret(application)

    assert bearer(key).get(PEOPLE).status_code == 401
    assert ask_for_token(client, application, old).status_code == 401
    assert ask_for_token(client, application, new).status_code == 200


def test_a_narrowed_registration_narrows_running_tokens(acme, client):
    key = ask_for_token(client, *acme, scope="sample:read sample:write").json()["access_token"]

    services.set_scopes(acme[0], scopes=["sample:write"])

    assert bearer(key).get(PEOPLE).status_code == 403


def test_a_disabled_partner_is_out_at_once(acme, client):
    key = ask_for_token(client, *acme).json()["access_token"]

    services.deactivate(acme[0].user)

    assert bearer(key).get(PEOPLE).status_code == 401
    assert ask_for_token(client, *acme).status_code == 401


def test_a_client_revokes_and_inspects_its_own_tokens_only(acme, client):
    application, secret = acme
    key = ask_for_token(client, application, secret).json()["access_token"]
    stranger, other = services.register_application(name="globex", scopes=["sample:read"])

    def ask(path: str, who: Application, password: str):
        return client.post(path, {"token": key, "client_id": who.client_id, "client_secret": password})

    assert ask("/oauth/introspect/", stranger, other).json() == {"active": False}
    assert ask("/oauth/introspect/", application, "wrong").status_code == 401
    assert ask("/oauth/introspect/", application, secret).json()["active"] is True
    assert client.get("/oauth/introspect/", {"token": key}).status_code == 401
    assert ask("/oauth/revoke/", application, secret).status_code == 200
    assert ask("/oauth/introspect/", application, secret).json() == {"active": False}
    assert bearer(key).get(PEOPLE).status_code == 401


def test_the_metadata_promises_only_what_is_served(db, client):
    said = client.get("/.well-known/oauth-authorization-server").json()

    assert said["grant_types_supported"] == ["client_credentials"]
    assert said["response_types_supported"] == []
    assert "authorization_endpoint" not in said
    assert said["token_endpoint"] == "http://testserver/oauth/token/"
    assert {"sample:read", "sample:write"} <= set(said["scopes_supported"])


def test_the_database_refuses_an_application_of_another_kind(acme):
    with pytest.raises(IntegrityError, match="application_is_a_confidential_service"):
        Application.objects.update(client_type="public")
