"""Pieces: received, promised, released, sent, counted. Never fewer than none."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from uuid_utils.compat import uuid7

from apps.catalog import services
from apps.catalog.models import Product, Reservation, Stock, StockMovement
from apps.events.models import PublishedEvent

HOLDER = uuid7()


def pieces(product: Product) -> tuple[int, int, int]:
    return Stock.objects.values_list("on_hand", "reserved", "on_order").get(product=product)


def published(name: str) -> list[dict[str, object]]:
    return list(PublishedEvent.objects.filter(name=name).order_by("pk").values_list("payload", flat=True))


def test_a_delivery_raises_what_is_on_hand_and_lowers_what_is_on_order(make_product, unit):
    product = make_product(unit)

    services.reorder(product, quantity=30)
    services.receive_stock(product, quantity=20)
    services.receive_stock(product, quantity=15)

    assert pieces(product) == (35, 0, 0)
    assert list(product.movements.order_by("pk").values_list("kind", "quantity")) == [
        ("received", 20),
        ("received", 15),
    ]
    assert [event["quantity"] for event in published("catalog.stock_received")] == [20, 15]


def test_reserving_and_fulfilling_moves_the_pieces_out_of_the_house(make_product, unit):
    product = make_product(unit, on_hand=10)

    services.reserve({product.pk: 4}, holder=HOLDER)
    assert pieces(product) == (10, 4, 0)
    assert services.fulfil(holder=HOLDER) == 4

    assert pieces(product) == (6, 0, 0)
    assert Reservation.objects.get().status == "fulfilled"
    assert product.movements.get(kind="fulfilled").quantity == -4


def test_fulfilling_or_releasing_twice_moves_nothing_more(make_product, unit):
    product = make_product(unit, on_hand=10)
    services.reserve({product.pk: 4}, holder=HOLDER)
    services.fulfil(holder=HOLDER)

    assert services.fulfil(holder=HOLDER) == 0
    assert services.release(holder=HOLDER) == 0

    assert pieces(product) == (6, 0, 0)


def test_releasing_makes_the_pieces_free_again(make_product, unit):
    product = make_product(unit, on_hand=10)
    services.reserve({product.pk: 10}, holder=HOLDER)

    assert services.release(holder=HOLDER) == 10

    assert pieces(product) == (10, 0, 0)
    assert Reservation.objects.get().status == "released"


def test_returned_pieces_are_for_sale_again(make_product, unit):
    product = make_product(unit, on_hand=10)
    services.reserve({product.pk: 4}, holder=HOLDER)
    services.fulfil(holder=HOLDER)

    services.put_back({product.pk: 3}, holder=HOLDER)

    assert pieces(product) == (9, 0, 0)
    assert product.movements.get(kind="returned").quantity == 3


def test_all_products_are_reserved_or_none(make_product, unit):
    plenty, scarce = make_product(unit, on_hand=10), make_product(unit, on_hand=1)

    with pytest.raises(services.NotEnoughStock) as refusal:
        services.reserve({plenty.pk: 2, scarce.pk: 2}, holder=HOLDER)

    assert refusal.value.details == {"products": {str(scarce.pk): {"wanted": 2, "available": 1}}}
    assert pieces(plenty) == (10, 0, 0)
    assert not Reservation.objects.exists()


def test_a_product_without_stock_cannot_be_reserved(make_product, unit):
    product = make_product(unit)

    with pytest.raises(services.NotEnoughStock):
        services.reserve({product.pk: 1}, holder=HOLDER)

    assert not Stock.objects.exists()


def test_a_count_is_a_movement_of_the_difference(make_product, unit):
    product = make_product(unit, on_hand=10)

    services.correct_stock(product, counted=7, reason="three broke")
    services.correct_stock(product, counted=7, reason="counted again")

    assert pieces(product) == (7, 0, 0)
    assert list(product.movements.filter(kind="corrected").values_list("quantity", flat=True)) == [-3]


def test_a_count_below_the_promised_pieces_is_refused(make_product, unit):
    product = make_product(unit, on_hand=10)
    services.reserve({product.pk: 6}, holder=HOLDER)

    with pytest.raises(services.PromisedPieces):
        services.correct_stock(product, counted=5, reason="gone")

    assert pieces(product) == (10, 6, 0)
    assert not StockMovement.objects.filter(kind="corrected").exists()


def test_running_low_is_told_once_when_the_level_is_crossed(make_product, unit):
    product = make_product(unit, on_hand=10, reorder_level=5)

    services.reserve({product.pk: 4}, holder=uuid7())
    services.reserve({product.pk: 1}, holder=uuid7())
    services.reserve({product.pk: 1}, holder=uuid7())

    assert published("catalog.stock_ran_low") == [{"product": str(product.pk), "available": 5}]


def test_what_must_be_reordered_counts_promised_and_coming_pieces(make_product, unit):
    low = make_product(unit, on_hand=10, reorder_level=6)
    services.reserve({low.pk: 5}, holder=HOLDER)
    coming = make_product(unit, on_hand=5, reorder_level=6)
    services.reorder(coming, quantity=2)
    make_product(unit, on_hand=7, reorder_level=6)
    gone = make_product(unit, on_hand=1, reorder_level=6)
    services.discontinue(gone)

    assert list(Product.objects.to_reorder()) == [low]


@pytest.mark.parametrize(
    "broken",
    [
        {"on_hand": -1},
        {"reserved": -1},
        {"reserved": 11},
        {"on_hand": 3, "reserved": 4},
        {"on_order": -1},
    ],
)
def test_the_database_itself_refuses_impossible_stock(make_product, unit, broken):
    product = make_product(unit, on_hand=10)

    with pytest.raises(IntegrityError), transaction.atomic():
        Stock.objects.update(**broken)

    assert pieces(product) == (10, 0, 0)


def test_nothing_cannot_be_received(make_product, unit):
    product = make_product(unit)

    with pytest.raises(services.NothingMoved):
        services.receive_stock(product, quantity=0)

    assert not Stock.objects.exists()


def test_everything_that_happens_to_a_product_is_told_in_its_unit(make_product, unit):
    product = make_product(unit, reorder_level=8)

    services.set_price(product, currency="EUR", amount=Decimal(3), valid_from=date(2026, 1, 1))
    services.receive_stock(product, quantity=10)
    services.correct_stock(product, counted=5, reason="counted")
    services.discontinue(product)

    assert list(PublishedEvent.objects.order_by("pk").values_list("name", "unit")) == [
        ("catalog.price_changed", unit.pk),
        ("catalog.stock_received", unit.pk),
        ("catalog.stock_corrected", unit.pk),
        ("catalog.stock_ran_low", unit.pk),
        ("catalog.product_discontinued", unit.pk),
    ]
