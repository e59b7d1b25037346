"""No door without a policy."""

from types import ModuleType

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from rest_framework.views import APIView

from apps.access.checks import every_admin_has_a_policy, every_door_has_a_policy, own_policy
from apps.access.staff_site import Site
from tests.sample.models import Tag


class OpenView(APIView):
    permission_classes = ()


@own_policy("It shows nothing.")
class DeclaredView(APIView):
    permission_classes = ()


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@pytest.fixture
def mounted(settings):
    """The doors of a site that has only these."""

    def mount(*views) -> None:
        module = ModuleType("doors")
        module.urlpatterns = [
            path("api/v1/", include([path(f"{number}/", view) for number, view in enumerate(views)])),
            path("elsewhere/", plain),
        ]
        settings.ROOT_URLCONF = module

    return mount


def test_the_system_itself_has_no_open_door():
    assert every_door_has_a_policy() == []
    assert every_admin_has_a_policy() == []


def test_a_view_of_the_api_without_a_policy_stops_the_start(mounted):
    mounted(OpenView.as_view(), plain, DeclaredView.as_view())

    assert [(error.id, error.msg) for error in every_door_has_a_policy()] == [
        ("access.E001", "/api/v1/0/ has no access policy."),
        ("access.E001", "/api/v1/1/ has no access policy."),
    ]


def test_an_admin_page_without_a_policy_stops_the_start(monkeypatch):
    monkeypatch.setitem(admin.site._registry, Tag, ModelAdmin(Tag, admin.site))

    assert [(error.id, error.obj) for error in every_admin_has_a_policy()] == [("access.E002", ModelAdmin)]


def test_a_third_partys_page_is_left_out_and_one_of_ours_is_not():
    site = Site()
    theirs = type("TheirAdmin", (ModelAdmin,), {"__module__": "oauth2_provider.admin"})
    ours = type("OurAdmin", (ModelAdmin,), {"__module__": "apps.sales.admin"})

    site.register(Group, theirs)
    site.register(Tag, ours)

    assert list(site._registry) == [Tag]
