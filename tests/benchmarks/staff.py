"""The admin's first page of a long list."""

import statistics
import time
from collections.abc import Iterator

from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from tests.benchmarks import stage
from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.people import signed_in

HOLD = 300
PAGES = {"first page": "", "a search": "?q=C-77", "a filter": "?status__exact=dormant"}


def measure(options: Options) -> Iterator[Figure]:
    stage.many_customers(options.many)
    manager = User.objects.create_user("staff@example.org")
    company = Unit.objects.get(parent=None)
    Assignment.objects.create(user=manager, role=Group.objects.get(name="customer-manager"), unit=company)
    client = signed_in(manager)
    for name, query in PAGES.items():
        taken = []
        for _time in range(options.rounds + 1):
            begin = time.perf_counter()
            with CaptureQueriesContext(connection) as sent:
                answer = client.get(reverse("admin:customers_customer_changelist") + query)
            taken.append((time.perf_counter() - begin) * 1000)
        wrong = "" if answer.status_code == 200 and b"C-" in answer.content else f"answered with {answer.status_code}"
        note = f"{len(sent)} statements, {options.many:,} rows"
        yield Figure(f"customers, {name}", round(statistics.median(taken[1:])), "ms", HOLD, note=note, wrong=wrong)
