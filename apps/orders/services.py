"""The life of an order. Locks are taken in one order: the order, its customer, its products by key."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from apps.access.models import Unit
from apps.catalog import services as catalog
from apps.catalog.models import Price, Product
from apps.customers.models import Customer
from apps.events.bus import Event, publish
from apps.kernel.errors import BusinessError
from apps.kernel.trail import because
from apps.orders.events import (
    OrderCancelled,
    OrderDelivered,
    OrderPaid,
    OrderPlaced,
    OrderReturned,
    OrderShipped,
)
from apps.orders.models import Order, OrderLine, OrderNumbers

CHANGEABLE = {Order.Status.DRAFT, Order.Status.PLACED, Order.Status.PAID}
FIXED_ONCE_PLACED = {"customer", "currency", "freight", "discount", "lines"}


class IllegalTransition(BusinessError):
    """An order in this state cannot take this step."""

    code = "illegal_transition"


class NotDraft(BusinessError):
    """This order is no longer a draft. Its customer, lines and amounts stay as they are."""

    code = "not_draft"


class AlreadyShipped(BusinessError):
    """This order has left the house or ended, and can no longer be changed."""

    code = "already_shipped"


class EmptyOrder(BusinessError):
    """An order without a line cannot be placed."""

    code = "empty_order"


class CustomerIsClosed(BusinessError):
    """This customer is closed. Reopen the customer first."""

    code = "customer_closed"


class RebateTooHigh(BusinessError):
    """The rebate is higher than the sum that it is taken off."""

    code = "rebate_too_high"


class NoPrice(BusinessError):
    """A product has no price in the currency of this order. Say a unit price."""

    code = "no_price"


class ProductTwice(BusinessError):
    """A product stands in two lines. Put its pieces into one."""

    code = "product_twice"


class OtherUnit(BusinessError):
    """An order, its customer, agent, shipper and products belong to one unit."""

    code = "other_unit"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A line as somebody asks for it. What is left open comes from the catalog."""

    product: Product
    quantity: int
    unit_price: Decimal | None = None
    discount: Decimal = Decimal(0)
    tax_rate: Decimal | None = None


@transaction.atomic
def create_order(unit: Unit, *, customer: Customer, lines: Sequence[Wish], **fields: Any) -> Order:
    order = Order(unit=unit, customer=customer, number=next_number(unit), **fields)
    check_unit(order)
    order.save(force_insert=True)
    _write_lines(order, lines)
    return order


@transaction.atomic
def change_order(order: Order, *, lines: Sequence[Wish] | None = None, **fields: Any) -> Order:
    """Change what may still be changed; `lines` replace all lines."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    check_changeable(order, {*fields, *(["lines"] if lines is not None else [])})
    for name, value in fields.items():
        setattr(order, name, value)
    check_unit(order)
    order.save(update_fields=[*fields, "updated_at"])
    if lines is not None:
        order.lines.all().delete()
        _write_lines(order, lines)
    return order


def check_changeable(order: Order, names: Iterable[str]) -> None:
    """Draft: everything. Placed or paid: who carries it where, until it leaves the house."""
    if order.status == Order.Status.DRAFT:
        return
    if order.status not in CHANGEABLE:
        raise AlreadyShipped
    if FIXED_ONCE_PLACED & set(names):
        raise NotDraft


def check_unit(order: Order) -> None:
    related = (order.customer, order.agent, order.shipper)
    if {order.unit_id} != {row.unit_id for row in related if row is not None}:
        raise OtherUnit


def next_number(unit: Unit) -> str:
    """The next free number of the unit. It is given once even when many ask; a refused order may leave a gap."""
    OrderNumbers.objects.bulk_create([OrderNumbers(unit=unit)], ignore_conflicts=True)
    numbers = OrderNumbers.objects.select_for_update().get(unit=unit)
    number = ""
    while not number or Order.objects.filter(unit=unit, number=number).exists():
        numbers.last += 1
        number = f"O-{numbers.last:06}"
    numbers.save(update_fields=["last"])
    return number


def fill_in(order: Order, line: OrderLine) -> OrderLine:
    """What the line leaves open comes from the catalog: the price of today in the order's currency, the tax rate."""
    product = line.product
    if product.unit_id != order.unit_id:
        raise OtherUnit
    line.unit_id = order.unit_id
    if line.tax_rate is None:
        line.tax_rate = product.tax_rate
    if line.unit_price is None:
        prices = Price.objects.valid_on(timezone.localdate()).filter(product=product, currency=order.currency)
        price = prices.first()
        if price is None:
            raise NoPrice(product=str(product.pk), currency=order.currency)
        line.unit_price = price.amount
    return line


def recalculate(orders: QuerySet[Order]) -> int:
    """Net and tax of all these orders from their lines, in one statement; says how many orders there were."""

    def lines(name: str) -> Coalesce:
        sums = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order").annotate(sum=Sum(name))
        nothing = Value(Decimal(0), output_field=DecimalField(max_digits=14, decimal_places=2))
        return Coalesce(Subquery(sums.values("sum")), nothing)

    return orders.order_by().update(net=lines("net"), tax=lines("tax"), updated_at=Now())


@transaction.atomic
def place_order(order: Order, *, on: date) -> Order:
    """The customer orders for good, and the pieces are promised."""
    order = _locked(order, Order.Status.PLACED)
    if Customer.objects.select_for_update(no_key=True).get(pk=order.customer_id).status == Customer.Status.CLOSED:
        raise CustomerIsClosed
    wanted = _pieces(order)
    if not wanted:
        raise EmptyOrder
    if order.total < 0:
        raise RebateTooHigh
    catalog.reserve(wanted, holder=order.pk)
    order.placed_on = on
    return _go(order, Order.Status.PLACED, "placed_on", OrderPlaced, on)


@transaction.atomic
def pay_order(order: Order, *, on: date) -> Order:
    order = _locked(order, Order.Status.PAID)
    order.paid_on = on
    return _go(order, Order.Status.PAID, "paid_on", OrderPaid, on)


@transaction.atomic
def ship_order(order: Order, *, on: date) -> Order:
    """The promised pieces leave the house; those of an imported order, which has no promise, are taken now."""
    order = _locked(order, Order.Status.SHIPPED)
    if not catalog.fulfil(holder=order.pk):
        catalog.reserve(_pieces(order), holder=order.pk)
        catalog.fulfil(holder=order.pk)
    order.shipped_on = on
    return _go(order, Order.Status.SHIPPED, "shipped_on", OrderShipped, on)


@transaction.atomic
def deliver_order(order: Order, *, on: date) -> Order:
    order = _locked(order, Order.Status.DELIVERED)
    order.delivered_on = on
    return _go(order, Order.Status.DELIVERED, "delivered_on", OrderDelivered, on)


@transaction.atomic
def cancel_order(order: Order, *, on: date, reason: str) -> Order:
    """Nothing is delivered, and the promised pieces are free again."""
    order = _locked(order, Order.Status.CANCELLED)
    with because(reason):
        catalog.release(holder=order.pk)
        order.ended_on = on
        return _go(order, Order.Status.CANCELLED, "ended_on", OrderCancelled, on)


@transaction.atomic
def return_order(order: Order, *, on: date, reason: str, restock: bool) -> Order:
    """The goods came back; `restock` says whether they can be sold again."""
    order = _locked(order, Order.Status.RETURNED)
    with because(reason):
        if restock:
            catalog.put_back(_pieces(order), holder=order.pk)
        order.ended_on = on
        return _go(order, Order.Status.RETURNED, "ended_on", OrderReturned, on, restocked=restock)


def _locked(order: Order, to: Order.Status) -> Order:
    """The order as it is now, if it may go there."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    if to not in order.MOVES[Order.Status(order.status)]:
        raise IllegalTransition(state=order.status, allowed=list(order.allowed))
    return order


def _go(order: Order, to: Order.Status, day: str, event: Callable[..., Event], on: date, **choices: bool) -> Order:
    order.status = to
    order.save(update_fields=["status", day, "updated_at"])
    publish(event(order=str(order.pk), customer=str(order.customer_id), on=on, **choices), unit=order.unit_id)
    return order


def _pieces(order: Order) -> dict[UUID, int]:
    return dict(order.lines.order_by("product").values_list("product", "quantity"))


def _write_lines(order: Order, wishes: Sequence[Wish]) -> None:
    if len({wish.product.pk for wish in wishes}) < len(wishes):
        raise ProductTwice
    OrderLine.objects.bulk_create(fill_in(order, OrderLine(order=order, **vars(wish))) for wish in wishes)
    recalculate(Order.objects.filter(pk=order.pk))
