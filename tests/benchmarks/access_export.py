"""Everything about one person, out of many."""

import time
from collections.abc import Iterator

from uuid_utils.compat import uuid7

from apps.access.models import Unit
from apps.customers.models import Address, Contact, Customer
from apps.kernel.metrics import counting_statements
from apps.privacy.package import write_package
from apps.privacy.subjects import person_named, resolve, snapshot
from tests.benchmarks import stage
from tests.benchmarks.commands import manage
from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.servers import FOLDER

SECONDS, GROWTH = 5, 20


def somebody() -> Customer:
    """A customer with three contacts and two addresses."""
    customer = Customer.objects.create(
        unit=Unit.objects.exclude(parent=None)[0],
        number="P-1",
        name="Somebody",
        email="somebody@example.org",
        kind="person",
    )
    for number in range(3):
        Contact.objects.create(unit=customer.unit, customer=customer, name=f"Contact {number}")
    for city in ("Berlin", "Hamburg"):
        Address.objects.create(unit=customer.unit, customer=customer, lines="Somewhere 1", city=city)
    return customer


def measure(options: Options) -> Iterator[Figure]:
    stage.many_customers(options.many)
    name = f"customers.customer:{somebody().pk}"
    package = FOLDER / "package.zip"
    begin = time.monotonic()
    with counting_statements() as statements, snapshot() as alias, package.open("wb") as stream:
        report = write_package(stream, resolve([person_named(name)], using=alias), export=uuid7())
    taken = time.monotonic() - begin
    package.unlink()
    found = sum(report.rows.values())
    wrong = (
        "" if report.rows["customers.contact"] == 3 and report.rows["customers.address"] == 2 else "rows are missing"
    )
    note = f"{found} records, {statements[0]} statements, {options.many:,} customers"
    yield Figure("one person's package", round(taken, 2), "s", SECONDS, note=note, wrong=wrong)
    nothing = manage("privacy", "register")
    whole = manage("privacy", "export", name, "--output", str(package))
    package.unlink()
    yield Figure("one person's package: memory grown", round((whole.peak - nothing.peak) / 1024**2, 1), "MiB", GROWTH)
