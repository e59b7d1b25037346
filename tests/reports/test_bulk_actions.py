"""A verb of the admin on many rows is a job: with progress, a way to stop it, and every refusal by its business key."""

from collections.abc import Callable
from threading import Thread
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client

from apps.access.models import Unit
from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.events.models import Work
from apps.events.work import execute
from apps.reports.models import BulkAction
from tests.reports.conftest import work_off
from tests.sample.models import Person

LIST = "/admin/sample/person/"
COUNT = 60


@pytest.fixture
def crowd(unit: Unit) -> list[Person]:
    return Person.objects.bulk_create(
        Person(unit=unit, number=f"P-{number:02}", name=f"Name {number}") for number in range(COUNT)
    )


@pytest.fixture
def manager(make_user: Callable[..., User], unit: Unit) -> User:
    return make_user("sample-manager", unit)


@pytest.fixture
def browser(sign_in: Callable[[User], Client], manager: User) -> Client:
    return sign_in(manager)


def close(browser: Client, rows: list[Person], **said: str) -> Any:
    return browser.post(LIST, {"action": "close", "_selected_action": [str(row.pk) for row in rows], **said})


def closed() -> int:
    return Person.objects.filter(name="").count()


def test_many_rows_are_done_by_a_job_whose_page_says_what_came_of_it(browser: Client, crowd: list[Person]) -> None:
    answer = close(browser, crowd, reason="moved away")

    assert (answer.status_code, closed()) == (302, 0)
    assert Work.objects.get().arguments == {"bulk": str(BulkAction.objects.get().pk)}

    work_off()

    assert closed() == COUNT
    page = browser.get(answer["Location"]).text
    assert "Close: persons: done" in page
    assert "60 records done." in page
    entry = AuditEvent.objects.filter(object_pk=str(crowd[0].pk)).latest("pk")
    assert (entry.source, entry.reason) == ("job:reports.bulk_action", "moved away")


def test_a_few_rows_are_done_at_once(browser: Client, crowd: list[Person]) -> None:
    close(browser, crowd[:50], reason="moved away")

    assert (closed(), Work.objects.count()) == (50, 0)


def test_the_question_comes_first_and_keeps_a_choice_of_the_whole_list(browser: Client, crowd: list[Person]) -> None:
    question = browser.post(LIST, {"action": "close", "_selected_action": str(crowd[0].pk), "select_across": "1"})

    assert "and 10 more" in question.text
    assert question.text.count('name="_selected_action"') == 1
    assert Work.objects.count() == 0

    close(browser, crowd[:1], reason="moved away", select_across="1")
    work_off()
    assert closed() == COUNT


def test_refusals_are_listed_by_the_business_key(browser: Client, crowd: list[Person], unit: Unit) -> None:
    answer = close(browser, crowd, reason="moved away")
    Person.objects.filter(pk=crowd[7].pk).update(number="REFUSED")
    Person.objects.filter(pk=crowd[8].pk).delete()

    work_off()

    page = browser.get(answer["Location"]).text
    assert "58 records done." in page
    assert "REFUSED: This one is not to be closed." in page
    assert f"{crowd[8].pk} is not there any more." in page
    assert closed() == 58


def test_it_runs_under_the_rights_that_the_person_has_then(browser: Client, manager: User, crowd: list[Person]) -> None:
    close(browser, crowd, reason="moved away")
    manager.assignments.all().delete()

    work_off()

    work = Work.objects.get()
    assert (work.state, work.last_error) == ("refused", "not_permitted: Your roles do not allow this.")
    assert closed() == 0


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_one_leaves_nothing(browser: Client, crowd: list[Person]) -> None:
    page = close(browser, crowd, reason="moved away")["Location"]
    work = Work.objects.get()
    job = Thread(target=_executed, args=(work.pk,))

    with transaction.atomic():
        # The job waits here for the last row but one, with most of its work done.
        Person.objects.select_for_update().get(pk=crowd[-2].pk)
        job.start()
        _until(lambda: Work.objects.get().done == 40)
        assert "40 of 60" in browser.get(page).text
        assert "asked to stop" in browser.post(f"{page}cancel/", follow=True).text
    job.join()

    work.refresh_from_db()
    assert (work.state, closed()) == ("cancelled", 0)
    assert "nothing of it remains" in browser.get(page).text


def _executed(key: UUID) -> None:
    execute(key)
    connection.close()


def _until(happened: Callable[[], bool]) -> None:
    deadline = monotonic() + 20
    while not happened():
        assert monotonic() < deadline
        sleep(0.01)
