"""Each kind of report holds exactly the entries that answer its question, in every form, and making it is recorded."""

import csv
import io
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from apps.access.models import Assignment, Unit
from apps.audit.models import AuditEvent
from apps.audit.reports.formats import FORMATS, about, make
from apps.audit.reports.kind import Report, WrongParameters, ask
from apps.audit.reports.kinds import KINDS
from apps.files import services as files
from apps.kernel.trail import Action, Context, acting, because, record
from apps.kernel.writers import TooManyRows
from tests.audit.papers import text_of
from tests.sample.models import Deal, Line, Person, PersonGrant, Tag

Told = tuple[str, str, str]


def report(kind: str, *, since: datetime | None = None, until: datetime | None = None, **words: str) -> Report:
    return ask(KINDS[kind], words, since=since, until=until)


def told(kind: str, **words: Any) -> list[Told]:
    """(action, kind of row, key) of the entries, from the first to the last."""
    found = report(kind, **words).entries.select_related("content_type").order_by("id")
    return [(Action(entry.action).name.lower(), entry.content_type.model, entry.object_pk) for entry in found]


def written(form: str, of: Report) -> bytes:
    stream = io.BytesIO()
    make(stream, of, form, about(of, asked_by="Olga Officer", made_at=timezone.now()))
    return stream.getvalue()


@pytest.fixture
def begun(unit: Unit) -> datetime:
    """After the stage was set."""
    return timezone.now()


@pytest.fixture
def ada(unit: Unit) -> Person:
    return Person.objects.create(unit=unit, number="P-1", name="Ada", email="ada@example.org")


@pytest.fixture
def vera(make_user, unit: Unit) -> Any:
    return make_user("sample-manager", unit, email="vera@example.org", name="Vera Viewer")


def test_activity_is_what_a_person_did_and_who_signed_in_as_that_person(vera, ada, begun):
    with acting(Context(source="admin", actor=vera.pk)):
        Person.objects.filter(pk=ada.pk).update(name="Eve")
    with acting(Context(source="web")):
        record(Action.LOGIN_FAILED, model="accounts.user", objects=[vera.pk])
        Person.objects.filter(pk=ada.pk).update(name="Ada")

    expected = [("update", "person", str(ada.pk)), ("login_failed", "user", str(vera.pk))]
    assert told("activity", of="VERA@example.org", since=begun) == expected
    assert told("activity", of=str(vera.pk), since=begun) == expected


def test_history_has_the_lines_links_and_files_also_those_that_are_gone(ada, unit, begun):
    deal = Deal.objects.create(unit=unit, number="D-1", buyer=ada)
    other = Deal.objects.create(unit=unit, number="D-2", buyer=ada)
    line = Line.objects.create(unit=unit, deal=deal, what="Tea")
    Line.objects.create(unit=unit, deal=other, what="Milk")
    tag = Tag.objects.create(unit=unit, label="red")
    deal.tags.add(tag)
    link = str(Deal.tags.through.objects.get().pk)
    file = files.store(
        io.BytesIO(b"x"),
        name="x.txt",
        content_type="text/plain",
        purpose="test",
        owner_label="sample.deal",
        owner=deal.pk,
        expires_at=timezone.now(),
    )
    key = str(line.pk)
    line.delete()
    deal.tags.clear()

    assert told("history", of=f"sample.Deal:{deal.pk}", since=begun) == [
        ("create", "deal", str(deal.pk)),
        ("create", "line", key),
        ("create", "deal_tags", link),
        ("create", "storedfile", str(file.pk)),
        ("delete", "line", key),
        ("delete", "deal_tags", link),
    ]


def test_the_timeline_of_a_record_holds_what_its_history_does(sign_in, make_user, ada, unit):
    deal = Deal.objects.create(unit=unit, number="D-1", buyer=ada)
    Line.objects.create(unit=unit, deal=deal, what="Tea").delete()
    deal.tags.add(Tag.objects.create(unit=unit, label="red"))
    PersonGrant.objects.create(
        user=make_user(), permission=Permission.objects.get(codename="view_person"), content_object=ada
    )
    browser = sign_in(make_user("auditor"))

    for row in (deal, ada):
        label = row._meta.label_lower
        page = browser.get(reverse("admin:audit_record", args=[label, row.pk]))
        shown = {
            line.told.event.pk for day in page.context["days"] for act in day.acts for line, _html in act.sentences
        }
        assert shown == set(report("history", of=f"{label}:{row.pk}").entries.values_list("pk", flat=True))
        assert len(shown) > 1


def test_a_record_that_is_gone_still_has_its_history(ada, begun):
    key = str(ada.pk)
    ada.delete()

    assert told("history", of=f"sample.person:{key}", since=begun) == [("delete", "person", key)]


def test_a_request_is_everything_under_its_id(ada, unit):
    with acting(Context(source="api", request_id="request-7")):
        Person.objects.filter(pk=ada.pk).update(name="Eve")
        tag = Tag.objects.create(unit=unit, label="red")
    Person.objects.filter(pk=ada.pk).update(name="Ada")

    assert told("request", of="request-7") == [("update", "person", str(ada.pk)), ("create", "tag", str(tag.pk))]


def test_access_to_personal_data_is_reading_and_taking_it(ada, vera, begun):
    with acting(Context(source="admin", actor=vera.pk)):
        record(Action.ACCESS, model="sample.person", objects=[ada.pk])
        record(Action.EXPORT, model="sample.person", details={"rows": 2})
        record(Action.ACCESS, model="sample.tag", objects=["1"])
    record(Action.ACCESS, model="sample.person", details={"ids": [str(ada.pk)], "count": 1})
    record(Action.ACCESS, model="sample.person", objects=["another"])
    Person.objects.filter(pk=ada.pk).update(name="Eve")

    read, taken = ("access", "person", str(ada.pk)), ("export", "person", "")
    listed = ("access", "person", "")
    assert told("personal-data", since=begun) == [read, taken, listed, ("access", "person", "another")]
    assert told("personal-data", since=begun, by="vera@example.org") == [read, taken]
    assert told("personal-data", since=begun, of=f"sample.person:{ada.pk}") == [read, listed]


def test_changes_of_rights_are_assignments_grants_roles_tokens_and_accounts(ada, vera, root_unit, begun):
    with acting(Context(source="admin")):
        given = Assignment.objects.create(user=vera, role=Group.objects.get(name="auditor"), unit=root_unit)
        grant = PersonGrant.objects.create(
            user=vera, permission=Permission.objects.get(codename="view_person"), content_object=ada
        )
        role = Group.objects.create(name="new")
        vera.is_active = False
        vera.save(update_fields=["is_active"])
        vera.name = "Vera"
        vera.save(update_fields=["name"])
        record(Action.TOKEN_REVOKED, model="accounts.apitoken", objects=["token-1"])

    of_vera = [
        ("create", "assignment", str(given.pk)),
        ("create", "persongrant", str(grant.pk)),
        ("update", "user", str(vera.pk)),
    ]
    everything = [*of_vera[:2], ("create", "group", str(role.pk)), of_vera[2], ("token_revoked", "apitoken", "token-1")]
    assert told("rights", since=begun) == everything
    assert told("rights", since=begun, of=str(vera.pk)) == of_vera


def test_refused_attempts_are_refusals_and_failed_sign_ins(vera, ada, begun):
    with acting(Context(source="api", actor=vera.pk)):
        record(Action.REFUSED, model="sample.person", objects=[ada.pk])
        record(Action.ACCESS, model="sample.person", objects=[ada.pk])
    record(Action.LOGIN_FAILED, model="accounts.user")

    refused = ("refused", "person", str(ada.pk))
    assert told("refusals", since=begun) == [refused, ("login_failed", "user", "")]
    assert told("refusals", since=begun, by=str(vera.pk)) == [refused]


def test_privileged_is_what_platform_roles_shells_and_strangers_to_the_application_did(vera, make_user, ada, begun):
    boss = make_user("administrator")
    since = timezone.now()
    for source, actor in (("admin", boss.pk), ("admin", vera.pk), ("command:seed", None), ("api", None)):
        with acting(Context(source=source, actor=actor)):
            Person.objects.filter(pk=ada.pk).update(name=f"{source} {actor}")
    Person.objects.filter(pk=ada.pk).update(name="by hand")

    sources = report("privileged", since=since).entries.order_by("id").values_list("source", "actor")
    assert list(sources) == [("admin", boss.pk), ("command:seed", None), ("database", None)]
    assert told("privileged", since=since, by=str(vera.pk)) == []


def test_who_lost_a_platform_role_acted_with_privileges_before(make_user, ada):
    boss = make_user("administrator")
    with acting(Context(source="admin", actor=boss.pk)):
        Person.objects.filter(pk=ada.pk).update(name="Eve")
    then = timezone.now()
    with acting(Context(source="web")):
        Assignment.objects.filter(user=boss).delete()
    after = timezone.now()
    with acting(Context(source="admin", actor=boss.pk)):
        Person.objects.filter(pk=ada.pk).update(name="Ada")

    assert told("privileged", since=then - timedelta(hours=1), until=then)[-1] == ("update", "person", str(ada.pk))
    assert told("privileged", since=after) == []


def test_configuration_is_units_roles_clients_and_the_schema(ada, begun):
    unit = Unit.objects.create(name="West", slug="west", path="/west/")
    Group.objects.get(name="auditor").permissions.set([])
    Person.objects.filter(pk=ada.pk).update(name="Eve")

    kinds = [(action, model) for action, model, _key in told("configuration", since=begun)]
    assert kinds[0] == ("create", "unit")
    assert set(kinds[1:]) == {("delete", "group_permissions")}
    assert str(unit.pk) == told("configuration", since=begun)[0][2]


def test_the_plain_filter_narrows_by_each_of_its_answers(ada, vera, unit):
    with acting(Context(source="api", actor=vera.pk)), because("tidy", batch="b-1"):
        Person.objects.filter(pk=ada.pk).update(name="Eve")

    entry = [("update", "person", str(ada.pk))]
    assert told("entries", batch="b-1") == entry
    assert told("entries", actor="vera@example.org", model="sample.person", action="update", unit="north") == entry
    assert told("entries", batch="b-1", action="delete") == []


# Who could, who did


@pytest.fixture
def carol(make_user) -> Any:
    return make_user(email="carol@example.org", name="Carol Clerk")


def could(permission: str, where: str = "", **period: datetime | None) -> dict[str, tuple[Any, ...]]:
    """Name → (what he could, times, of these without the permission)."""
    made = report("could-and-did", permission=permission, **({"where": where} if where else {}), **period)
    rows = made.kind.table.rows(made.said, made.period)
    return {name: (held, times, outside) for _key, name, held, times, _first, _last, outside in rows}


def change(row: Person, by: Any) -> None:
    with acting(Context(source="admin", actor=by.pk)):
        Person.objects.filter(pk=row.pk).update(name=f"{timezone.now()}")


def test_who_could_is_rebuilt_from_assignments_that_were_taken_back(vera, carol, ada, unit, other_unit):
    role = Group.objects.get(name="sample-manager")
    Assignment.objects.create(user=carol, role=role, unit=other_unit)
    change(ada, vera)
    then = timezone.now()
    Assignment.objects.filter(user=vera).delete()
    change(ada, vera)

    found = could("sample.change_person", "north")
    assert list(found) == ["Vera Viewer"]
    held, times, outside = found["Vera Viewer"]
    assert held.startswith("role sample-manager in /company/north/ from ")
    assert " until " in held
    assert (times, outside) == (2, 1)
    assert could("sample.change_person", "north", since=timezone.now()) == {}
    assert could("sample.change_person", "north", until=then)["Vera Viewer"][1:] == (1, 0)
    assert set(could("sample.change_person")) == {"Vera Viewer", "Carol Clerk"}


def test_an_assignment_that_was_ended_and_given_again_is_two_spans(vera, ada, unit):
    assignment = Assignment.objects.get(user=vera)
    Assignment.objects.filter(pk=assignment.pk).update(valid_until=timezone.now())
    change(ada, vera)
    again = timezone.now()
    Assignment.objects.filter(pk=assignment.pk).update(valid_from=again, valid_until=None)
    change(ada, vera)

    held, times, outside = could("sample.change_person", f"sample.person:{ada.pk}")["Vera Viewer"]
    assert held.count("role sample-manager in /company/north/") == 2
    assert (times, outside) == (2, 1)


def test_a_role_that_lost_the_permission_carried_it_before(vera, ada):
    permission = Permission.objects.get(codename="change_person")
    before = timezone.now()
    Group.objects.get(name="sample-manager").permissions.remove(permission)
    after = timezone.now()

    assert "Vera Viewer" in could("sample.change_person", since=before)
    assert could("sample.change_person", since=after) == {}


def test_a_unit_that_was_moved_was_reached_from_where_it_stood(make_user, ada, unit, other_unit):
    make_user("sample-manager", other_unit, name="Sam South")
    before = timezone.now()
    Unit.objects.filter(pk=unit.pk).update(parent=other_unit, path="/company/south/north/")
    after = timezone.now()

    assert could("sample.change_person", str(unit.pk), until=before) == {}
    assert "Sam South" in could("sample.change_person", str(unit.pk), since=after)


def test_a_grant_that_was_revoked_opened_the_row_until_then(carol, ada, begun):
    grant = PersonGrant.objects.create(
        user=carol, permission=Permission.objects.get(codename="change_person"), content_object=ada
    )
    change(ada, carol)
    grant.delete()

    for where in (f"sample.person:{ada.pk}", "north"):
        held, times, outside = could("sample.change_person", where)["Carol Clerk"]
        assert held.startswith("grant on P-1 from ")
        assert (times, outside) == (1, 0)


def test_a_deactivated_account_could_nothing(vera, ada):
    before = timezone.now()
    vera.is_active = False
    vera.save(update_fields=["is_active"])
    after = timezone.now()

    assert could("sample.change_person", since=after) == {}
    assert list(could("sample.change_person", since=before, until=after)) == ["Vera Viewer"]


def test_who_did_without_a_permission_that_the_trail_knows_is_told(carol, ada):
    change(ada, carol)

    assert could("sample.change_person", "north") == {"Carol Clerk": ("", 1, 1)}


# Forms


@pytest.fixture
def renamed(ada) -> Report:
    with acting(Context(source="api", address="192.0.2.7")), because("=1+1", batch="b-1"):
        Person.objects.filter(pk=ada.pk).update(name="Eve", number="P-9")
    return report("entries", batch="b-1")


def test_csv_and_json_lines_say_the_same(renamed):
    [row] = csv.DictReader(io.StringIO(written("csv", renamed).decode()))
    [entry] = [json.loads(line) for line in written("jsonl", renamed).splitlines()]

    assert row["reason"] == "'=1+1"
    assert json.loads(row["changes"]) == {"number": ["P-1", "P-9"], "name": ["Ada", "Eve"]}
    assert entry["reason"] == "=1+1"
    assert entry | {"reason": "'=1+1", "changes": row["changes"], "details": "{}", "actor": "", "id": row["id"]} == row
    assert (entry["actor"], entry["changes"]) == (None, json.loads(row["changes"]))


@pytest.mark.parametrize("said", ["=1", "+1", "-1", "@x", "\tx", "\rx", "1=1", "", "ä=1", "'x"])
def test_no_cell_of_a_csv_is_run_by_a_spreadsheet(ada, said):
    with acting(Context(source="api")), because(said, batch="b-1"):
        Person.objects.filter(pk=ada.pk).update(name="Eve")

    [row] = csv.DictReader(io.StringIO(written("csv", report("entries", batch="b-1")).decode(), newline=""))
    assert row["reason"] == (f"'{said}" if said[:1] in {"=", "+", "-", "@", "\t", "\r"} else said)


def test_changes_that_are_personal_only_clear_only_or_none_are_json(ada):
    with because("x", batch="b-1"):
        Person.objects.filter(pk=ada.pk).update(name='E"ve}')
        Person.objects.filter(pk=ada.pk).update(number="}")
        record(Action.ACCESS, model="sample.person")

    lines = [json.loads(line)["changes"] for line in written("jsonl", report("entries", batch="b-1")).splitlines()]
    assert lines == [{"name": ["Ada", 'E"ve}']}, {"number": ["P-1", "}"]}, {}]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Ada", '": ["salt", "x"'),
        ("Ada", 'a", [1], {"b": ["c", "d"]'),
        ("Ada", "\\"),
        ("Ada", "a, [b"),
        ('x": [', ", y"),
        (": [", ", y"),
    ],
)
def test_changes_hold_a_personal_text_as_it_is_and_no_salt(ada, old, new):
    Person.objects.filter(pk=ada.pk).update(name=old)
    with because("x", batch="b-1"):
        Person.objects.filter(pk=ada.pk).update(name=new, email="e@example.org")

    said = json.loads(written("jsonl", report("entries", batch="b-1")))["changes"]
    assert said == {"name": [old, new], "email": ["ada@example.org", "e@example.org"]}


def test_a_sheet_has_the_same_cells(renamed):
    with ZipFile(io.BytesIO(written("xlsx", renamed))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()

    rows: dict[str, dict[str, str]] = {"1": {}, "2": {}}
    for column, row, cell in re.findall(r'<c r="([A-Z]+)([12])"[^>]*>(.*?)</c>', sheet):
        rows[row][column] = unescape(re.sub(r"<[^>]+>", "", cell))
    cells = {heading: rows["2"].get(column) for column, heading in rows["1"].items()}
    assert (cells["action"], cells["reason"], cells["address"]) == ("update", "'=1+1", "192.0.2.7")
    assert float(cells["time"]) > 46_000
    assert json.loads(cells["changes"]) == {"number": ["P-1", "P-9"], "name": ["Ada", "Eve"]}


def test_a_sheet_refuses_what_it_cannot_hold_and_offers_csv(renamed, monkeypatch):
    monkeypatch.setattr("apps.audit.reports.formats.MOST_ROWS", 0)

    with pytest.raises(TooManyRows, match="take CSV"):
        written("xlsx", renamed)

    assert not AuditEvent.objects.filter(action=Action.EXPORT).exists()


def test_who_could_who_did_is_a_table_of_people(vera, ada):
    change(ada, vera)
    made = report("could-and-did", permission="sample.change_person", where="north")

    [headings, row] = csv.reader(io.StringIO(written("csv", made).decode("utf-8-sig")))
    assert headings[:4] == ["Key of the person", "Person", "Could", "Did, times"]
    assert (row[0], row[1], row[3], row[6]) == (str(vera.pk), "Vera Viewer", "1", "0")
    assert json.loads(written("jsonl", made))["times"] == 1


def test_who_could_who_did_tells_the_rights_on_page_and_paper_and_that_they_are_no_evidence(vera, carol, ada):
    change(ada, carol)
    made = report("could-and-did", permission="sample.change_person", where="north")

    page = " ".join(unescape(re.sub(r"<[^>]+>", " ", written("html", made).decode())).split())
    paper = text_of(written("pdf", made))

    for told in (page, paper):
        assert "This table is no sealed evidence" in told
        assert f"{vera.pk} Vera Viewer role sample-manager in /company/north/ from " in told
        assert f"{carol.pk} Carol Clerk – 1 " in told
        assert "Carol Clerk changed name of person P-1" in told


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "bundle"])
def test_a_report_of_nothing_is_a_report(form, unit):
    nothing = report("entries", until=datetime(2001, 1, 1, tzinfo=UTC))

    content = written(form, nothing)

    if form == "csv":
        assert content.startswith(b"id,time,action,")
        assert content.count(b"\n") == 1
    elif form == "jsonl":
        assert content == b""
    else:
        assert content
    [entry] = AuditEvent.objects.filter(action=Action.EXPORT)
    assert entry.additional_data == {
        "form": form,
        "kind": "entries",
        "entries": 0,
        "filters": {"until": "2001-01-01T00:00:00+00:00"},
    }


# Refusals


@pytest.mark.parametrize(
    ("kind", "words", "wrong"),
    [
        ("activity", {}, {"of": "This report needs it."}),
        ("activity", {"of": "nobody@example.org"}, {"of": "There is no user with this e-mail address."}),
        ("activity", {"of": "x"}, {"of": "This is no key: it looks like 018f3c1e-8a55-7000-8000-000000000000."}),
        ("history", {"of": "sample.person"}, {"of": "Name the record by its kind and key"}),
        ("history", {"of": "sample.person:1"}, {"of": "This is no key of such a record."}),
        ("history", {"of": "sample.nothing:1"}, {"of": "There is no such kind of row."}),
        ("could-and-did", {"permission": "sample.dance"}, {"permission": "There is no such permission."}),
        ("could-and-did", {"permission": "sample.view_person", "where": "nowhere"}, {"where": "This is no key"}),
        (
            "could-and-did",
            {"permission": "sample.view_person", "where": "accounts.user:01900000-0000-7000-8000-00000000ac70"},
            {"where": "Records of this kind belong to no unit."},
        ),
        ("entries", {"action": "dance"}, {"action": "There is no action dance."}),
        ("entries", {"request": "x" * 301}, {"request": "This is too long"}),
        ("configuration", {"of": "x"}, {"of": "This report does not ask for it. It takes: none."}),
    ],
)
def test_a_wrong_answer_is_refused_with_a_sentence_for_it(unit, kind, words, wrong):
    with pytest.raises(WrongParameters) as refused:
        report(kind, **words)

    assert refused.value.said.keys() == wrong.keys()
    assert all(refused.value.said[name].startswith(sentence) for name, sentence in wrong.items())


def test_a_period_that_ends_before_it_begins_is_refused(db):
    moment = timezone.now()

    with pytest.raises(WrongParameters, match="ends before it begins"):
        report("entries", since=moment, until=moment)


# The shell


def test_a_report_that_ends_early_leaves_the_file_that_was_there(ada, tmp_path, monkeypatch):
    monkeypatch.setattr("apps.audit.document.pdf.ON_PAPER", 0)
    file = tmp_path / "trail.pdf"
    file.write_text("the one of yesterday")

    with pytest.raises(CommandError, match="CSV"):
        call_command("audit", "report", "--format", "pdf", "--output", str(file))

    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("trail.pdf", "the one of yesterday")]


def test_a_report_into_a_pipe_leaves_the_pipe_and_one_by_a_link_leaves_the_link(ada, tmp_path):
    pipe, link, behind = tmp_path / "pipe", tmp_path / "link", tmp_path / "behind"
    os.mkfifo(pipe)
    link.symlink_to(behind)
    with ThreadPoolExecutor(1) as reader:
        read = reader.submit(pipe.read_text)
        call_command("audit", "report", "--format", "jsonl", "--output", str(pipe))
    call_command("audit", "report", "--format", "jsonl", "--output", str(link))

    assert pipe.is_fifo()
    assert str(ada.pk) in read.result()
    assert link.is_symlink()
    assert str(ada.pk) in behind.read_text()
    assert sorted(tmp_path.iterdir()) == [behind, link, pipe]


def test_the_shell_writes_a_kind(vera, ada, tmp_path):
    change(ada, vera)
    file = tmp_path / "activity.jsonl"
    said = ("--kind", "activity", "--of", "vera@example.org", "--from", "2020-01-01", "--format", "jsonl")

    call_command("audit", "report", *said, "--output", str(file))

    assert [json.loads(line)["object"] for line in file.read_text().splitlines()] == [str(ada.pk)]
    [entry] = AuditEvent.objects.filter(action=Action.EXPORT)
    assert entry.additional_data == {
        "kind": "activity",
        "form": "jsonl",
        "entries": 1,
        "filters": {"of": str(vera.pk), "since": "2020-01-01T00:00:00+00:00"},
    }


def test_the_shell_refuses_and_leaves_no_file(db, tmp_path: Path):
    file = tmp_path / "activity.csv"

    with pytest.raises(CommandError, match="of: This report needs it"):
        call_command("audit", "report", "--kind", "activity", "--output", str(file))

    assert not file.exists()


def test_the_shell_lists_the_kinds(db, capsys):
    call_command("audit", "report", "--kinds")

    said = capsys.readouterr().out
    assert all(f"{slug}  " in said for slug in KINDS)
