"""Believable customers for a trial and for tests of any kind."""

from decimal import Decimal

from faker import Faker

from apps.access.models import Unit
from apps.customers.models import Address, Contact, Customer

CURRENCIES = {"GB": "GBP", "US": "USD", "CH": "CHF", "PL": "PLN", "SE": "SEK", "DK": "DKK", "JP": "JPY"}
TITLES = (
    "Owner",
    "Purchasing Manager",
    "Sales Agent",
    "Accounting Manager",
    "Order Administrator",
    "Managing Director",
)
BATCH = 1_000


def load(unit: Unit, faker: Faker, size: int) -> None:
    """`size` customers, each in one country throughout: its language, its addresses, its currency."""
    customers: list[Customer] = []
    contacts: list[Contact] = []
    addresses: list[Address] = []
    for position in range(1, size + 1):
        locale = faker.random_element(faker.locales)
        local = faker[locale]
        country = locale.rsplit("_", 1)[-1]
        customer = _customer(unit, local, country, f"C-{position:05}")
        customers.append(customer)
        addresses.extend(_addresses(customer, local, country))
        if customer.kind == Customer.Kind.ORGANISATION:
            contacts.extend(_contact(customer, local) for _ in range(local.random_int(1, 3)))
    Customer.objects.bulk_create(customers, batch_size=BATCH)
    Contact.objects.bulk_create(contacts, batch_size=BATCH)
    Address.objects.bulk_create(addresses, batch_size=BATCH)


def _customer(unit: Unit, local: Faker, country: str, number: str) -> Customer:
    is_person = local.random_int(1, 4) == 1
    has_credit = not is_person and local.random_int(1, 3) > 1
    return Customer(
        unit=unit,
        number=number,
        kind=Customer.Kind.PERSON if is_person else Customer.Kind.ORGANISATION,
        name=(local.name() if is_person else local.company())[:150],
        email=f"{number.lower()}.{unit.slug}@example.com",
        phone=local.phone_number()[:40],
        status=Customer.Status.DORMANT if local.random_int(1, 12) == 1 else Customer.Status.ACTIVE,
        credit_limit=Decimal(local.random_int(1, 50) * 500) if has_credit else None,
        credit_currency=CURRENCIES.get(country, "EUR") if has_credit else "",
    )


def _contact(customer: Customer, local: Faker) -> Contact:
    first, last = local.first_name(), local.last_name()
    contact = Contact(
        unit_id=customer.unit_id,
        customer=customer,
        name=f"{first} {last}"[:150],
        title=local.random_element(TITLES),
        phone=local.phone_number()[:40],
    )
    contact.email = f"contact-{contact.pk.hex[-12:]}@example.com"
    return contact


def _addresses(customer: Customer, local: Faker, country: str) -> list[Address]:
    kinds = [Address.Kind.BILLING, Address.Kind.SHIPPING][: local.random_int(1, 2)]
    return [
        Address(
            unit_id=customer.unit_id,
            customer=customer,
            kind=kind,
            lines=local.street_address().replace("\n", ", ")[:250],
            city=local.city()[:100],
            postal_code=local.postcode()[:20],
            country=country,
        )
        for kind in kinds
    ]
