"""Draft, placed, paid, shipped, delivered; cancelled or returned. No other way."""

import pytest

from apps.catalog.models import Reservation, Stock
from apps.catalog.services import NotEnoughStock
from apps.customers.events import CustomersMerged
from apps.customers.models import Customer
from apps.events.models import PublishedEvent
from apps.kernel.registry import Objections
from apps.orders import services
from apps.orders.models import Order
from apps.orders.services import Wish
from apps.orders.subscribers import OpenOrders, StillOrdered, move_orders
from tests.orders.conftest import DAY, take

STEPS = {
    "place_order": "placed",
    "pay_order": "paid",
    "ship_order": "shipped",
    "deliver_order": "delivered",
    "cancel_order": "cancelled",
    "return_order": "returned",
}
ALLOWED = {
    "draft": {"placed", "cancelled"},
    "placed": {"paid", "cancelled"},
    "paid": {"shipped", "cancelled"},
    "shipped": {"delivered", "returned"},
    "delivered": {"returned"},
    "cancelled": set(),
    "returned": set(),
}


def pieces() -> tuple[int, int]:
    return Stock.objects.values_list("on_hand", "reserved").get()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", ALLOWED)
def test_every_step_from_every_state(make_order, status, step):
    order = make_order(status)
    before = (Order.objects.values().get(), pieces(), PublishedEvent.objects.count())

    if STEPS[step] in ALLOWED[status]:
        assert take(step, order).status == STEPS[step]
        assert Order.objects.get().status == STEPS[step]
    else:
        with pytest.raises(services.IllegalTransition) as refusal:
            take(step, order)
        assert refusal.value.details["state"] == status
        assert set(refusal.value.details["allowed"]) == ALLOWED[status]
        assert (Order.objects.values().get(), pieces(), PublishedEvent.objects.count()) == before


@pytest.mark.parametrize(
    ("status", "left"),
    [
        ("draft", (100, 0)),
        ("placed", (100, 2)),
        ("paid", (100, 2)),
        ("shipped", (98, 0)),
        ("delivered", (98, 0)),
        ("cancelled", (100, 0)),
        ("returned", (98, 0)),
    ],
)
def test_what_each_state_means_for_the_stock(make_order, status, left):
    make_order(status)

    assert pieces() == left


@pytest.mark.parametrize("status", ["placed", "paid"])
def test_cancelling_frees_the_promised_pieces(make_order, status):
    order = make_order(status)

    services.cancel_order(order, on=DAY, reason="changed her mind")

    assert pieces() == (100, 0)
    assert Reservation.objects.get().status == "released"


@pytest.mark.parametrize(("restock", "left"), [(True, 100), (False, 98)])
def test_returned_goods_go_back_on_the_shelf_by_choice(make_order, restock, left):
    order = make_order("delivered")

    services.return_order(order, on=DAY, reason="too small", restock=restock)

    assert pieces() == (left, 0)
    assert PublishedEvent.objects.get(name="orders.returned").payload["restocked"] is restock


def test_each_step_says_what_happened_by_keys_only(make_order, customer):
    order = make_order("delivered")

    told = PublishedEvent.objects.filter(name__startswith="orders.").order_by("pk").values_list("name", "payload")

    said = {"order": str(order.pk), "customer": str(customer.pk), "on": "2024-05-06"}
    assert list(told) == [
        ("orders.placed", said),
        ("orders.paid", said),
        ("orders.shipped", said),
        ("orders.delivered", said),
    ]
    assert [order.placed_on, order.paid_on, order.shipped_on, order.delivered_on] == [DAY] * 4


def test_an_order_without_pieces_in_the_house_stays_a_draft(make_order, make_product, unit, product):
    scarce = make_product(unit, on_hand=1)
    order = make_order(lines=[Wish(product=product, quantity=1), Wish(product=scarce, quantity=2)])

    with pytest.raises(NotEnoughStock):
        services.place_order(order, on=DAY)

    assert Order.objects.get().status == "draft"
    assert not Reservation.objects.exists()


def test_an_empty_order_cannot_be_placed(make_order):
    order = make_order(lines=[])

    with pytest.raises(services.EmptyOrder):
        services.place_order(order, on=DAY)

    assert Order.objects.get().status == "draft"


def test_a_closed_customer_places_no_order(make_order, customer):
    order = make_order()
    Customer.objects.update(status="closed", closed_at="2024-01-01T00:00Z")

    with pytest.raises(services.CustomerIsClosed):
        services.place_order(order, on=DAY)

    assert pieces() == (100, 0)


def test_an_imported_order_takes_its_pieces_when_it_ships(make_order):
    order = make_order()
    Order.objects.update(status="paid", placed_on=DAY)

    services.ship_order(order, on=DAY)

    assert pieces() == (98, 0)
    assert Reservation.objects.get().status == "fulfilled"


@pytest.mark.parametrize(
    ("status", "objects"),
    [("draft", False), ("placed", True), ("paid", True), ("shipped", True), ("delivered", False), ("cancelled", False)],
)
def test_a_customer_with_open_orders_is_neither_closed_nor_erased(make_order, customer, status, objects):
    make_order(status)

    for question in ("customers.close", "customers.erase", "customers.dormant"):
        assert bool(Objections(question).to(customer)) is objects, question
    if objects:
        with pytest.raises(OpenOrders):
            Objections("customers.close").check(customer)


@pytest.mark.parametrize(
    ("status", "objects"), [("draft", False), ("placed", True), ("paid", True), ("shipped", False)]
)
def test_a_product_that_waits_to_be_shipped_is_not_discontinued(make_order, product, status, objects):
    make_order(status)

    assert [type(refusal) for refusal in Objections("catalog.discontinue").to(product)] == [StillOrdered] * objects


def test_orders_of_a_merged_customer_go_to_the_survivor(make_order, make_customer, unit, customer):
    make_order("placed")
    survivor = make_customer(unit)

    move_orders(CustomersMerged(customer=str(customer.pk), survivor=str(survivor.pk)))

    assert Order.objects.get().customer == survivor
