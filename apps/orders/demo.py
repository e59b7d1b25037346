"""Three years of believable orders in every state, written a few statements at a time."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from faker import Faker

from apps.access.models import Unit
from apps.catalog.models import Price, Product, Reservation, Stock
from apps.customers.models import Customer
from apps.orders.models import Order, OrderLine, OrderNumbers, Shipper
from apps.orders.services import recalculate
from apps.workforce.models import Employee

PER_CUSTOMER = 8
CARRIERS = ("Speedy Express", "United Package", "Federal Shipping", "Alpine Parcels")
DISCOUNTS = (Decimal(0), Decimal(0), Decimal(0), Decimal("0.05"), Decimal("0.10"), Decimal("0.15"))
DAYS_AFTER_PLACING = (("placed_on", 0), ("paid_on", 2), ("shipped_on", 4), ("delivered_on", 7))
S = Order.Status
RECENT = (S.DRAFT, S.PLACED, S.PLACED, S.PAID, S.PAID, S.SHIPPED)
PAST = (*[S.DELIVERED] * 17, S.CANCELLED, S.CANCELLED, S.RETURNED)


def load(unit: Unit, faker: Faker, size: int) -> None:
    shippers = Shipper.objects.bulk_create(
        Shipper(unit=unit, number=str(position), name=name, phone=faker.phone_number()[:30])
        for position, name in enumerate(CARRIERS, 1)
    )
    customers = list(Customer.objects.filter(unit=unit).active())
    agents = list(Employee.objects.filter(unit=unit)[:12]) or [None]
    if not customers:
        return
    today = timezone.localdate()
    orders = [
        _order(unit, faker, number, faker.random_element(customers), today)
        for number in range(1, size * PER_CUSTOMER + 1)
    ]
    for order in orders:
        order.agent = faker.random_element(agents)
        order.shipper = faker.random_element(shippers)
    Order.objects.bulk_create(orders, batch_size=2_000)
    OrderNumbers.objects.update_or_create(unit=unit, defaults={"last": len(orders)})
    lines = list(_lines(unit, faker, orders))
    OrderLine.objects.bulk_create(lines, batch_size=5_000)
    recalculate(Order.objects.filter(unit=unit))
    _promise(lines)


def _order(unit: Unit, faker: Faker, number: int, customer: Customer, today: date) -> Order:
    age = faker.random_int(0, 1095) if number % 10 else faker.random_int(0, 20)
    status = faker.random_element(PAST if age > 20 else RECENT)  # noqa: PLR2004
    placed = today - timedelta(days=age)
    order = Order(
        unit=unit,
        number=f"O-{number:06}",
        customer=customer,
        status=status,
        required_on=placed + timedelta(days=28),
        ship_name=customer.name[:150],
        ship_street=faker.street_address()[:120],
        ship_city=faker.city()[:60],
        ship_postal_code=faker.postcode()[:20],
        ship_country=faker.country()[:60],
        freight=Decimal(faker.random_int(0, 6_000)) / 100,
    )
    reached = (*Order.Status,)[1:5]
    far = reached.index(status) + 1 if status in reached else {S.CANCELLED: 1, S.RETURNED: 4}.get(status, 0)
    for name, days in list(zip(("placed_on", "paid_on", "shipped_on", "delivered_on"), (0, 2, 4, 7), strict=True))[
        :far
    ]:
        setattr(order, name, min(placed + timedelta(days=days), today))
    if status in {S.CANCELLED, S.RETURNED}:
        order.ended_on = placed + timedelta(days=14)
    return order


def _lines(unit: Unit, faker: Faker, orders: list[Order]) -> Iterator[OrderLine]:
    """Two or three products an order, each at the price of the order's day."""
    prices: dict[UUID, list[Price]] = defaultdict(list)
    for price in Price.objects.filter(unit=unit, currency="EUR").order_by("valid_from"):
        prices[price.product_id].append(price)
    products = [product for product in Product.objects.filter(unit=unit) if prices[product.pk]]
    on_sale = [product for product in products if not product.is_discontinued]
    for order in orders:
        waits = order.status in {S.DRAFT, S.PLACED, S.PAID}
        for product in faker.random_elements(
            on_sale if waits else products, length=faker.random_int(1, 4), unique=True
        ):
            begun = [
                price for price in prices[product.pk] if order.placed_on is None or price.valid_from <= order.placed_on
            ]
            yield OrderLine(
                unit=unit,
                order=order,
                product=product,
                quantity=faker.random_int(1, 12),
                unit_price=begun[-1].amount,
                discount=faker.random_element(DISCOUNTS),
                tax_rate=product.tax_rate,
            )


def _promise(lines: list[OrderLine]) -> None:
    """Pieces for what is placed and not shipped: the shelf is filled up by as many as are promised."""
    waiting = [line for line in lines if line.order.status in {S.PLACED, S.PAID}]
    Reservation.objects.bulk_create(
        Reservation(unit_id=line.unit_id, product_id=line.product_id, holder=line.order_id, quantity=line.quantity)
        for line in waiting
    )
    promised: dict[UUID, int] = defaultdict(int)
    for line in waiting:
        promised[line.product_id] += line.quantity
    for product, quantity in promised.items():
        Stock.objects.filter(product=product).update(on_hand=F("on_hand") + quantity, reserved=F("reserved") + quantity)
