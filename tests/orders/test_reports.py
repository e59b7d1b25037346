import pytest


def lines(browser, slug):
    return browser.get(f"/reports/{slug}.csv").getvalue().decode("utf-8-sig").splitlines()


@pytest.fixture
def reader(sign_in, make_user, unit):
    return sign_in(make_user("order-viewer", unit))


def test_orders_are_summed_by_month_and_state(reader, make_order):
    for status in ("draft", "placed", "paid", "paid"):
        make_order(status)

    assert lines(reader, "orders-by-month") == [
        "Month,State,Currency,Orders,Total",
        "2024-05-01,paid,EUR,2,40.00",
        "2024-05-01,placed,EUR,1,20.00",
    ]


def test_revenue_counts_what_is_paid_and_names_customers_by_number(reader, make_order, customer):
    for status in ("placed", "paid", "delivered", "returned"):
        make_order(status)

    assert lines(reader, "orders-revenue-by-customer") == [
        "Customer,Currency,Orders,Revenue",
        f"{customer.number},EUR,2,40.00",
    ]


def test_orders_of_other_units_are_not_counted(sign_in, make_user, make_order, other_unit):
    make_order("paid")

    assert lines(sign_in(make_user("order-viewer", other_unit)), "orders-by-month") == [
        "Month,State,Currency,Orders,Total"
    ]
