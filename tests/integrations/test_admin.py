from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from apps.events.models import Work
from apps.events.work import execute
from apps.integrations.imports import profile
from apps.integrations.models import ImportBatch
from tests.integrations.conftest import DEALS, LINES, PEOPLE, PROFILE
from tests.integrations.test_api import csv, work_off
from tests.sample.models import Line, Person

pytestmark = pytest.mark.django_db
ADD = "admin:integrations_importbatch_add"
LIST = "admin:integrations_importbatch_changelist"


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample.toml").write_text(PROFILE)
    monkeypatch.setattr(profile, "SHIPPED", tmp_path)


@pytest.fixture
def browser(sign_in: Callable[[User], Client], make_user: Callable[..., User], unit: Unit) -> Client:
    user = make_user("import-manager", unit)
    Assignment.objects.create(user=user, role=Group.objects.get(name="sample-manager"), unit=unit)
    return sign_in(user)


def upload(browser: Client, unit: Unit, lines: str = LINES) -> str:
    files = [csv("people.csv", PEOPLE), csv("deals.csv", DEALS), csv("lines.csv", lines)]
    page = browser.post(reverse(ADD), {"profile": "sample", "unit": str(unit.pk), "files": files}, follow=True)
    return page.content.decode()


def press(browser: Client, action: str, **words: str) -> str:
    batch = ImportBatch.objects.get()
    said = {"action": action, "_selected_action": str(batch.pk), **words}
    return browser.post(reverse(LIST), said, follow=True).content.decode()


def page_of(browser: Client) -> str:
    batch = ImportBatch.objects.get()
    return browser.get(reverse("admin:integrations_importbatch_change", args=[batch.pk])).content.decode()


def test_an_import_from_upload_to_undo(browser: Client, unit: Unit) -> None:
    assert "their check has begun" in upload(browser, unit)
    work_off()
    page = page_of(browser)
    assert "sample.line" in page
    assert "/do/confirm/" in page
    assert Person.objects.count() == 0

    press(browser, "confirm")
    work_off()
    assert (ImportBatch.objects.get().state, Line.objects.count()) == ("done", 3)

    assert 'name="reason"' in press(browser, "undo")
    assert Line.objects.count() == 3
    press(browser, "undo", reason="wrong file")
    assert (ImportBatch.objects.get().state, Line.objects.count()) == ("undone", 0)


def test_bad_rows_stand_in_a_table_and_markup_is_text(browser: Client, unit: Unit) -> None:
    upload(browser, unit, LINES.replace("chair,4", "chair,<b>4</b>"))
    work_off()

    page = page_of(browser)

    assert "This is not a whole number." in page
    assert "&lt;b&gt;4&lt;/b&gt;" in page
    assert "/do/confirm_good/" in page
    assert "/do/confirm/" not in page
    press(browser, "confirm_good")
    work_off()
    assert Line.objects.count() == 2


def test_a_refused_upload_keeps_the_form_and_nothing_else(browser: Client, unit: Unit) -> None:
    said = {"profile": "sample", "unit": str(unit.pk), "files": [csv("others.csv", PEOPLE)]}

    page = browser.post(reverse(ADD), said).content.decode()

    assert "The profile has no file others.csv." in page
    assert ImportBatch.objects.count() == 0


def test_an_operator_reads_why_work_was_set_aside_and_runs_it_again(
    sign_in: Callable[[User], Client], make_user: Callable[..., User], unit: Unit, browser: Client
) -> None:
    upload(browser, unit)
    work = Work.objects.get()
    Work.objects.filter(pk=work.pk).update(name="gone.job")
    for _attempt in range(work.max_attempts):
        Work.objects.unfinished().update(due_at="2020-01-01T00:00Z")
        execute(work.pk)
    operator = sign_in(make_user("operator"))

    listed = operator.get(reverse("admin:events_work_changelist")).content.decode()
    operator.post(
        reverse("admin:events_work_changelist"), {"action": "retry", "_selected_action": str(work.pk)}, follow=True
    )

    assert "UnknownJob" in listed
    assert Work.objects.get(pk=work.pk).state == "ready"


@pytest.mark.parametrize("model", ["publishedevent", "schedule", "relay", "work"])
def test_an_operator_reads_the_machinery(
    sign_in: Callable[[User], Client], make_user: Callable[..., User], model: str
) -> None:
    page = sign_in(make_user("operator")).get(reverse(f"admin:events_{model}_changelist"))

    assert page.status_code == 200


def test_the_bar_of_running_work_asks_for_itself_until_the_work_is_over(
    sign_in: Callable[[User], Client], make_user: Callable[..., User], browser: Client, unit: Unit, other_unit: Unit
) -> None:
    upload(browser, unit)
    work = Work.objects.get()
    Work.objects.update(state="leased", lease_until="2099-01-01T00:00Z", done=1_500, total=3_000)
    bar = reverse("admin:events_work_progress", args=[work.pk])

    running = browser.get(bar)
    Work.objects.update(state="parked", lease_until=None, finished_at="2026-01-01T00:00Z", last_error="no_file: Gone.")
    over = browser.get(bar)
    page = browser.get(reverse("admin:events_work_change", args=[work.pk])).content.decode()
    stranger = sign_in(make_user("import-manager", other_unit))

    assert f'hx-get="{bar}"' in running.content.decode()
    assert "1,500 of 3,000" in running.content.decode()
    assert "HX-Refresh" not in running.headers
    assert over.headers["HX-Refresh"] == "true"
    assert "hx-get" not in over.content.decode()
    assert "Gone." in page
    assert "no_file" not in page
    batch = ImportBatch.objects.get()
    assert reverse("admin:integrations_importbatch_change", args=[batch.pk]) in page
    assert stranger.get(bar).status_code == 404
