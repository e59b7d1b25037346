"""The shipped profile, against a small export of the same form and against the whole one where it lies beside us."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.access.models import Unit
from apps.customers.models import Customer
from apps.integrations.imports.profile import load_profile
from apps.integrations.imports.run import run_import
from apps.integrations.imports.undo import undo_import
from apps.integrations.models import ImportBatch
from apps.orders.models import Order, OrderLine
from apps.workforce.models import Employee
from tests.northwind.export import SMALL, WHOLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for name, text in SMALL.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_an_order_comes_with_its_people_its_goods_and_its_sums(small: Path) -> None:
    report = run_import(load_profile("northwind"), small)

    assert report.bad_rows == []
    shipped, placed = Order.objects.order_by("number")
    assert (shipped.status, shipped.net, shipped.total) == ("shipped", Decimal("251.30"), Decimal("283.68"))
    assert (placed.status, placed.net, placed.total) == ("placed", Decimal("167.40"), Decimal("168.90"))
    assert shipped.unit == Unit.objects.get(slug="northwind")
    assert shipped.customer.contacts.get().name == "Bea Buyer"
    assert shipped.agent.reports_to.number == "2"
    assert shipped.agent.address == "3 Way\nApt. 2A"
    assert [territory.number for territory in shipped.agent.territories.all()] == ["01581"]


def test_employees_who_report_to_each_other_are_bad_rows(small: Path) -> None:
    employees = SMALL["employees"].replace("98401,USA,6,7,,", "98401,USA,6,7,,3")
    third = "3,Ring,Rex,Seller,Mr.,1960-02-19,1993-08-14,5 Way,Tacoma,WA,98401,USA,8,9,,1\n"
    (small / "employees.csv").write_text(employees + third)

    report = run_import(load_profile("northwind"), small)

    circle = [row for row in report.bad_rows if row.file == "employees.csv"]
    assert [(row.line, row.column) for row in sorted(circle, key=lambda row: row.line)] == [
        (2, "reports_to"),
        (3, "reports_to"),
        (4, "reports_to"),
    ]
    assert {row.reason for row in circle} == {"The row stands above itself, through others."}
    assert Employee.objects.count() == 0


def test_sums_follow_lines_that_a_later_import_changes_and_that_it_takes_back(small: Path) -> None:
    profile = load_profile("northwind")
    run_import(profile, small)
    (small / "order_details.csv").write_text(SMALL["order_details"].replace("10249,11,18.6,9", "10249,11,18.6,10"))

    report = run_import(profile, small)

    assert (report.created, report.changed) == (0, 1)
    assert Order.objects.get(number="10249").net == Decimal("186.00")
    undo_import(ImportBatch.objects.get(pk=report.batch))
    assert Order.objects.get(number="10249").net == Decimal("167.40")


@pytest.mark.skipif(not WHOLE.is_dir(), reason="The whole export does not lie beside this project.")
def test_the_whole_company_is_imported_once_and_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_data", "northwind", WHOLE, json=True)
    first = json.loads(capsys.readouterr().out)
    call_command("import_data", "northwind", WHOLE, json=True)
    second = json.loads(capsys.readouterr().out)

    created = {label: counts["created"] for label, counts in first["models"].items()}
    assert created == {
        "catalog.category": 8,
        "catalog.supplier": 29,
        "catalog.product": 77,
        "catalog.price": 77,
        "catalog.stock": 77,
        "customers.customer": 91,
        "customers.contact": 91,
        "customers.address": 91,
        "workforce.region": 4,
        "workforce.territory": 53,
        "workforce.position": 4,
        "workforce.employee": 9,
        "workforce.employeeterritory": 49,
        "orders.shipper": 6,
        "orders.order": 830,
        "orders.orderline": 2155,
    }
    assert (second["created"], second["changed"], second["bad_rows"]) == (0, 0, [])

    call_command("import_data", undo=first["batch"], json=True)

    assert json.loads(capsys.readouterr().out)["models"]["orders.orderline"] == {"removed": 2155, "restored": 0}
    assert not any(model.objects.exists() for model in (Customer, Order, OrderLine, Employee))
