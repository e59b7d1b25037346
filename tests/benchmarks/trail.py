"""Every filter of the trail at ten entries for each row of `--many`, spread over twelve months.

Beside each time, in parentheses, stands what of it the database took.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from apps.audit.admin.paging import PER_PAGE
from apps.audit.filters import matching
from apps.audit.models import AuditEvent
from apps.audit.tracking import tracked_models
from apps.kernel.sealing import cipher
from tests.benchmarks import stage
from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.people import client_of, signed_in

HOLD = 0.5
TABLE = "audit_auditevent"
FAR = 1_000
"""The page far behind the first."""
ACTORS, UNITS, MONTHS = 300, 40, 12
LIST = reverse("admin:audit_auditevent_changelist")
EVENTS = "/api/v1/audit/events/"
NOBODY = "01900000-0000-7000-8000-000000000000"

# A few actors, kinds and records have most of the entries, as everywhere.
LOAD = f"""
INSERT INTO {TABLE} ("timestamp", txid, action, content_type_id, object_pk, changes, personal, additional_data,
    actor_id, source, cid, reason, batch, unit_id, subject, db_user, application_name)
SELECT %(since)s + n * %(step)s, pg_current_xact_id(), action, kind,
    CASE WHEN action IN (3, 4, 5, 7) AND chance < 0.5 THEN '' ELSE md5('object' || object)::uuid::text END,
    CASE WHEN action = 2 THEN jsonb_build_object('number', jsonb_build_array('N-' || object, NULL))
        WHEN action < 2 THEN jsonb_build_object('status', jsonb_build_array('draft', 'placed'),
            'total', jsonb_build_array(n, n + 1), 'updated_at', jsonb_build_array(now(), now())) ELSE '{{}}' END,
    CASE WHEN action < 2 AND chance < 0.3 THEN jsonb_build_object('phone',
        jsonb_build_array(md5(n::text), '+49 30 1', '+49 30 2')) ELSE '{{}}' END,
    '{{}}', CASE WHEN chance < 0.9 THEN (%(actors)s::uuid[])[1 + floor({ACTORS} * crowded)::int] END,
    CASE WHEN chance < 0.5 THEN 'api' ELSE 'admin' END,
    CASE WHEN chance < 0.01 THEN 'nightly' ELSE 'request-' || n / 5 END, '',
    CASE WHEN chance < 0.02 THEN 'batch-' || floor(chance * 1000)::int ELSE '' END,
    CASE WHEN other < 0.7 THEN (%(units)s::uuid[])[1 + floor({UNITS} * other / 0.7)::int] END,
    CASE WHEN other < 0.6 THEN md5('person' || floor(%(rows)s / 30 * crowded * other))::uuid END, 'steward', 'bench'
FROM generate_series(1, %(rows)s) AS n, LATERAL (SELECT random() + 0 * n AS chance, random() + 0 * n AS other,
    power(random() + 0 * n, 3) AS crowded, floor(%(rows)s / 10 * power(random() + 0 * n, 2))::int AS object) AS drawn,
    LATERAL (SELECT (%(kinds)s::int[])[1 + floor(cardinality(%(kinds)s::int[]) * crowded)::int] AS kind,
    CASE WHEN other < 0.5 THEN 1 WHEN other < 0.7 THEN 0 WHEN other < 0.95 THEN 3 WHEN other < 0.96 THEN 2
        WHEN other < 0.98 THEN 5 WHEN other < 0.985 THEN 4 WHEN other < 0.9925 THEN 7 ELSE 8 END AS action) AS made
"""


@dataclass(frozen=True)
class Asked:
    """A filter by its words in the API; those of the admin where they are others."""

    name: str
    words: dict[str, str]
    admin: dict[str, str] = field(default_factory=dict)
    finds: bool = True


def load(rows: int) -> datetime:
    """The first moment of the oldest month."""
    now = timezone.now()
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _month in range(MONTHS - 1):
        until, first = first, (first - timedelta(days=1)).replace(day=1)
        stage.run(
            f"CREATE TABLE {TABLE}_y{first:%Y}m{first:%m} PARTITION OF {TABLE}"
            f" FOR VALUES FROM ('{first:%Y-%m-%d}+00') TO ('{until:%Y-%m-%d}+00')"
        )
    company = Unit.objects.create(name="Company", slug="company", path="/company/")
    units = [Unit(name=f"U {n}", slug=f"u-{n}", path=f"/company/u-{n}/", parent=company) for n in range(UNITS)]
    people = [User(email=f"actor-{n}@example.org", name=f"Actor {n}") for n in range(ACTORS)]
    values = {
        "since": first,
        "step": (now - first) / rows,
        "rows": rows,
        "actors": [str(user.pk) for user in User.objects.bulk_create(people)],
        "units": [str(unit.pk) for unit in Unit.objects.bulk_create(units)],
        "kinds": [ContentType.objects.get_for_model(model, for_concrete_model=False).pk for model in tracked_models()],
    }
    with stage.indexes_later(TABLE), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(LOAD, values)
    stage.vacuum(TABLE)
    return first


def questions() -> Iterator[Asked]:
    busy, quiet = (User.objects.get(email=f"actor-{n}@example.org") for n in (0, ACTORS - 1))
    some = AuditEvent.objects.filter(action=1, subject__isnull=False, unit__isnull=False).order_by("timestamp")[1_000]
    gone = AuditEvent.objects.filter(action=2).order_by("timestamp")[10]
    usual, rare = (
        f"{model._meta.app_label}.{model._meta.model_name}" for model in (tracked_models()[i] for i in (0, -1))
    )
    unit = str(some.unit_id)
    yield Asked("nothing", {})
    yield Asked("a busy actor", {"actor": str(busy.pk)})
    yield Asked("a quiet actor", {"actor": str(quiet.pk)})
    yield Asked("an actor by e-mail", {"actor": busy.email})
    yield Asked("a record", {"object": some.object_pk})
    yield Asked("a person", {"subject": str(some.subject)})
    yield Asked("a kind with many", {"model": usual})
    yield Asked("a kind with few", {"model": rare})
    yield Asked("changes", {"action": "update"}, {"action__exact": "1"})
    yield Asked("refusals", {"action": "refused"}, {"action__exact": "8"})
    yield Asked("a request", {"request": some.cid})
    yield Asked("a request with many", {"request": "nightly"})
    yield Asked("a batch", {"batch": "batch-3"})
    yield Asked("a unit", {"unit": unit}, {"unit__id__exact": unit})
    yield Asked("actor and kind", {"actor": str(busy.pk), "model": usual})
    yield Asked("actor and a kind he never wrote", {"actor": str(busy.pk), "model": rare}, finds=False)
    yield Asked("actor and action", {"actor": str(quiet.pk), "action": "refused"}, {"action__exact": "8"}, finds=False)
    yield Asked("actor and unit", {"actor": str(busy.pk), "unit": unit}, {"unit__id__exact": unit})
    yield Asked("kind and action", {"model": usual, "action": "delete"}, {"action__exact": "2"})
    yield Asked(
        "unit and action",
        {"unit": unit, "action": "export"},
        {"action__exact": "4", "unit__id__exact": unit},
        finds=False,
    )
    yield Asked("batch and action", {"batch": "batch-3", "action": "refused"}, {"action__exact": "8"}, finds=False)
    yield Asked("an actor who is nobody", {"actor": NOBODY}, finds=False)
    yield Asked("a number", {"object": gone.object_pk}, {"q": gone.changes["number"][0]})


@dataclass(frozen=True)
class Took:
    whole: float
    database: float

    def __str__(self) -> str:
        return f"{self.whole:.3f} ({self.database:.3f})"


def took(client: Any, address: str, wrong: list[str], *, finds: bool = True) -> Took:
    """The better of two, both of which may meet what others on this machine do."""
    taken = []
    for _time in range(2):
        waited = [0.0]

        def timed(execute: Any, *said: Any, waited: list[float] = waited) -> Any:
            begin = time.perf_counter()
            try:
                return execute(*said)
            finally:
                waited[0] += time.perf_counter() - begin

        begin = time.perf_counter()
        with connection.execute_wrapper(timed):
            answer = client.get(address)
        taken.append(Took(time.perf_counter() - begin, waited[0]))
        holds_some = answer.status_code == 200 and (b'"id":' in answer.content or b'class="told"' in answer.content)
        if answer.status_code != 200 or holds_some < finds:
            wrong.append(f"{address}: {answer.status_code}, {'some entries' if holds_some else 'no entry'}")
    return min(taken, key=lambda one: one.whole)


def far(asked: Asked) -> AuditEvent | None:
    """The last entry before page 1,000; none where there are not so many."""
    entries = matching(**asked.words).newest_first()
    return entries[FAR * PER_PAGE - 1 : FAR * PER_PAGE].first()


def admin_address(asked: Asked, **more: str) -> str:
    alike = {name: said for name, said in asked.words.items() if not asked.admin or name in {"actor", "model", "batch"}}
    words = asked.admin if "q" in asked.admin else {**alike, **asked.admin}
    return f"{LIST}?{urlencode({**words, **more})}"


def measure(options: Options) -> Iterator[Figure]:
    stage.empty()
    rows = options.many * 10
    began = time.monotonic()
    since = {"timestamp_from_0": f"{load(rows):%Y-%m-%d}"}
    loaded = time.monotonic() - began
    auditor = User.objects.create_user("auditor@example.org")
    Assignment.objects.create(user=auditor, role=Group.objects.get(name="auditor"), unit=Unit.objects.get(parent=None))
    TOTP.activate(auditor, generate_totp_secret())
    staff, partner = signed_in(auditor), client_of(auditor)
    staff.get(LIST), partner.get(EVENTS)
    yield Figure("entries", rows, note=f"loaded in {loaded:.0f} s")
    for asked in questions():
        wrong: list[str] = []
        place = far(asked)
        shown = {
            "30 days": took(staff, admin_address(asked), wrong, finds=False),
            "a year": took(staff, admin_address(asked, **since), wrong, finds=asked.finds),
        }
        served = {"first page": took(partner, f"{EVENTS}?{urlencode(asked.words)}", wrong, finds=asked.finds)}
        if place is not None:
            before = f"{place.timestamp.isoformat()}~{place.pk}"
            cursor = cipher("cursor").encrypt(orjson.dumps([False, "-timestamp", place.timestamp, place.pk])).decode()
            shown["far page"] = took(staff, admin_address(asked, **since, before=before), wrong, finds=False)
            served["far page"] = took(
                partner, f"{EVENTS}?{urlencode({**asked.words, 'cursor': cursor})}", wrong, finds=False
            )
        for door, taken in (("admin", shown), ("API", served)):
            note = ", ".join(f"{name} {one}" for name, one in taken.items())
            yield Figure(
                f"{door}, {asked.name}",
                round(max(one.whole for one in taken.values()), 3),
                "s",
                HOLD,
                note=note,
                wrong="; ".join(wrong),
            )
