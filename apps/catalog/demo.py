"""A believable catalog: shelves, suppliers, products, three years of prices, stock."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.text import slugify
from faker import Faker

from apps.access.models import Unit
from apps.catalog.models import Category, Price, Product, Stock, StockMovement, Supplier


@dataclass(frozen=True)
class Shelf:
    goods: tuple[str, ...]
    packages: tuple[str, ...]
    cheapest: int
    """The lowest price in cents; the highest is four times as much."""
    tax_rate: Decimal = Decimal("0.07")


KINDS = (
    "Classic",
    "Organic",
    "Farmhouse",
    "Regional",
    "Premium",
    "Everyday",
    "Traditional",
    "Artisan",
    "Country",
    "Fine",
)
SHELVES = {
    "Beverages": Shelf(
        ("lemonade", "cider", "apple juice", "mineral water"), ("24 x 330 ml", "12 x 0.75 l"), 990, Decimal("0.19")
    ),
    "Condiments": Shelf(("mustard", "pesto", "maple syrup", "chutney"), ("12 x 250 g jars", "6 x 500 g jars"), 1_400),
    "Confections": Shelf(("chocolate", "biscuits", "nougat", "fudge"), ("20 x 100 g", "48 pieces"), 1_850),
    "Dairy": Shelf(("butter", "cheese", "yoghurt", "cream"), ("12 x 250 g", "1 kg"), 780),
    "Grains": Shelf(("oats", "pasta", "rye bread", "rice"), ("10 x 500 g", "5 kg"), 690),
    "Meat": Shelf(("ham", "sausages", "salami", "pastrami"), ("5 x 400 g", "2 kg"), 2_400),
    "Produce": Shelf(("plums", "tomatoes", "beans", "apples"), ("5 kg crate", "10 x 500 g"), 850),
    "Seafood": Shelf(("herring", "trout", "mussels", "salmon"), ("12 x 200 g tins", "2 kg on ice"), 1_900),
}


def load(unit: Unit, faker: Faker, size: int) -> None:
    """About a third as many products as customers, at least eight and at most all that the words make."""
    categories = Category.objects.bulk_create(
        Category(unit=unit, number=str(position), name=name, description=", ".join(shelf.goods).capitalize())
        for position, (name, shelf) in enumerate(SHELVES.items(), 1)
    )
    suppliers = Supplier.objects.bulk_create(_supplier(unit, faker, position) for position in range(1, size // 20 + 4))
    names = [
        (category, kind, good) for kind in KINDS for category in categories for good in SHELVES[category.name].goods
    ]
    products = Product.objects.bulk_create(
        Product(
            unit=unit,
            number=f"P-{position:04}",
            name=f"{kind} {good}",
            category=category,
            supplier=faker.random_element(suppliers),
            quantity_per_unit=faker.random_element(SHELVES[category.name].packages),
            reorder_level=faker.random_int(0, 30),
            tax_rate=SHELVES[category.name].tax_rate,
            is_discontinued=position % 17 == 0,
        )
        for position, (category, kind, good) in enumerate(names[: max(size // 3, 8)], 1)
    )
    today = timezone.localdate()
    Price.objects.bulk_create(
        price
        for product in products
        for price in _prices(product, faker, SHELVES[product.category.name].cheapest, today)
    )
    Stock.objects.bulk_create(
        Stock(
            unit=unit,
            product=product,
            on_hand=faker.random_int(0, 200) if position % 9 else 3,
            on_order=faker.random_element((0, 0, 0, 40)),
        )
        for position, product in enumerate(products, 1)
    )
    StockMovement.objects.bulk_create(
        StockMovement(unit=unit, product=stock.product, kind=StockMovement.Kind.RECEIVED, quantity=stock.on_hand)
        for stock in Stock.objects.filter(unit=unit, on_hand__gt=0).select_related("product")
    )


def _supplier(unit: Unit, faker: Faker, position: int) -> Supplier:
    locale = faker.random_element(faker.locales)
    local = faker[locale]
    company, first, last = local.company(), local.first_name(), local.last_name()
    return Supplier(
        unit=unit,
        number=f"S-{position:03}",
        company=company[:100],
        contact_name=f"{first} {last}"[:100],
        contact_title=local.random_element(("Sales manager", "Order administrator", "Owner", "Export manager")),
        email=f"sales@{slugify(company)[:40].strip('-')}.example",
        phone=local.phone_number()[:30],
        street=local.street_address().replace("\n", ", ")[:120],
        city=local.city()[:60],
        postal_code=local.postcode()[:20],
        country=locale.rsplit("_", 1)[-1],
    )


def _prices(product: Product, faker: Faker, cheapest: int, today: date) -> list[Price]:
    """A price a year, each a little higher, the first before the oldest order."""
    amount = Decimal(faker.random_int(cheapest, 4 * cheapest) // 10 * 10 - 1) / 100
    prices = []
    for years in (4, 3, 2, 1):
        begun = today - timedelta(days=365 * years - faker.random_int(0, 60) * (years < 4))  # noqa: PLR2004
        prices.append(Price(unit_id=product.unit_id, product=product, currency="EUR", amount=amount, valid_from=begun))
        amount = (amount * Decimal("1.04")).quantize(Decimal("0.01"))
    return prices
