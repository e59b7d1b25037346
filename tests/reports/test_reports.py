"""Reports that domains declare: from the page, the API and the shell, always of the rows that one may see."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.events.models import Work
from apps.kernel.trail import Action
from apps.reports.models import Export
from tests.reporting import report_lines
from tests.reports.conftest import work_off
from tests.sample.models import Deal, Person

RUN = "/reports/sample-deals/runs/"
RUNS = "/api/v1/reports/sample-deals/runs/"
ROWS = [["Number", "Buyer", "Total"], ["north", "'=HYPERLINK(north)", "12.50"]]


@pytest.fixture(autouse=True)
def deals(unit: Unit, other_unit: Unit) -> None:
    for place in (unit, other_unit):
        buyer = Person.objects.create(unit=place, number="1", name=f"=HYPERLINK({place.slug})")
        Deal.objects.create(unit=place, number=place.slug, buyer=buyer, total="12.50")


def test_a_report_holds_the_rows_of_the_readers_units_and_runs_no_formula(viewer: User) -> None:
    assert list(csv.reader(report_lines("sample-deals", viewer))) == ROWS


def test_a_report_runs_as_a_job_and_its_page_offers_the_file(sign_in: Callable[[User], Client], viewer: User) -> None:
    browser = sign_in(viewer)

    page = browser.post(RUN, {"format": "csv"})["Location"].removesuffix("#take")
    work_off()

    assert "One row." in browser.get(page).text
    answer = browser.get(f"/reports/exports/{Export.objects.get().pk}/file/")
    assert answer["Content-Disposition"] == 'attachment; filename="sample-deals.csv"'
    assert list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))) == ROWS


def test_without_the_permission_a_report_does_not_exist(
    sign_in: Callable[[User], Client], make_user: Callable[..., User], api: Callable[[User], Any]
) -> None:
    stranger = make_user()

    assert sign_in(stranger).post(RUN, {"format": "csv"}).status_code == 404
    assert "No report is open" in sign_in(stranger).get("/reports/").text
    assert api(stranger).get("/api/v1/reports/").json()["results"] == []
    assert api(stranger).post(RUNS, {"format": "csv"}).status_code == 404
    assert Work.objects.count() == 0


def test_the_catalogue_names_what_one_may_take(sign_in: Callable[[User], Client], viewer: User) -> None:
    assert "Deals by buyer" in sign_in(viewer).get("/reports/").text


def test_the_api_lists_reports_and_runs_them(api: Callable[[User], Any], viewer: User) -> None:
    client = api(viewer)
    assert client.get("/api/v1/reports/").json()["results"] == [
        {"name": "sample-deals", "title": "Deals by buyer", "columns": ["Number", "Buyer", "Total"]}
    ]

    asked = client.post(RUNS, {"format": "xlsx"})
    work_off()

    assert (asked.status_code, asked["Location"]) == (202, f"/api/v1/jobs/{asked.json()['job']}/")
    job = client.get(asked["Location"]).json()
    assert (job["state"], job["result"]["rows"]) == ("done", 1)
    assert client.post(RUNS, {"format": "pdf"}).json()["errors"][0]["pointer"] == "/format"


def test_the_shell_writes_a_report_under_somebodys_rights(viewer: User, tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"

    call_command("report", "sample-deals", "--as", viewer.email, "--output", str(file))

    assert list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines())) == ROWS
    taken = AuditEvent.objects.get(action=Action.EXPORT)
    assert (taken.actor_id, taken.additional_data["rows"]) == (viewer.pk, 1)


def test_the_shell_refuses_in_words(viewer: User, tmp_path: Path) -> None:
    Assignment.objects.filter(user=viewer).delete()
    file = tmp_path / "deals.csv"

    for arguments, sentence in (
        (("sample-deals",), "Say under whose rights"),
        (("sample-deals", "--as", "nobody@example.org", "--output", str(file)), "There is no such user."),
        (("nothing", "--as", viewer.email, "--output", str(file)), "There is no list or report of this name."),
        (("sample-deals", "--as", viewer.email, "--output", str(file)), "Your roles do not allow this."),
    ):
        with pytest.raises(CommandError, match=sentence):
            call_command("report", *arguments)
    assert not file.exists()
