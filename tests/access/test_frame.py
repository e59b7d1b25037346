"""What stands around every page: the menu, where one is, and how days and amounts are written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import activate

from config.navigation import menu
from tests.sample.models import Person

pytestmark = pytest.mark.django_db


def titles(user) -> dict[str, list[str]]:
    request = RequestFactory().get("/admin/")
    request.user = user
    return {str(group.get("title", "")): [str(item["title"]) for item in group["items"]] for group in menu(request)}


def test_the_menu_holds_what_the_reader_may_open_and_business_comes_first(make_user, unit):
    assert titles(make_user("sample-viewer", unit)) == {
        "": ["Start", "Notices", "Reports"],
        "Sample": ["Persons", "Deals"],
    }


def test_grants_and_roles_stand_where_one_decides_about_access(make_user):
    menu = titles(make_user("administrator"))

    assert "Person grants" in menu["People and access"]
    assert {"Roles", "Users", "Units"} <= set(menu["People and access"])
    assert "Sample" not in menu
    assert not any("Groups" in items for items in menu.values())


def test_a_page_says_where_one_is_and_marks_its_entry(sign_in, make_user, unit):
    person = Person.objects.create(unit=unit, number="P-7", name="Ada")
    client = sign_in(make_user("sample-manager", unit))
    listed = reverse("admin:sample_person_changelist")

    page = client.get(reverse("admin:sample_person_history", args=[person.pk])).content.decode()

    assert f'<li><a href="{listed}">Persons</a>' in page
    assert f'href="{reverse("admin:sample_person_change", args=[person.pk])}">P-7</a>' in page
    assert page.count('aria-current="page"') == 1
    assert f'<a href="{listed}" aria-current="page"' in page
    assert '<main id="main"' in page


@pytest.mark.parametrize("asked", ["en-US", "de", "fr-CH, en;q=0.1"])
def test_days_times_and_amounts_are_written_as_nobody_misreads_them(settings, client, asked: str):
    settings.TIME_ZONE = "Europe/Berlin"

    page = client.get("/accounts/login/", headers={"accept-language": asked}).content.decode()
    activate("en")

    assert '<html lang="en">' in page
    assert localize(date(2026, 11, 5)) == "5 Nov 2026"
    assert localize(timezone.localtime(datetime(2026, 11, 5, 13, 5, tzinfo=UTC))) == "5 Nov 2026, 14:05 CET"
    assert localize(Decimal("1291.26")) == "1,291.26"
    assert admin.site.index_title == "Start"
