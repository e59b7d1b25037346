"""Believable customers for a trial and for tests of any kind."""

from collections import Counter
from decimal import Decimal

from django.db.models import F
from django.utils import timezone
from django.utils.text import slugify
from faker import Faker

from apps.access.models import Unit
from apps.customers.models import Address, Contact, Customer
from apps.kernel.trail import because

CURRENCIES = {"GB": "GBP", "US": "USD", "CH": "CHF", "PL": "PLN", "SE": "SEK", "DK": "DKK", "NO": "NOK"}
TITLES = (
    "Owner",
    "Purchasing Manager",
    "Sales Agent",
    "Accounting Manager",
    "Order Administrator",
    "Managing Director",
)
FOLDED = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "ä": "ae", "ö": "oe", "ü": "ue"})
BATCH = 1_000


def load(unit: Unit, faker: Faker, size: int) -> None:
    """`size` customers, each in one country throughout: its language, its addresses, its currency."""
    customers: list[Customer] = []
    contacts: list[Contact] = []
    addresses: list[Address] = []
    hosts: Counter[str] = Counter()
    for position in range(1, size + 1):
        locale = faker.random_element(faker.locales)
        local = faker[locale]
        country = locale.rsplit("_", 1)[-1]
        customer = _customer(unit, local, country, f"C-{position:05}", hosts)
        customers.append(customer)
        addresses.extend(_addresses(customer, local, country))
        if customer.kind == Customer.Kind.ORGANISATION:
            contacts.extend(_contact(customer, local) for _ in range(local.random_int(1, 3)))
    Customer.objects.bulk_create(customers, batch_size=BATCH)
    Contact.objects.bulk_create(contacts, batch_size=BATCH)
    Address.objects.bulk_create(addresses, batch_size=BATCH)
    _live_on(customers)


def _live_on(customers: list[Customer]) -> None:
    """Some have had their credit raised and some have closed, which their history shows."""
    trusted = [customer for customer in customers if customer.credit_limit][::5]
    for customer in trusted:
        customer.credit_limit = F("credit_limit") + 2_500
    with because("Yearly review of credit limits"):
        Customer.objects.bulk_update(trusted, ["credit_limit"])
    gone = [customer for customer in customers if customer.status == Customer.Status.DORMANT][::3]
    for customer in gone:
        customer.status, customer.closed_at = Customer.Status.CLOSED, timezone.now()
    with because("Stopped trading"):
        Customer.objects.bulk_update(gone, ["status", "closed_at"])


def _customer(unit: Unit, local: Faker, country: str, number: str, hosts: Counter[str]) -> Customer:
    is_person = local.random_int(1, 4) == 1
    has_credit = not is_person and local.random_int(1, 3) > 1
    name = f"{local.first_name()} {local.last_name()}" if is_person else local.company()
    return Customer(
        unit=unit,
        number=number,
        kind=Customer.Kind.PERSON if is_person else Customer.Kind.ORGANISATION,
        name=name[:150],
        email=f"{_word(name, '.')}@mail.example" if is_person else f"office@{_host(name, hosts)}",
        phone=local.phone_number()[:40],
        status=local.random_element((*[Customer.Status.ACTIVE] * 11, Customer.Status.DORMANT)),
        credit_limit=Decimal(local.random_int(1, 50) * 500) if has_credit else None,
        credit_currency=CURRENCIES.get(country, "EUR") if has_credit else "",
    )


def _word(name: str, separator: str) -> str:
    """The name as people write it in an address: no accents, no spaces."""
    return slugify(name.translate(FOLDED)).replace("-", separator)


def _host(company: str, hosts: Counter[str]) -> str:
    """A domain that nobody can own (RFC 2606), another one for each company."""
    word = _word(company, "-")[:40].strip("-")
    hosts[word] += 1
    return f"{word}-{hosts[word]}.example" if hosts[word] > 1 else f"{word}.example"


def _contact(customer: Customer, local: Faker) -> Contact:
    name = f"{local.first_name()} {local.last_name()}"
    return Contact(
        unit_id=customer.unit_id,
        customer=customer,
        name=name[:150],
        title=local.random_element(TITLES),
        email=f"{_word(name, '.')}@{customer.email.partition('@')[2]}",
        phone=local.phone_number()[:40],
    )


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
