import pytest

from apps.access.models import Unit
from apps.customers.models import Address, Contact, Customer


@pytest.fixture
def customer(unit: Unit) -> Customer:
    return Customer.objects.create(unit=unit, number="C-1", name="Alfreds Futterkiste")


@pytest.fixture
def twin(unit: Unit) -> Customer:
    return Customer.objects.create(unit=unit, number="C-2", name="Alfreds Futter-Kiste")


@pytest.fixture
def stranger(other_unit: Unit) -> Customer:
    """A customer of another unit."""
    return Customer.objects.create(unit=other_unit, number="C-1", name="Blauer See")


@pytest.fixture
def contact(customer: Customer) -> Contact:
    return Contact.objects.create(unit=customer.unit, customer=customer, name="Maria Anders", email="maria@example.org")


@pytest.fixture
def address(customer: Customer) -> Address:
    return Address.objects.create(unit=customer.unit, customer=customer, lines="Obere Str. 57", city="Berlin")
