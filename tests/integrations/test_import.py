from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from apps.access.models import Unit
from apps.integrations.imports.report import BadRow, Report
from apps.integrations.imports.run import ImportNotPermitted, SayWhichUnit, run_import
from apps.integrations.models import ImportBatch, ImportedRow
from tests.integrations.conftest import DEALS, LINES, PEOPLE
from tests.sample.models import Deal, Line, Person, Tag

pytestmark = pytest.mark.django_db
Load = Callable[..., Report]
Export = Callable[..., Path]


def counts(report: Report) -> dict[str, tuple[int, int, int]]:
    return {label: (each.created, each.changed, each.unchanged) for label, each in report.models.items()}


def nothing_written() -> bool:
    return not any(model.objects.exists() for model in (Person, Deal, Line, Tag, ImportBatch, ImportedRow))


def test_an_export_becomes_rows_with_their_references(export: Export, load: Load, unit: Unit) -> None:
    report = load(export())

    assert report.bad_rows == []
    assert counts(report) == {
        "sample.person": (2, 0, 0),
        "sample.deal": (2, 0, 0),
        "sample.tag": (1, 0, 0),
        "sample.deal_tags": (2, 0, 0),
        "sample.line": (3, 0, 0),
    }
    deal = Deal.objects.get(number="D-1")
    assert (deal.unit, deal.total, deal.closed_at) == (unit, Decimal("1200.50"), datetime(2024, 12, 24, tzinfo=UTC))
    assert (deal.ship_to, deal.buyer.number, deal.agent.number) == ("12 High Street\nYork", "ANN", "BOB")
    assert [tag.label for tag in deal.tags.all()] == ["new"]
    assert Person.objects.get(number="ANN").email == "ann@example.org"
    assert list(Line.objects.order_by("what").values_list("what", "quantity", "deal__number")) == [
        ("chair", 4, "D-1"),
        ("lamp", 2, "D-2"),
        ("table", 1, "D-1"),
    ]


def test_a_second_run_changes_nothing(export: Export, load: Load) -> None:
    load(export())

    again = load(export())

    assert (again.created, again.changed) == (0, 0)
    assert counts(again)["sample.line"] == (0, 0, 3)
    assert Line.objects.count() == 3


def test_only_what_differs_is_changed(export: Export, load: Load) -> None:
    load(export())
    before = dict(Line.objects.values_list("what", "updated_at"))

    report = load(export(lines=LINES.replace("chair,4", "chair,5")))

    assert counts(report)["sample.line"] == (0, 1, 2)
    assert Line.objects.get(what="chair").quantity == 5
    assert {what for what, moment in Line.objects.values_list("what", "updated_at") if before[what] != moment} == {
        "chair"
    }


def test_a_dry_run_tells_what_it_would_do_and_writes_nothing(export: Export, load: Load) -> None:
    report = load(export(), dry_run=True)

    assert (report.created, report.written) == (10, False)
    assert nothing_written()


BAD = [
    (
        {"lines": LINES.replace("chair,4", "chair,four")},
        [
            BadRow(
                file="lines.csv",
                line=2,
                column="quantity",
                model="sample.line",
                field="quantity",
                value_class="text of 4 characters",
                value="four",
                reason="This is not a whole number.",
            )
        ],
    ),
    (
        {"lines": LINES.replace("deal,what", "deal,wat")},
        [
            BadRow(file="lines.csv", line=1, column="what", reason="The header does not name this column."),
            BadRow(
                file="lines.csv",
                line=1,
                column="wat",
                reason="The profile neither maps this column nor names it under `ignore`.",
            ),
        ],
    ),
    (
        {"lines": LINES.encode().replace(b"chair", b"ch\xe4ir")},
        [BadRow(file="lines.csv", line=2, reason="Byte 7 of line 2 is not utf-8.")],
    ),
    (
        {"lines": LINES.replace("D-2,lamp,2", "D-2,lamp,2,9")},
        [BadRow(file="lines.csv", line=4, reason="The line has 4 values, the header names 3 columns.")],
    ),
    ({"lines": None}, [BadRow(file="lines.csv", line=0, reason="The file is missing.")]),
    ({"lines": ""}, [BadRow(file="lines.csv", line=1, reason="There is no header.")]),
    (
        {"lines": LINES.replace("D-2,lamp", "D-9,lamp")},
        [
            BadRow(
                file="lines.csv",
                line=4,
                column="deal",
                model="sample.line",
                field="deal",
                value_class="text of 3 characters",
                value="D-9",
                reason="There is no sample.deal with this number.",
            )
        ],
    ),
    (
        {"lines": LINES + "D-1,chair,7\n"},
        [
            BadRow(
                file="lines.csv",
                line=5,
                column="deal",
                model="sample.line",
                field="deal",
                value_class="text of 3 characters",
                value="D-1",
                reason="Line 2 has the same deal, what.",
            )
        ],
    ),
    (
        {"people": PEOPLE.replace("ANN@example.org", "ann at example")},
        [
            BadRow(
                file="people.csv",
                line=2,
                column="email",
                model="sample.person",
                field="email",
                value_class="text of 14 characters",
                reason="Enter a valid email address.",
            ),
            BadRow(
                file="deals.csv",
                line=2,
                column="buyer",
                model="sample.deal",
                field="buyer",
                value_class="text of 3 characters",
                value="ANN",
                reason="The sample.person that it names was refused.",
            ),
            BadRow(
                file="lines.csv",
                line=2,
                column="deal",
                model="sample.line",
                field="deal",
                value_class="text of 3 characters",
                value="D-1",
                reason="The sample.deal that it names was refused.",
            ),
            BadRow(
                file="lines.csv",
                line=3,
                column="deal",
                model="sample.line",
                field="deal",
                value_class="text of 3 characters",
                value="D-1",
                reason="The sample.deal that it names was refused.",
            ),
        ],
    ),
    (
        {"deals": DEALS.replace("D-2,7,", "D-2,-7,"), "lines": LINES.replace("D-2,lamp,2\n", "")},
        [BadRow(file="deals.csv", line=3, model="sample.deal", reason="A total is not negative.")],
    ),
]


@pytest.mark.parametrize(("texts", "expected"), BAD)
def test_every_bad_row_is_told_and_nothing_is_written(
    texts: dict[str, str], expected: list[BadRow], export: Export, load: Load
) -> None:
    report = load(export(**texts))

    assert report.bad_rows == expected
    assert report.written is False
    assert nothing_written()


def test_one_line_tells_all_its_mistakes(export: Export, load: Load) -> None:
    report = load(export(deals=DEALS.replace('"1200,50",24.12.2024', "lots,2024-12-24")))

    assert [(row.column, row.reason) for row in report.bad_rows if row.file == "deals.csv"] == [
        ("total", "This is not a decimal number such as 12,50."),
        ("closed", "This is not a moment of the form %d.%m.%Y."),
    ]


def test_mistakes_of_all_files_are_told_in_one_pass(export: Export, load: Load) -> None:
    report = load(export(people=PEOPLE.replace("id,", "key,"), lines=LINES.replace("lamp,2", "lamp,-2")))

    assert {row.file for row in report.bad_rows} == {"people.csv", "lines.csv"}
    assert nothing_written()


def test_the_good_rows_are_written_when_that_is_asked(export: Export, load: Load) -> None:
    report = load(export(lines=LINES.replace("chair,4", "chair,four")), skip_bad=True)

    assert (report.written, len(report.bad_rows)) == (True, 1)
    assert sorted(Line.objects.values_list("what", flat=True)) == ["lamp", "table"]


def test_a_file_that_cannot_be_used_is_never_skipped(export: Export, load: Load) -> None:
    report = load(export(lines=LINES.replace("deal,what", "deal,wat")), skip_bad=True)

    assert report.written is False
    assert nothing_written()


def test_formulas_and_markup_stay_what_they_are(export: Export, load: Load) -> None:
    load(export(people=PEOPLE.replace("Ann Ames", "=1+1<script>x</script>")))

    assert Person.objects.get(number="ANN").name == "=1+1<script>x</script>"


def test_the_report_never_tells_a_personal_value(export: Export, load: Load) -> None:
    report = load(export(people=PEOPLE.replace("Ann Ames", "N" * 101)))

    assert "NNN" not in str(report.as_dict())
    assert report.bad_rows[0].value_class == "text of 101 characters"


def test_without_a_permission_nothing_is_read_or_written(
    export: Export, profile: object, unit: Unit, other_unit: Unit, make_user: Callable[..., object]
) -> None:
    manager = make_user("sample-manager", other_unit)

    with pytest.raises(ImportNotPermitted) as refusal:
        run_import(profile, export(), unit="north", user=manager)

    assert "sample.add_person" in refusal.value.details["missing"]
    assert nothing_written()


def test_of_several_units_one_must_be_named(export: Export, profile: object, unit: Unit, other_unit: Unit) -> None:
    with pytest.raises(SayWhichUnit):
        run_import(profile, export())

    assert nothing_written()


def test_the_same_number_in_another_unit_is_another_row(
    export: Export, load: Load, profile: object, other_unit: Unit
) -> None:
    load(export())

    report = run_import(profile, export(), unit="south")

    assert report.created == 10
    assert Person.objects.filter(number="ANN").count() == 2
