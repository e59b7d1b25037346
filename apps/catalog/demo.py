"""A believable catalog: shelves, suppliers, products, three years of prices, stock."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone
from faker import Faker

from apps.access.models import Unit
from apps.catalog.models import Category, Price, Product, Stock, StockMovement, Supplier

SHELVES = ("Beverages", "Condiments", "Confections", "Dairy", "Grains", "Meat", "Produce", "Seafood")
KINDS = ("Classic", "Organic", "Smoked", "Fresh", "Roasted", "Fine", "Mild", "Dark", "Mountain", "Country")
GOODS = {
    "Beverages": ("coffee", "tea", "cider", "lemonade"),
    "Condiments": ("mustard", "pesto", "syrup", "chutney"),
    "Confections": ("chocolate", "biscuits", "nougat", "fudge"),
    "Dairy": ("butter", "cheese", "yoghurt", "cream"),
    "Grains": ("oats", "pasta", "bread", "rice"),
    "Meat": ("ham", "sausage", "salami", "pastrami"),
    "Produce": ("plums", "tomatoes", "beans", "apples"),
    "Seafood": ("herring", "trout", "mussels", "salmon"),
}
PACKAGES = ("12 - 500 g jars", "24 - 250 ml bottles", "10 boxes x 20 bags", "1 kg pkg.", "48 pieces")
TAX_RATES = (Decimal("0.07"), Decimal("0.19"))


def load(unit: Unit, faker: Faker, size: int) -> None:
    """About a third as many products as customers, at least eight and at most all that the words make."""
    categories = Category.objects.bulk_create(
        Category(unit=unit, number=str(position), name=name, description=", ".join(GOODS[name]))
        for position, name in enumerate(SHELVES, 1)
    )
    suppliers = Supplier.objects.bulk_create(_supplier(unit, faker, position) for position in range(1, size // 20 + 4))
    names = [(category, kind, good) for kind in KINDS for category in categories for good in GOODS[category.name]]
    products = Product.objects.bulk_create(
        Product(
            unit=unit,
            number=f"P-{position:04}",
            name=f"{kind} {good}",
            category=category,
            supplier=faker.random_element(suppliers),
            quantity_per_unit=faker.random_element(PACKAGES),
            reorder_level=faker.random_int(0, 30),
            tax_rate=faker.random_element(TAX_RATES),
            is_discontinued=position % 17 == 0,
        )
        for position, (category, kind, good) in enumerate(names[: max(size // 3, 8)], 1)
    )
    today = timezone.localdate()
    Price.objects.bulk_create(price for product in products for price in _prices(product, faker, today))
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
    return Supplier(
        unit=unit,
        number=f"S-{position:03}",
        company=faker.company()[:100],
        contact_name=faker.name()[:100],
        contact_title=faker.random_element(("Sales manager", "Order administrator", "Owner", "Export manager")),
        email=f"contact{position}@{faker.domain_word()}.example",
        phone=faker.phone_number()[:30],
        street=faker.street_address()[:120],
        city=faker.city()[:60],
        postal_code=faker.postcode()[:20],
        country=faker.country()[:60],
    )


def _prices(product: Product, faker: Faker, today: date) -> list[Price]:
    """A price a year, each a little higher, the first before the oldest order."""
    amount = Decimal(faker.random_int(150, 9_000)) / 100
    prices = []
    for years in (4, 3, 2, 1):
        begun = today - timedelta(days=365 * years - faker.random_int(0, 60) * (years < 4))  # noqa: PLR2004
        prices.append(Price(unit_id=product.unit_id, product=product, currency="EUR", amount=amount, valid_from=begun))
        amount = (amount * Decimal("1.04")).quantize(Decimal("0.01"))
    return prices
