import pytest

from tests.reporting import report_lines


@pytest.fixture
def reader(make_user, unit):
    return make_user("order-viewer", unit)


def test_orders_are_summed_by_month_and_state(reader, make_order):
    for status in ("draft", "placed", "paid", "paid"):
        make_order(status)

    assert report_lines("orders-by-month", reader) == [
        "Month,State,Currency,Orders,Total",
        "2024-05-01,paid,EUR,2,40.00",
        "2024-05-01,placed,EUR,1,20.00",
    ]


def test_revenue_counts_what_is_paid_and_names_customers_by_number(reader, make_order, customer):
    for status in ("placed", "paid", "delivered", "returned"):
        make_order(status)

    assert report_lines("orders-revenue-by-customer", reader) == [
        "Customer,Currency,Orders,Revenue",
        f"{customer.number},EUR,2,40.00",
    ]


def test_orders_of_other_units_are_not_counted(make_user, make_order, other_unit):
    make_order("paid")

    assert report_lines("orders-by-month", make_user("order-viewer", other_unit)) == [
        "Month,State,Currency,Orders,Total"
    ]
