"""A list of the admin as a file, as its reader sees it."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.access.models import Unit
from apps.accounts.models import User
from apps.events.models import Work
from apps.events.work import execute
from apps.reports.models import Export
from tests.reports.conftest import work_off
from tests.sample.models import Deal, Person

LIST = "/reports/lists/sample.person/"
pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture
def browser(sign_in: Callable[[User], Client], viewer: User) -> Client:
    return sign_in(viewer)


def taken(browser: Client, place: str, form: str = "csv") -> list[list[str]]:
    """Ask, let the job run, and take the file that its page offers."""
    page = browser.post(place, {"format": form})["Location"].removesuffix("#take")
    work_off()
    link = browser.get(page).context["export"].pk
    answer = browser.get(f"/reports/exports/{link}/file/")
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_every_list_offers_its_export_with_its_filters(browser: Client) -> None:
    assert 'href="/reports/lists/sample.person/?q=1"' in browser.get("/admin/sample/person/?q=1").text


def test_the_file_holds_what_the_list_shows_and_keys_as_people_know_them(browser: Client, unit: Unit) -> None:
    table = taken(browser, f"{LIST}?q=1&p=1")

    assert table[0] == ["Key", "Unit", "Number", "Name", "Email", "Created at", "Updated at"]
    assert [row[1:5] for row in table[1:]] == [["North", "1", "'=HYPERLINK(1)", "one@example.org"]]


def test_a_relation_is_shown_by_its_business_key(browser: Client, unit: Unit) -> None:
    buyer = Person.objects.get(unit=unit, number="1")
    Deal.objects.create(unit=unit, number="D-1", buyer=buyer, total="12.50")

    table = taken(browser, "/reports/lists/sample.deal/")

    assert [row[1:] for row in table] == [
        ["Unit", "Number", "Buyer", "Agent", "Total", "Closed at"],
        ["North", "D-1", "1", "", "12.50", ""],
    ]


def test_a_page_without_a_resource_of_the_api_gives_the_columns_of_its_list(
    sign_in: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    table = taken(sign_in(make_user("operator")), "/reports/lists/events.schedule/")

    assert table[0][-2:] == ["Name", "Planned until"]


def test_whoever_may_not_see_the_list_cannot_export_it(
    sign_in: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    stranger = sign_in(make_user())

    assert [stranger.get(LIST).status_code, stranger.post(LIST, {"format": "csv"}).status_code] == [404, 404]
    assert stranger.get("/reports/lists/sample.nothing/").status_code == 404
    assert Export.objects.count() == 0


def test_a_filter_that_the_list_does_not_know_is_refused_in_words(browser: Client) -> None:
    answer = browser.post(f"{LIST}?colour=red", {"format": "csv"}, follow=True)

    assert "This list cannot be filtered like this." in answer.text
    assert Export.objects.count() == 0


def test_the_page_of_a_job_is_its_requesters(
    browser: Client, sign_in: Callable[[User], Client], make_user: Callable[..., User], unit: Unit
) -> None:
    browser.post(LIST, {"format": "csv"})
    export = Export.objects.get()
    colleague = sign_in(make_user("sample-viewer", unit))

    seen = [colleague.get(f"/reports/jobs/{export.work_id}/"), colleague.get(f"/reports/exports/{export.pk}/file/")]

    assert [answer.status_code for answer in seen] == [404, 404]
    assert colleague.post(f"/reports/jobs/{export.work_id}/cancel/").status_code == 404


def test_a_job_is_cancelled_on_its_page(browser: Client) -> None:
    page = browser.post(LIST, {"format": "csv"})["Location"].removesuffix("#take")

    answer = browser.post(f"{page}cancel/", follow=True)

    assert "It was stopped, and nothing of it remains." in answer.text
    assert Work.objects.get(name="reports.export").state == "cancelled"


def test_the_page_says_why_a_job_was_refused(browser: Client, viewer: User) -> None:
    page = browser.post(LIST, {"format": "csv"})["Location"].removesuffix("#take")
    held: Any = viewer.assignments.get()
    held.delete()
    execute(Export.objects.get().work_id)
    held.save(force_insert=True)

    assert "Your roles do not allow this." in browser.get(f"{page}?part").text
