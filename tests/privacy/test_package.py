"""The package of one person holds all that is theirs and nothing that is somebody else's."""

import io
import subprocess
import zipfile
from pathlib import Path

import orjson
import pytest

from apps.access.models import Unit
from apps.privacy.package import Report, write_package
from apps.privacy.subjects import resolve, snapshot
from tests.sample.models import Deal, Line, Person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna(unit: Unit) -> Person:
    return Person.objects.create(unit=unit, number="P-1", name="Anna aaa-name", email="aaa-mail@example.org")


@pytest.fixture
def bert(unit: Unit) -> Person:
    return Person.objects.create(unit=unit, number="P-2", name="Bert bbb-name", email="bbb-mail@example.org")


@pytest.fixture
def deals(unit: Unit, anna: Person, bert: Person) -> list[Deal]:
    bought = Deal.objects.create(
        unit=unit,
        number="D-1",
        buyer=anna,
        agent=bert,
        ship_to="=aaa-street",
        total="10.50",
        note="bbb-note about both",
        extra={"gift": {"to_name": "bbb-gift"}, "utm": "spring", "odd": "bbb-odd"},
    )
    sold = Deal.objects.create(unit=unit, number="D-2", buyer=bert, agent=anna, ship_to="bbb-street", total="7")
    Line.objects.create(unit=unit, deal=bought, what="aaa-line")
    Line.objects.create(unit=unit, deal=sold, what="bbb-line")
    return [bought, sold]


def packed(person: Person) -> tuple[dict[str, bytes], Report]:
    target = io.BytesIO()
    with snapshot() as alias:
        report = write_package(target, resolve([(Person, person.pk)], using=alias), export="test")
    with zipfile.ZipFile(target) as archive:
        return {name.removeprefix("dsar-test/"): archive.read(name) for name in archive.namelist()}, report


def test_all_of_one_person_and_nothing_of_another(anna: Person, deals: list[Deal]) -> None:
    files, report = packed(anna)

    everything = b"\n".join(files.values())
    assert b"bbb-" not in everything
    assert all(token in everything for token in (b"aaa-name", b"aaa-mail", b"aaa-street", b"aaa-line"))
    assert {label: count for label, count in report.rows.items() if label.startswith("sample.") and count} == {
        "sample.deal": 2,
        "sample.line": 1,
        "sample.person": 1,
    }


def test_values_of_others_are_marked_with_role_and_ground(anna: Person, bert: Person, deals: list[Deal]) -> None:
    files, _ = packed(anna)

    bought, sold = [orjson.loads(line) for line in files["data/records/sample.deal.jsonl"].splitlines()]
    other = {"redacted": "other person", "ground": "A15-4"}
    assert bought["_role"] == "buyer"
    assert bought["_links"]["agent"] == {**other, "role": "agent"}
    assert bought["fields"]["ship_to"] == {"v": "=aaa-street", "c": "pd:PhysicalAddress", "o": "provided"}
    assert bought["fields"]["total"]["v"] == "10.50"
    assert bought["fields"]["extra.gift.to_name"] == {**other, "role": "other"}
    assert sold["_role"] == "agent"
    assert sold["fields"]["ship_to"]["redacted"] == "other person"
    assert sold["_links"]["buyer"] == {**other, "role": "buyer"}


def test_free_text_and_undescribed_json_wait_for_somebody_to_look(anna: Person, deals: list[Deal]) -> None:
    files, _ = packed(anna)

    withheld = {(entry["model"], entry["field"]) for entry in orjson.loads(files["data/withheld.json"])}
    assert {("sample.deal", "note"), ("sample.deal", "extra $.odd")} <= withheld


def test_models_without_a_row_are_named_as_searched(anna: Person) -> None:
    files, _ = packed(anna)

    manifest = orjson.loads(files["manifest.json"])
    assert manifest["models"]["sample.person"]["rows"] == 1
    assert {"sample.deal", "accounts.user"} <= set(manifest["models_with_no_rows"])
    assert manifest["models_not_searched"] == []


def test_the_sums_are_checked_by_stock_tools(anna: Person, deals: list[Deal], tmp_path: Path) -> None:
    files, _ = packed(anna)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    for sums in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "--quiet", "-c", sums], cwd=tmp_path, check=True)

    listed = {line.split("  ", 1)[1] for line in files["manifest-sha256.txt"].decode().splitlines()}
    assert listed == {name for name in files if name.startswith("data/")}


def test_the_same_data_gives_the_same_sums(anna: Person, deals: list[Deal]) -> None:
    assert packed(anna)[0]["manifest-sha256.txt"] == packed(anna)[0]["manifest-sha256.txt"]


def test_a_spreadsheet_runs_nothing_and_a_page_shows_no_markup(anna: Person, deals: list[Deal]) -> None:
    Person.objects.filter(pk=anna.pk).update(name="<script>alert(1)</script>")

    files, _ = packed(anna)

    assert b"'=aaa-street" in files["data/portability/sample.deal.csv"]
    assert b"<script>" not in b"".join(content for name, content in files.items() if name.endswith(".html"))
