import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from apps.integrations.imports.conversion import Unconvertible, converter
from apps.integrations.imports.profile import BadProfile, Rule, load_profile, parse_profile, shipped_profiles
from tests.sample.models import Deal, Line, Person

HEAD = """
[[file]]
name = "people.csv"
[[file.model]]
model = "sample.Person"
key = ["number"]
"""
MISTAKES = [
    ("x = ", ["It is not TOML: Invalid value (at end of document)."]),
    ("", ["profile: it names no [[file]]."]),
    (
        HEAD + 'fields = { number = "id", nam = "name", name = "name" }',
        ['file[1] "people.csv" model[1] sample.Person.nam: the model has no such field.'],
    ),
    (
        HEAD + 'fields = { number = { colum = "id" }, name = "name" }',
        [
            'file[1] "people.csv" model[1] sample.Person.number: there is no option `colum`; there are',
            "number: say exactly one of column, template, join, constant, row, reference.",
        ],
    ),
    (HEAD + 'fields = { number = "id" }', ['file[1] "people.csv" model[1] sample.Person: `name` needs a value.']),
    (
        HEAD.replace("sample.Person", "accounts.User") + 'fields = { number = "id" }',
        ['file[1] "people.csv" model[1]: rows of `accounts.User` belong to no unit, so they are not imported.'],
    ),
    (
        HEAD.replace("people.csv", "../people.csv") + 'fields = { number = "id", name = "name" }',
        ["`name` is the name of a file, without a folder."],
    ),
    (
        HEAD + 'fields = { number = "id", name = "name", unit = "u" }',
        ['file[1] "people.csv" model[1] sample.Person.unit: this field is not set by an import.'],
    ),
]


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_a_mistake_is_told_with_its_place(text: str, expected: list[str]) -> None:
    with pytest.raises(BadProfile) as refusal:
        parse_profile(text, name="mine")

    assert len(refusal.value.errors) == len(expected)
    assert all(part in error for part, error in zip(expected, refusal.value.errors, strict=True))


def test_every_shipped_profile_can_be_read() -> None:
    assert [load_profile(name).name for name in shipped_profiles()] == ["northwind"]


TEXT = Person._meta.get_field("name")
TOTAL = Deal._meta.get_field("total")
MOMENT = Deal._meta.get_field("closed_at")
COUNT = Line._meta.get_field("quantity")
YES = models.BooleanField(name="yes")
CONVERSIONS: list[tuple[Any, dict[str, Any], str | None, Any]] = [
    (TEXT, {}, "=1+1", "=1+1"),
    (TEXT, {}, None, ""),
    (TEXT, {"case": "title"}, "ann ames", "Ann Ames"),
    (TEXT, {"unescape": True}, r"a\nb\\c", "a\nb\\c"),
    (TEXT, {"split": ";", "part": 2}, "a; b", "b"),
    (TEXT, {"map": {"1": "one"}, "otherwise": "many"}, "7", "many"),
    (TEXT, {"present": "yes", "absent": "no"}, None, "no"),
    (TEXT, {"null": ("-",), "default": "none"}, "-", "none"),
    (TOTAL, {"decimal_mark": ",", "thousands": "."}, "1.234,50", Decimal("1234.50")),
    (TOTAL, {"places": 2}, "0.125", Decimal("0.13")),
    (COUNT, {}, "-12", -12),
    (MOMENT, {}, "2024-05-01 10:00:00", datetime.datetime(2024, 5, 1, 10, tzinfo=datetime.UTC)),
    (YES, {"true": ("ja",), "false": ("nein",)}, "JA", True),
]


@pytest.mark.parametrize(("target", "options", "cell", "value"), CONVERSIONS)
def test_a_cell_becomes_a_value(target: Any, options: dict[str, Any], cell: str | None, value: Any) -> None:
    assert converter(Rule(target=target, column="c", **options))({"c": cell}) == value


BAD_CELLS = [
    (TOTAL, "NaN"),
    (TOTAL, "1e5"),
    (TOTAL, "1" * 5_000),
    (COUNT, "1.5"),
    (COUNT, "9" * 5_000),
    (COUNT, "٣"),
    (MOMENT, "2024-02-31"),
    (YES, "maybe"),
]


@pytest.mark.parametrize(("target", "cell"), BAD_CELLS)
def test_a_cell_that_is_no_such_value_is_refused(target: Any, cell: str) -> None:
    with pytest.raises(Unconvertible):
        converter(Rule(target=target, column="c"))({"c": cell})


def test_several_columns_become_one_text() -> None:
    assert converter(Rule(target=TEXT, template="{a} {b}"))({"a": "Ann", "b": None}) == "Ann"
    assert converter(Rule(target=TEXT, join=("a", "b"), separator=", "))({"a": "x", "b": "y"}) == "x, y"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments", [["nothing", "."], ["northwind", "/nowhere"], ["northwind"], ["northwind", ".", "--user", "x@y.z"]]
)
def test_the_command_says_what_is_wrong(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("import_data", *arguments)
