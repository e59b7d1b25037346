from apps.customers.models import Customer
from tests.reporting import report_lines


def test_customers_are_counted_in_the_readers_units(make_user, unit, other_unit):
    for place, number, status in ((unit, "C-1", "active"), (unit, "C-2", "active"), (unit, "C-3", "dormant")):
        Customer.objects.create(unit=place, number=number, name=number, status=status, kind="organisation")
    Customer.objects.create(unit=other_unit, number="C-4", name="C-4", kind="organisation")

    lines = report_lines("customers-by-status", make_user("customer-viewer", unit))

    assert lines == [
        "Unit,Kind,Status,Customers",
        "North,organisation,active,2",
        "North,organisation,dormant,1",
    ]
