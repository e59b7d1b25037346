from apps.customers.models import Customer


def test_customers_are_counted_in_the_readers_units(sign_in, make_user, unit, other_unit):
    for place, number, status in ((unit, "C-1", "active"), (unit, "C-2", "active"), (unit, "C-3", "dormant")):
        Customer.objects.create(unit=place, number=number, name=number, status=status, kind="organisation")
    Customer.objects.create(unit=other_unit, number="C-4", name="C-4", kind="organisation")

    answer = sign_in(make_user("customer-viewer", unit)).get("/reports/customers-by-status.csv")

    assert answer.getvalue().decode("utf-8-sig").splitlines() == [
        "Unit,Kind,Status,Customers",
        "North,organisation,active,2",
        "North,organisation,dormant,1",
    ]
