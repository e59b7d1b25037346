"""The import of a legacy export in the shipped form, against `bulk_create` of the same rows without a trail."""

import csv
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import models

from apps.audit.models import AuditEvent
from apps.customers.models import Address, Contact, Customer
from apps.integrations.imports.profile import load_profile
from apps.integrations.imports.run import run_import
from apps.kernel.trail import Action
from apps.orders.models import Order, OrderLine
from tests.benchmarks import stage
from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options

BULK = (Customer, Contact, Address, Order, OrderLine)
ORDERS, LINES, PRODUCTS, EMPLOYEES = 5, 3, 100, 9
"""Orders of a customer, lines of an order."""
Rows = list[tuple[object, ...]]


def files(customers: int) -> dict[str, tuple[str, Rows]]:
    """Name → header and rows, in the form of the Northwind company."""
    orders = range(1, customers * ORDERS + 1)
    day = date(1996, 7, 4)
    place = ("1 Way", "Leeds", "", "LS1", "UK")
    return {
        "categories": ("category_id,category_name,description", [(n, f"Category {n}", "") for n in range(1, 9)]),
        "suppliers": (
            (
                "supplier_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,"
                "phone,fax,homepage"
            ),
            [(n, f"Supplier {n}", f"Contact {n}", "Owner", *place, "1", "", "") for n in range(1, 30)],
        ),
        "products": (
            (
                "product_id,product_name,supplier_id,category_id,quantity_per_unit,unit_price,units_in_stock,"
                "units_on_order,reorder_level,discontinued"
            ),
            [
                (n, f"Product {n}", 1 + n % 29, 1 + n % 8, "10 boxes", "14", 39, 0, 10, 0)
                for n in range(1, PRODUCTS + 1)
            ],
        ),
        "customers": (
            "customer_id,company_name,contact_name,contact_title,address,city,region,postal_code,country,phone,fax",
            [(f"C{n}", f"Company {n}", f"Buyer {n}", "Owner", *place, str(n), "") for n in range(customers)],
        ),
        "region": ("region_id,region_description", [(1, "Eastern")]),
        "territories": ("territory_id,territory_description,region_id", [(1581, "Westboro", 1)]),
        "employees": (
            (
                "employee_id,last_name,first_name,title,title_of_courtesy,birth_date,hire_date,address,city,"
                "region,postal_code,country,home_phone,extension,notes,reports_to"
            ),
            [
                (n, f"Last {n}", f"First {n}", "Seller", "Ms.", "1968-12-08", "1992-05-01", *place, "4", "5", "", "")
                for n in range(1, EMPLOYEES + 1)
            ],
        ),
        "employee_territories": ("employee_id,territory_id", [(1, 1581)]),
        "shippers": ("shipper_id,company_name,phone", [(3, "Parcels", "8")]),
        "orders": (
            (
                "order_id,customer_id,employee_id,order_date,required_date,shipped_date,ship_via,freight,"
                "ship_name,ship_address,ship_city,ship_region,ship_postal_code,ship_country"
            ),
            [
                (n, f"C{n % customers}", 1 + n % EMPLOYEES, placed, placed, placed, 3, "32.38", f"Company {n}", *place)
                for n in orders
                for placed in (day + timedelta(days=n % 600),)
            ],
        ),
        "order_details": (
            "order_id,product_id,unit_price,quantity,discount",
            [(n, 1 + (n + line * 7) % PRODUCTS, "14", 12, 0) for n in orders for line in range(LINES)],
        ),
    }


def write(folder: Path, customers: int) -> None:
    for name, (header, rows) in files(customers).items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            file.write(header + "\n")
            csv.writer(file).writerows(rows)


def bare(rows: dict[type[models.Model], list[models.Model]]) -> float:
    """Seconds for `bulk_create` of these rows, triggers off."""
    stage.run(f"TRUNCATE {', '.join(model._meta.db_table for model in rows)} CASCADE")
    with ExitStack() as off:
        for model in rows:
            off.enter_context(stage.triggers_off(model._meta.db_table))
        begin = time.monotonic()
        for model, objects in rows.items():
            model._base_manager.bulk_create(objects, batch_size=1_000)
        return time.monotonic() - begin


def measure(options: Options) -> Iterator[Figure]:
    stage.empty()
    customers = max(options.many // 500, 20)
    with TemporaryDirectory() as folder:
        write(Path(folder), customers)
        begin = time.monotonic()
        report = run_import(load_profile("northwind"), Path(folder))
        taken = time.monotonic() - begin
    created = report.created
    recorded = AuditEvent.objects.filter(batch=report.batch, action=Action.CREATE).count()
    wrong = "" if report.written and recorded >= created else f"{created} rows written, {recorded} recorded"
    rows = {model: list(model._base_manager.all()) for model in BULK}
    plainly = bare(rows) / sum(len(objects) for objects in rows.values())
    ratio = round(taken / created / plainly, 2)
    note = f"{created:,} rows of {len(report.models)} models in {taken:.1f} s; bulk_create {1 / plainly:,.0f} rows/s"
    yield Figure("import: rows", round(created / taken), "/s", note=note, wrong=wrong)
    yield Figure("import: time of a row", ratio, "x bulk_create")
