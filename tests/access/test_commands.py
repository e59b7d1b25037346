"""What operators and trials call from the shell."""

import json
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.access import services
from apps.access.api.views import GrantViewSet
from apps.access.models import Unit
from apps.access.routes import api_routes
from apps.accounts.models import ApiToken, Application, User
from apps.kernel.registry import domains
from apps.oversight.api.views import KindViewSet
from tests.sample.models import Person

UNIT_IS_OPTIONAL = {"events.publishedevent", "events.work", "audit.auditevent"}


def run(*words: str) -> dict:
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_first_administrator_is_made_once_with_a_second_factor(db):
    made = run("createadmin", "Ada@example.org")

    user = User.objects.get(email="ada@example.org")
    assert user.check_password(made["password"])
    assert len(made["totp"]) == 32
    assert user.has_perm("access.delegate_assignment")
    with pytest.raises(CommandError, match="administrator already"):
        run("createadmin", "eve@example.org")
    assert User.objects.count() == 1


def test_there_is_no_account_before_somebody_makes_one(db):
    assert User.objects.count() == 0
    assert Unit.objects.count() == 0


def test_seed_is_refused_in_production(db):
    with pytest.raises(CommandError, match="DEBUG is off"):
        run("seed")

    assert User.objects.count() == 0


def test_seed_prints_what_the_contract_says(db):
    made = run("seed", "--force")

    roles = [role for _label, role in domains.roles()]
    assert set(made) == {"base", "units", "users", "partners", "samples"}
    assert set(made["units"]) == {"north", "south"}
    assert sorted((user["role"], user["unit"]) for user in made["users"]) == sorted(
        (role.slug, unit) for role in roles for unit in ("north", "south")
    )
    platform = {role.slug for role in roles if role.platform}
    assert {user["role"] for user in made["users"] if "totp" in user} == platform
    assert {partner["unit"] for partner in made["partners"]} == {"north", "south"}
    assert {"sample.person", "sample.deal", "sample.line"} <= set(made["samples"])


def test_every_resource_of_a_unit_has_rows_to_look_at(db):
    made = run("seed", "--force")
    holders = {
        permission if "." in permission else f"{label}.{permission}": role.slug
        for label, role in domains.roles()
        for permission in role.permissions
    }
    tokens = {(user["role"], user["unit"]): user["token"] for user in made["users"]}
    listed = {}
    for route in api_routes():
        if route.method != "GET" or not route.permission or issubclass(route.view, GrantViewSet | KindViewSet):
            continue  # a list of grants wants to be told of which row, and kinds of reports are no rows
        if "{" not in route.path and "/sample/" not in route.path:
            rows = {unit: rows_of(route.path, tokens[holders[route.permission], unit]) for unit in ("north", "south")}
            if any("unit" in row for row in rows["north"]):
                listed[route.view.queryset.model._meta.label_lower] = {
                    unit: {row["id"] for row in shown if row["unit"] == made["units"][unit]}
                    for unit, shown in rows.items()
                }

    samples = {label: keys for label, keys in made["samples"].items() if not label.startswith("sample.")}
    assert set(samples) == set(listed) - UNIT_IS_OPTIONAL
    for label, keys in samples.items():
        for unit in ("north", "south"):
            assert len(keys[unit]) >= 3, (label, unit)
            assert set(keys[unit]) <= listed[label][unit], (label, unit)


def rows_of(path: str, token: str) -> list[dict]:
    response = APIClient().get(path, {"page_size": 200}, HTTP_AUTHORIZATION=f"Bearer {token}")
    assert response.status_code == 200, path
    return response.json()["results"]


def test_every_seeded_persona_and_partner_gets_in(db):
    made = run("seed", "--force")
    viewer = next(user for user in made["users"] if (user["role"], user["unit"]) == ("sample-viewer", "north"))
    partner = made["partners"][0]

    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {viewer['token']}")
    issued = Client().post(
        "/oauth/token/",
        {
            "grant_type": "client_credentials",
            "client_id": partner["client_id"],
            "client_secret": partner["client_secret"],
            "scope": "sample:read sample:write",
        },
    )
    machine = APIClient()
    machine.credentials(HTTP_AUTHORIZATION=f"Bearer {issued.json()['access_token']}")

    assert client.get("/api/v1/sample/people/").status_code == 200
    signed_in = Client().post("/accounts/login/", {"login": viewer["username"], "password": viewer["password"]})
    assert signed_in.status_code == 302
    assert machine.post("/api/v1/sample/people/", {"number": "P-9", "name": "Ada"}).status_code == 201
    assert str(Person.objects.get().unit_id) == made["units"]["north"]


def test_seed_again_renews_the_secrets_and_doubles_nothing(db):
    first = run("seed", "--force")
    counts = [model.objects.count() for model in (User, Unit, Application, Authenticator)]

    second = run("seed", "--force")

    assert [model.objects.count() for model in (User, Unit, Application, Authenticator)] == counts
    assert ApiToken.objects.live().count() == len(second["users"])
    for part, secret in (("users", "password"), ("users", "token"), ("partners", "client_secret")):
        assert {row[secret] for row in first[part]}.isdisjoint({row[secret] for row in second[part]})


def test_explain_says_which_assignment_in_which_unit(make_user, unit, other_unit):
    viewer = make_user("sample-viewer", unit, email="ada@example.org")
    here = Person.objects.create(unit=unit, number="P-1", name="Ada")
    there = Person.objects.create(unit=other_unit, number="P-2", name="Eve")

    yes = run("access", "explain", "ada@example.org", "sample.view_person", f"sample.person:{here.pk}")
    no = run("access", "explain", "ada@example.org", "sample.view_person", f"sample.person:{there.pk}")
    never = run("access", "explain", str(viewer.pk), "sample.close_person")

    assert yes["allowed"] is True
    assert yes["reasons"][0].startswith("The role sample-viewer in /company/north/ carries it (from ")
    assert no["allowed"] is False
    assert no["reasons"][0].endswith("but /company/south/ is not below that unit.")
    assert never == {
        "allowed": False,
        "reasons": ["No role and no grant of this user carries sample.close_person."],
    }


def test_explain_looks_back_in_time_and_at_grants(make_user, unit):
    viewer = make_user("sample-viewer", unit, email="ada@example.org")
    row = Person.objects.create(unit=unit, number="P-1", name="Ada")
    stranger = make_user(email="eve@example.org")
    services.grant(stranger, permission="view_person", row=row, by=None)

    before = run("access", "explain", "ada@example.org", "sample.view_person", "north", "--at", "2020-05-03")
    granted = run("access", "explain", "eve@example.org", "sample.view_person", f"sample.person:{row.pk}")
    services.end_assignment(viewer.assignments.get(), by=None)
    after = run("access", "explain", "ada@example.org", "sample.view_person")

    assert before["allowed"] is False
    assert "was not valid at 2020-05-03" in before["reasons"][0]
    assert granted["allowed"] is True
    assert granted["reasons"][0].startswith("A grant of view_person on P-1 opens it")
    assert after["allowed"] is False
    assert f"until {timezone.now():%Y-%m-%d}" in after["reasons"][0]
