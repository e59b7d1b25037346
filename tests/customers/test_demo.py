from faker import Faker

from apps.customers.demo import load
from apps.customers.models import Address, Contact, Customer

LOCALES = ["de_DE", "en_GB", "fr_FR", "es_ES"]


def test_the_demonstration_is_believable_and_repeatable(unit, django_assert_max_num_queries):
    faker = Faker(LOCALES)
    faker.seed_instance(1)

    with django_assert_max_num_queries(12):
        load(unit, faker, 300)

    assert Customer.objects.count() == 300
    assert set(Address.objects.values_list("country", flat=True)) == {"DE", "GB", "FR", "ES"}
    assert Contact.objects.exclude(customer__kind="organisation").count() == 0
    assert Customer.objects.filter(credit_limit__gt=0).exclude(credit_currency="").count() > 50
