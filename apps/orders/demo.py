"""Three years of believable orders in every state, written a few statements at a time."""

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random
from uuid import UUID

from django.utils import timezone
from faker import Faker

from apps.access.models import Unit
from apps.catalog.models import Price, Product, Reservation, Stock, StockMovement
from apps.customers.models import Address, Customer
from apps.orders.models import Order, OrderLine, OrderNumbers, Shipper
from apps.orders.services import recalculate
from apps.workforce.models import Employee

PER_CUSTOMER = 5
CARRIERS = ("Speedy Express", "United Package", "Federal Shipping", "Alpine Parcels")
DISCOUNTS = (Decimal(0), Decimal(0), Decimal(0), Decimal("0.05"), Decimal("0.10"), Decimal("0.15"))
STEPS = (("placed_on", 0), ("paid_on", 2), ("shipped_on", 4), ("delivered_on", 7))
"""What happens to an order, and how many days after it was placed."""
S = Order.Status
REACHED = {S.DRAFT: 0, S.PLACED: 1, S.CANCELLED: 1, S.PAID: 2, S.SHIPPED: 3, S.DELIVERED: 4, S.RETURNED: 4}
PAST = (*[S.DELIVERED] * 17, S.CANCELLED, S.CANCELLED, S.RETURNED)
RECENT = ((7, (S.SHIPPED, S.DELIVERED)), (4, (S.PAID, S.SHIPPED)), (2, (S.PLACED, S.PAID)), (0, (S.PLACED, S.DRAFT)))
"""How many days ago at least, and how far an order of that day may have come."""
OLDEST, OPEN_DAYS, QUIET = 1095, 20, 400
"""Days: the age of the first order, of the first open one, and of the last one of a customer who buys no more."""
SEASON = (80, 85, 95, 100, 100, 95, 80, 70, 100, 115, 135, 145)
"""How much is bought in each month, January first."""


def load(unit: Unit, faker: Faker, size: int) -> None:
    """Numbered in the order of their days. On another day the same orders are written, moved along the calendar."""
    shippers = Shipper.objects.bulk_create(
        Shipper(unit=unit, number=str(position), name=name, phone=f"+49 30 23125 {position:03}")
        for position, name in enumerate(CARRIERS, 1)
    )
    customers = list(Customer.objects.filter(unit=unit).order_by("number"))
    active = [customer for customer in customers if customer.status == Customer.Status.ACTIVE]
    if not active:
        return
    addresses = {address.customer_id: address for address in Address.objects.filter(unit=unit).order_by("kind")}
    agents = _agents(unit)
    today, chance = timezone.localdate(), faker[faker.locales[0]].random
    weights = [min(chance.paretovariate(1.3), 12) for _ in customers]
    orders = []
    for number, age in enumerate(_ages(today, size * PER_CUSTOMER), start=1):
        order = _order(unit, chance, number, age, today)
        wanted = chance.choices(customers, weights)[0]
        order.customer = wanted if age > QUIET or wanted.status == Customer.Status.ACTIVE else chance.choice(active)
        _send_to(order, addresses.get(order.customer.pk))
        order.shipper = chance.choice(shippers)
        hired = [agent for agent in agents if agent.hired_on <= (order.placed_on or today)] or agents[:1]
        order.agent = chance.choice(hired) if hired else None
        orders.append(order)
    Order.objects.bulk_create(orders, batch_size=2_000)
    OrderNumbers.objects.update_or_create(unit=unit, defaults={"last": len(orders)})
    lines = list(_lines(unit, chance, orders))
    OrderLine.objects.bulk_create(lines, batch_size=5_000)
    recalculate(Order.objects.filter(unit=unit))
    _move_stock(lines)


def _agents(unit: Unit) -> list[Employee]:
    """The sellers who still work here, the longest first."""
    employees = Employee.objects.filter(unit=unit, left_on=None, department__name="Sales")
    return list(employees.order_by("hired_on"))


def _ages(today: date, count: int) -> list[int]:
    """An age in days for each order, the oldest first: more in autumn than in summer, more every year."""
    recent = max(12, count // 40)
    days = range(OLDEST, OPEN_DAYS, -1)
    weights = [
        SEASON[(today - timedelta(days=age)).month - 1]
        * (1 + (OLDEST - age) / OLDEST)
        * (0.2 if (today - timedelta(days=age)).weekday() > 4 else 1)  # noqa: PLR2004
        for age in days
    ]
    sums = list(accumulate(weights))
    past = max(count - recent, 0)
    ages = [days[min(bisect(sums, sums[-1] * position / past), len(days) - 1)] for position in range(past)]
    return ages + [OPEN_DAYS - position * (OPEN_DAYS + 1) // recent for position in range(min(recent, count))]


def _order(unit: Unit, chance: Random, number: int, age: int, today: date) -> Order:
    possible = PAST if age > OPEN_DAYS else next(states for days, states in RECENT if age >= days)
    status = chance.choice(possible)
    placed = today - timedelta(days=age)
    order = Order(
        unit=unit,
        number=f"O-{number:06}",
        status=status,
        required_on=placed + timedelta(days=28),
        freight=Decimal(chance.randint(0, 6_000)) / 100,
    )
    for name, days in STEPS[: REACHED[status]]:
        setattr(order, name, placed + timedelta(days=days))
    if status in {S.CANCELLED, S.RETURNED}:
        order.ended_on = placed + timedelta(days=14)
    return order


def _send_to(order: Order, address: Address | None) -> None:
    order.ship_name = order.customer.name[:150]
    if address is not None:
        order.ship_street = address.lines[:120]
        order.ship_city = address.city[:60]
        order.ship_postal_code = address.postal_code
        order.ship_country = address.country


def _lines(unit: Unit, chance: Random, orders: list[Order]) -> Iterator[OrderLine]:
    """One to four products an order, each at the price of the order's day."""
    prices: dict[UUID, list[Price]] = defaultdict(list)
    for price in Price.objects.filter(unit=unit, currency="EUR").order_by("valid_from"):
        prices[price.product_id].append(price)
    products = [product for product in Product.objects.filter(unit=unit).order_by("number") if prices[product.pk]]
    on_sale = [product for product in products if not product.is_discontinued]
    for order in orders:
        waits = order.status in {S.DRAFT, S.PLACED, S.PAID}
        choice = on_sale if waits else products
        for product in chance.sample(choice, min(chance.randint(1, 4), len(choice))):
            begun = [
                price for price in prices[product.pk] if order.placed_on is None or price.valid_from <= order.placed_on
            ]
            yield OrderLine(
                unit=unit,
                order=order,
                product=product,
                quantity=chance.randint(1, 12),
                unit_price=begun[-1].amount,
                discount=chance.choice(DISCOUNTS),
                tax_rate=product.tax_rate,
            )


def _move_stock(lines: list[OrderLine]) -> None:
    """What left the house had been delivered to it; what is promised was delivered too, and lies on the shelf."""
    gone = [line for line in lines if line.order.shipped_on]
    back = [line for line in gone if line.order.status == S.RETURNED]
    promised = [line for line in lines if line.order.status in {S.PLACED, S.PAID}]
    delivered, reserved, returned = _pieces([*gone, *promised]), _pieces(promised), _pieces(back)
    StockMovement.objects.bulk_create(
        [
            *(
                StockMovement(
                    unit_id=lines[0].unit_id, product_id=key, kind=StockMovement.Kind.RECEIVED, quantity=count
                )
                for key, count in delivered.items()
            ),
            *(_movement(line, StockMovement.Kind.FULFILLED, -line.quantity) for line in gone),
            *(_movement(line, StockMovement.Kind.RETURNED, line.quantity) for line in back),
        ],
        batch_size=5_000,
    )
    Reservation.objects.bulk_create(
        Reservation(unit_id=line.unit_id, product_id=line.product_id, holder=line.order_id, quantity=line.quantity)
        for line in promised
    )
    stocks = list(Stock.objects.filter(product__in=delivered))
    for stock in stocks:
        stock.on_hand += reserved[stock.product_id] + returned[stock.product_id]
        stock.reserved += reserved[stock.product_id]
    Stock.objects.bulk_update(stocks, ["on_hand", "reserved"])


def _pieces(lines: list[OrderLine]) -> Counter[UUID]:
    pieces: Counter[UUID] = Counter()
    for line in lines:
        pieces[line.product_id] += line.quantity
    return pieces


def _movement(line: OrderLine, kind: str, quantity: int) -> StockMovement:
    return StockMovement(
        unit_id=line.unit_id, product_id=line.product_id, kind=kind, quantity=quantity, holder=line.order_id
    )
