import pytest
from django.db import connection

from apps.customers.models import Customer


@pytest.mark.parametrize("column", ["number", "name", "email"])
def test_a_search_by_the_beginning_reads_an_index(unit, column):
    Customer.objects.bulk_create(Customer(unit=unit, number=f"C-{n}", name=f"Name {n}") for n in range(500))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = Customer.objects.filter(**{f"{column}__istartswith": "c-1"}).explain()

    assert f"customer_{column}_prefix" in plan
