"""Prices and pieces. Stock changes only under the lock of its product; several products are locked in key order."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.access.models import Unit
from apps.catalog.events import PriceChanged, ProductDiscontinued, StockCorrected, StockRanLow, StockReceived
from apps.catalog.models import Category, Price, Product, Reservation, Stock, StockMovement, Supplier
from apps.events.bus import publish
from apps.kernel.errors import BusinessError
from apps.kernel.registry import Objections
from apps.kernel.trail import because


class NotEnoughStock(BusinessError):
    """There are not enough free pieces. Order fewer or wait for the next delivery."""

    code = "not_enough_stock"


class ProductWithdrawn(BusinessError):
    """This product is discontinued and no longer sold."""

    code = "product_discontinued"


class AlreadyDiscontinued(BusinessError):
    """This product is discontinued already."""

    code = "already_discontinued"


class PriceTaken(BusinessError):
    """Another price of this product begins on the same day. Choose another day."""

    code = "price_taken"


class PromisedPieces(BusinessError):
    """More pieces are promised to orders than you counted. Cancel orders first."""

    code = "promised_pieces"


class NothingMoved(BusinessError):
    """The number of pieces must be at least one."""

    code = "nothing_moved"


class OtherUnit(BusinessError):
    """These records belong to different units. Choose records of one unit."""

    code = "other_unit"


def check_shelf(unit: Unit, *, category: Category, supplier: Supplier | None) -> None:
    """A product stands in its own unit's category and comes from its own unit's supplier."""
    if {unit.pk} != {row.unit_id for row in (category, supplier) if row is not None}:
        raise OtherUnit


def lock_products(keys: Iterable[UUID]) -> dict[UUID, Product]:
    """The products in the order of their keys, so that two crossed orders wait for each other and never deadlock."""
    locked = Product.objects.filter(pk__in=set(keys)).order_by("pk").select_for_update(no_key=True)
    return {product.pk: product for product in locked}


@transaction.atomic
def set_price(product: Product, *, currency: str, amount: Decimal, valid_from: date) -> Price:
    product = lock_products([product.pk])[product.pk]
    if product.prices.filter(currency=currency, valid_from=valid_from).exists():
        raise PriceTaken
    price = Price.objects.create(
        unit_id=product.unit_id, product=product, currency=currency, amount=amount, valid_from=valid_from
    )
    publish(PriceChanged(product=str(product.pk), price=str(price.pk), valid_from=valid_from), unit=price.unit_id)
    return price


@transaction.atomic
def discontinue(product: Product) -> Product:
    """Take the product off sale. What is on the shelf stays there."""
    product = lock_products([product.pk])[product.pk]
    if product.is_discontinued:
        raise AlreadyDiscontinued
    Objections("catalog.discontinue").check(product)
    product.is_discontinued = True
    product.save(update_fields=["is_discontinued", "updated_at"])
    publish(ProductDiscontinued(product=str(product.pk)), unit=product.unit_id)
    return product


@transaction.atomic
def reorder(product: Product, *, quantity: int) -> Stock:
    """Note that so many pieces were ordered from the supplier."""
    stock = _stock_of(product, quantity)
    if stock.product.is_discontinued:
        raise ProductWithdrawn
    stock.on_order += quantity
    stock.save(update_fields=["on_order", "updated_at"])
    return stock


@transaction.atomic
def receive_stock(product: Product, *, quantity: int) -> Stock:
    """A delivery came: the pieces are on hand, and no longer on order."""
    stock = _stock_of(product, quantity)
    stock.on_hand += quantity
    stock.on_order = max(stock.on_order - quantity, 0)
    stock.save(update_fields=["on_hand", "on_order", "updated_at"])
    _note(stock.product, StockMovement.Kind.RECEIVED, quantity)
    publish(StockReceived(product=str(stock.product_id), quantity=quantity), unit=stock.unit_id)
    return stock


@transaction.atomic
def correct_stock(product: Product, *, counted: int, reason: str) -> Stock:
    """Somebody counted. The difference is a movement, and the reason stands in the audit trail."""
    stock = _stock_of(product)
    difference = counted - stock.on_hand
    if counted < stock.reserved:
        raise PromisedPieces(reserved=stock.reserved)
    if difference == 0:
        return stock
    with because(reason):
        stock.on_hand = counted
        stock.save(update_fields=["on_hand", "updated_at"])
        _note(stock.product, StockMovement.Kind.CORRECTED, difference)
    publish(StockCorrected(product=str(stock.product_id), difference=difference), unit=stock.unit_id)
    _tell_if_low(stock, before=stock.available - difference)
    return stock


@transaction.atomic
def reserve(wanted: Mapping[UUID, int], *, holder: UUID) -> list[Reservation]:
    """Promise pieces of several products to one holder: all of them or none."""
    products = lock_products(wanted)
    stocks = {stock.product_id: stock for stock in Stock.objects.filter(product__in=products)}
    lacking = {}
    for key, product in products.items():
        if product.is_discontinued:
            raise ProductWithdrawn(product=str(key))
        available = stocks[key].available if key in stocks else 0
        if available < wanted[key]:
            lacking[str(key)] = {"wanted": wanted[key], "available": available}
    if lacking:
        raise NotEnoughStock(products=lacking)
    for key, stock in stocks.items():
        stock.reserved += wanted[key]
        stock.product = products[key]
        _tell_if_low(stock, before=stock.available + wanted[key])
    Stock.objects.bulk_update(stocks.values(), ["reserved"])
    return Reservation.objects.bulk_create(
        Reservation(unit_id=product.unit_id, product=product, holder=holder, quantity=wanted[key])
        for key, product in products.items()
    )


@transaction.atomic
def release(*, holder: UUID) -> int:
    """Take back every open promise to this holder; says how many pieces became free."""
    reservations = _open_reservations(holder)
    stocks = _locked_stocks(reservations)
    for reservation in reservations:
        stocks[reservation.product_id].reserved -= reservation.quantity
    Stock.objects.bulk_update(stocks.values(), ["reserved"])
    _settle(reservations, Reservation.Status.RELEASED)
    return sum(reservation.quantity for reservation in reservations)


@transaction.atomic
def fulfil(*, holder: UUID) -> int:
    """The promised pieces leave the house; says how many."""
    reservations = _open_reservations(holder)
    stocks = _locked_stocks(reservations)
    for reservation in reservations:
        stocks[reservation.product_id].reserved -= reservation.quantity
        stocks[reservation.product_id].on_hand -= reservation.quantity
    Stock.objects.bulk_update(stocks.values(), ["reserved", "on_hand"])
    _settle(reservations, Reservation.Status.FULFILLED)
    StockMovement.objects.bulk_create(
        StockMovement(
            unit_id=reservation.unit_id,
            product_id=reservation.product_id,
            kind=StockMovement.Kind.FULFILLED,
            quantity=-reservation.quantity,
            holder=holder,
        )
        for reservation in reservations
    )
    return sum(reservation.quantity for reservation in reservations)


@transaction.atomic
def put_back(returned: Mapping[UUID, int], *, holder: UUID) -> None:
    """Pieces came back from this holder and are for sale again."""
    products = lock_products(returned)
    _ensure_stock(products.values())
    stocks = list(Stock.objects.filter(product__in=products))
    for stock in stocks:
        stock.on_hand += returned[stock.product_id]
    Stock.objects.bulk_update(stocks, ["on_hand"])
    StockMovement.objects.bulk_create(
        StockMovement(
            unit_id=product.unit_id,
            product=product,
            kind=StockMovement.Kind.RETURNED,
            quantity=returned[key],
            holder=holder,
        )
        for key, product in products.items()
    )


def _open_reservations(holder: UUID) -> list[Reservation]:
    """Read under the products' locks: the first look says which locks, the second what still stands."""
    open_ones = Reservation.objects.filter(holder=holder, status=Reservation.Status.OPEN)
    lock_products(open_ones.values_list("product", flat=True))
    return list(open_ones.order_by("product"))


def _locked_stocks(reservations: list[Reservation]) -> dict[UUID, Stock]:
    stocks = Stock.objects.filter(product__in=[reservation.product_id for reservation in reservations])
    return {stock.product_id: stock for stock in stocks}


def _settle(reservations: list[Reservation], status: str) -> None:
    for reservation in reservations:
        reservation.status = status
    Reservation.objects.bulk_update(reservations, ["status"])


def _stock_of(product: Product, quantity: int = 1) -> Stock:
    if quantity < 1:
        raise NothingMoved
    product = lock_products([product.pk])[product.pk]
    _ensure_stock([product])
    stock = Stock.objects.get(product=product)
    stock.product = product
    return stock


def _ensure_stock(products: Iterable[Product]) -> None:
    Stock.objects.bulk_create(
        [Stock(unit_id=product.unit_id, product=product) for product in products], ignore_conflicts=True
    )


def _note(product: Product, kind: str, quantity: int) -> None:
    StockMovement.objects.create(unit_id=product.unit_id, product=product, kind=kind, quantity=quantity)


def _tell_if_low(stock: Stock, *, before: int) -> None:
    if stock.available <= stock.product.reorder_level < before:
        publish(StockRanLow(product=str(stock.product_id), available=stock.available), unit=stock.unit_id)
