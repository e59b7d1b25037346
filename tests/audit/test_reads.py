"""Who looked at whom: each door leaves one entry for each class of people it shows, and serves nothing without it."""

import json
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.kernel.classification import read_level
from apps.kernel.trail import Action
from apps.privacy.package import write_package
from apps.privacy.subjects import resolve
from tests.sample.models import Deal, Line, Person, Tag

PEOPLE = "/api/v1/sample/people/"
Seen = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def seen() -> Callable[[], Seen]:
    """The reads since the last look at them: class, key of the row, details."""
    last = [0]

    def read() -> Seen:
        found = AuditEvent.objects.filter(action=Action.ACCESS, pk__gt=last[0]).select_related("content_type")
        entries = list(found.order_by("content_type__model", "pk"))
        last[0] = max([last[0], *(entry.pk for entry in entries)])
        return [(entry.content_type.model, entry.object_pk, entry.additional_data) for entry in entries]

    read()
    return read


@pytest.fixture
def manager(make_user, unit):
    return make_user("sample-manager", unit)


def one(model: str, row: Any, door: str = "record") -> tuple[str, str, dict[str, Any]]:
    return model, str(row.pk), {"door": door}


def some(model: str, rows: list[Any], door: str = "list", **filters: Any) -> tuple[str, str, dict[str, Any]]:
    keys = [str(row.pk) for row in rows]
    return model, "", {"door": door, "filters": filters, "count": len(keys), "ids": keys}


API = {
    "list": (PEOPLE, lambda s: [some("person", [s["ada"], s["bob"]])]),
    "list of some fields": (f"{PEOPLE}?fields=number", lambda s: [some("person", [s["ada"], s["bob"]])]),
    "page": (f"{PEOPLE}?page_size=1&count=exact", lambda s: [some("person", [s["ada"]])]),
    "filter that tells nothing": (f"{PEOPLE}?number=P-2", lambda s: [some("person", [s["bob"]], number="P-2")]),
    "an address, wherever it is typed": (f"{PEOPLE}?number=a@b.example", lambda _: [some("person", [], number=None)]),
    "nothing found": (f"{PEOPLE}?number=P-9", lambda _: [some("person", [], number="P-9")]),
    "row": (f"{PEOPLE}{{ada}}/", lambda s: [one("person", s["ada"])]),
    "some fields of a row": (f"{PEOPLE}{{ada}}/?fields=number", lambda s: [one("person", s["ada"])]),
    "refused": (f"{PEOPLE}?colour=red", lambda _: []),
    "not there": (f"{PEOPLE}01900000-0000-7000-8000-000000000000/", lambda _: []),
}


@pytest.mark.parametrize("door", API)
@pytest.mark.parametrize("method", ["get", "head"])
def test_each_door_of_the_api_leaves_its_entry(api, manager, ada, bob, seen, door: str, method: str):
    path, expected = API[door]

    getattr(api(manager), method)(path.format(ada=ada.pk))

    assert seen() == expected({"ada": ada, "bob": bob})


ADMIN = {
    "list": ("sample_person_changelist", None, "", lambda s: [some("person", [s["bob"], s["ada"]])]),
    "search": ("sample_person_changelist", None, "?q=P-1", lambda s: [some("person", [s["ada"]], q=None)]),
    "list with names": (
        "sample_deal_changelist",
        None,
        "",
        lambda s: [some("deal", [s["deal"]])],
    ),
    "page": ("sample_person_change", "ada", "", lambda s: [one("person", s["ada"])]),
    "page with children": (
        "sample_deal_change",
        "deal",
        "",
        lambda s: [one("deal", s["deal"]), some("line", [s["line"]], "children")],
    ),
    "deletion": ("sample_person_delete", "bob", "", lambda s: [one("person", s["bob"], "deletion")]),
    "verb": ("sample_person_do", "ada", "", lambda s: [one("person", s["ada"], "question")]),
}


@pytest.mark.parametrize("door", ADMIN)
def test_each_door_of_the_admin_leaves_its_entries(sign_in, manager, ada, bob, deal, line, seen, door: str):
    stage = {"ada": ada, "bob": bob, "deal": deal, "line": line}
    name, row, query, expected = ADMIN[door]
    args = [stage[row].pk] if row else []
    browser = sign_in(manager)
    seen()

    page = browser.get(reverse(f"admin:{name}", args=[*args, *(["close"] if door == "verb" else [])]) + query)

    assert page.status_code == 200
    assert seen() == expected(stage)


def test_the_history_of_a_row_is_a_look_at_the_row_and_at_the_trail(sign_in, manager, deal, line, seen):
    browser = sign_in(manager)
    told = list(AuditEvent.objects.filter(object_pk__in=[deal.pk, line.pk]).order_by("-timestamp", "-id"))
    seen()

    browser.get(reverse("admin:sample_deal_history", args=[deal.pk]))

    assert seen() == [
        some("auditevent", told, "history", history="sample.deal", object=str(deal.pk)),
        one("deal", deal, "history"),
        some("line", [line], "history"),
    ]


def test_what_is_offered_while_somebody_types_was_shown_and_the_letters_are_not_kept(sign_in, manager, ada, bob, seen):
    browser = sign_in(manager)
    seen()

    said = {"app_label": "sample", "model_name": "deal", "field_name": "buyer", "term": "P-"}
    browser.get(reverse("admin:autocomplete"), said)

    assert seen() == [some("person", [bob, ada], "choice", term=None)]


def test_a_copy_that_is_still_true_counts_as_read(api, manager, ada, seen):
    client = api(manager)
    for door, entry in ((PEOPLE, some("person", [ada])), (f"{PEOPLE}{ada.pk}/", one("person", ada))):
        tag = client.get(door)["ETag"]
        seen()

        assert client.get(door, headers={"If-None-Match": tag}).status_code == 304
        assert seen() == [entry]


def test_a_list_names_two_hundred_rows_at_most_and_counts_them_all(sign_in, manager, unit, seen):
    Person.objects.bulk_create(Person(unit=unit, number=f"N-{number:03}", name="Ada") for number in range(200))
    browser = sign_in(manager)
    seen()

    browser.get(reverse("admin:sample_person_changelist"), {"all": ""})

    [(_model, _key, details)] = seen()
    assert (details["count"], len(details["ids"])) == (200, 200)


@pytest.mark.parametrize("door", [PEOPLE, PEOPLE + "{key}/"])
def test_what_cannot_be_entered_is_not_served(api, manager, ada, door: str, as_owner):
    client = api(manager)
    client.raise_request_exception = False
    as_owner("REVOKE EXECUTE ON FUNCTION audit_record(smallint, text, text[], jsonb, jsonb) FROM steward_app")

    answer = client.get(door.format(key=ada.pk))

    assert answer.status_code == 500
    assert b"Ada" not in answer.content


def test_a_page_that_cannot_be_entered_is_not_served(sign_in, manager, ada, as_owner):
    browser = sign_in(manager)
    browser.raise_request_exception = False
    as_owner("REVOKE EXECUTE ON FUNCTION audit_record(smallint, text, text[], jsonb, jsonb) FROM steward_app")

    page = browser.get(reverse("admin:sample_person_changelist"))

    assert page.status_code == 500
    assert b"Ada" not in page.content


def test_an_entry_costs_a_list_one_statement_and_a_row_none(api, manager, ada, seen):
    client = api(manager)
    for door, most in ((PEOPLE, 3), (f"{PEOPLE}{ada.pk}/", 2)):
        client.get(door)
        seen()

        with CaptureQueriesContext(connection) as asked:
            client.get(door)

        assert (len(asked), len(seen())) == (most, 1)


def test_the_level_follows_from_what_a_model_holds():
    levels = {model: read_level(model) for model in (Person, Deal, Line, Tag)}

    assert levels == {Person: "metadata", Deal: "metadata", Line: "metadata", Tag: "none"}


def test_a_person_is_told_of_lists_that_showed_him_too(api, manager, ada, bob, tmp_path):
    client = api(manager)
    client.get(f"{PEOPLE}?number=P-2")
    client.get(PEOPLE)
    client.get(f"{PEOPLE}{ada.pk}/")
    package = tmp_path / "package.zip"

    with package.open("wb") as file:
        write_package(file, resolve([(Person, ada.pk)], using="default"), export="test")

    with ZipFile(package) as bag:
        [log] = [name for name in bag.namelist() if name.endswith("data/access-log.jsonl")]
        read = [json.loads(line)["what"] for line in bag.read(log).splitlines()]
    assert read == ["access", "access"]
