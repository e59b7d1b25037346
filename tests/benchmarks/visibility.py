"""What the permission inside a list costs at size, against the same list by a plain indexed owner column."""

import statistics
import time
from collections.abc import Iterator

from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from tests.benchmarks import stage
from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.people import client_of

LIST = "/api/v1/customers/?ordering=name&page_size=50"
OWNED = "SELECT * FROM floor.owned WHERE owner = 7 ORDER BY name, id LIMIT 51"
HOLD, AIM = 3.0, 1.0
TIMES = 25


def milliseconds(statements: list[str]) -> float:
    """Until the rows are here: planned, run and fetched."""
    begin = time.perf_counter()
    for statement in statements:
        connection.connection.execute(statement).fetchall()
    return (time.perf_counter() - begin) * 1000


def buffers(statement: str) -> int:
    plan = connection.connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}").fetchone()[0]
    return plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]


def asked(client: APIClient) -> list[str]:
    """What a list sends to the tables of customers and their grants."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(LIST)
    if answer.status_code != 200 or len(answer.json()["results"]) != 50:
        raise SystemExit(f"The list was answered with {answer.status_code}.")
    return [query["sql"] for query in captured if '"customers_customer' in query["sql"]]


def in_units(name: str, units: list[Unit]) -> User:
    user = User.objects.create_user(f"{name}@example.org")
    role = Group.objects.get(name="customer-viewer")
    Assignment.objects.bulk_create(Assignment(user=user, role=role, unit=unit) for unit in units)
    return user


def with_grants(name: str, count: int, rows: int) -> User:
    """Evenly spread over all rows."""
    user = User.objects.create_user(f"{name}@example.org")
    permission = Permission.objects.get(content_type__app_label="customers", codename="view_customer")
    with stage.triggers_off("customers_customergrant"):
        stage.run(
            "INSERT INTO customers_customergrant (user_id, permission_id, content_object_id, valid_from)"
            " SELECT %s, %s, ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now()"
            " FROM generate_series(1, %s, %s) AS n",
            str(user.pk),
            permission.pk,
            rows,
            max(rows // count, 1),
        )
    return user


def measure(options: Options) -> Iterator[Figure]:
    units = stage.many_customers(options.many)
    stage.run(
        "CREATE TABLE floor.owned AS"
        " SELECT *, ('x' || right(id::text, 8))::bit(32)::int %% 40 AS owner FROM customers_customer"
    )
    stage.run("CREATE INDEX ON floor.owned (owner, name, id)")
    readers = {
        "1 unit": in_units("one", units[:1]),
        "2 units": in_units("two", units[:2]),
        "40 units": in_units("forty", units),
        "1,000 grants": with_grants("some", 1_000, options.many),
        "100,000 grants": with_grants("many", 100_000, options.many),
    }
    stage.vacuum("customers_customergrant", "floor.owned", "access_assignment")
    for name, reader in readers.items():
        ours = asked(client_of(reader))
        pairs = [(milliseconds(ours), milliseconds([OWNED])) for _time in range(TIMES)]
        took, plain = (statistics.median(times) for times in zip(*pairs, strict=True))
        read, plainly = sum(buffers(statement) for statement in ours), buffers(OWNED)
        note = f"{took:.2f} ms, {read:,} buffers; owner column {plain:.2f} ms, {plainly} buffers"
        yield Figure(f"{name}: list of 50", round(took / plain, 2), "x owner column", HOLD, AIM, note=note)
        yield Figure(f"{name}: buffers", round(read / plainly, 2), "x owner column")
    stage.run("DROP TABLE floor.owned")
