"""An address of the API is found by its first word, and every other one is nothing."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import Resolver404, path, re_path, resolve
from django.urls.resolvers import RoutePattern

from apps.kernel.probes import livez
from apps.kernel.routing import Resources


def test_each_word_leads_to_its_own_addresses():
    resources = Resources(
        RoutePattern("api/v1/"), [re_path("^units/$", livez, name="units"), path("users/", livez, name="users")]
    )

    assert resources.resolve("api/v1/units/").url_name == "units"
    assert resources.resolve("api/v1/users/").url_name == "users"
    for nothing in ("api/v1/", "api/v1/unit/", "api/v1/units/x", "units/"):
        with pytest.raises(Resolver404):
            resources.resolve(nothing)


def test_an_address_that_begins_with_no_word_stops_the_start():
    with pytest.raises(ImproperlyConfigured, match="give it one"):
        Resources(RoutePattern("api/v1/"), [path("<str:name>/", livez)]).resolve("api/v1/x/")


def test_what_no_domain_names_is_still_found():
    assert resolve("/api/v1/units/").route == "api/v1/units/$"
    assert resolve("/api/v1/openapi.json").url_name == "openapi"
    assert resolve("/api/v1/docs/").url_name == "api-docs"
    assert Client().get("/api/v1/nowhere/").json()["code"] == "not_found"
