"""The sealer: one at a time, no hole, and nothing of a person in a leaf."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from apps.audit.keys import keys
from apps.audit.models import AuditCheckpoint, AuditEvent, AuditLeaf
from apps.audit.seal import LOCK, seal
from apps.audit.verify import verify
from apps.kernel.trail import because
from tests.audit.sealing import seal_everything
from tests.sample.models import Person, Tag

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[psycopg.Connection[Any]]:
    """Another session of the same database."""
    wanted = {"host", "port", "user", "password", "dbname"}
    login = {key: value for key, value in connection.get_connection_params().items() if key in wanted}
    with psycopg.connect(**login) as session:
        yield session


def test_only_one_seals_and_an_open_transaction_leaves_no_hole(other: psycopg.Connection[Any], unit):
    seal_everything()
    tag = Tag.objects.create(unit=unit, label="red")
    seal_everything()
    other.execute("UPDATE sample_tag SET label = 'green' WHERE id = %s", [tag.pk])
    Person.objects.create(unit=unit, number="P-1", name="Ada")

    assert seal(keys(), now=timezone.now()) == 0
    other.commit()
    seal_everything()

    assert AuditEvent.objects.count() == AuditLeaf.objects.count()
    assert verify(keys().verifiers).findings == ()
    other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    assert seal(keys(), now=timezone.now()) is None


def test_a_leaf_holds_digests_where_the_entry_holds_a_person(unit):
    with because("Ada asked for it"):
        Person.objects.create(unit=unit, number="P-1", name="Ada Lovelace", email="ada@example.org")

    seal_everything()

    lines = b"".join(bytes(line) for line in AuditLeaf.objects.values_list("line", flat=True))
    assert b"P-1" in lines
    assert not [value for value in (b"Ada", b"Lovelace", b"ada@example.org", b"asked") if value in lines]


def test_every_seal_is_signed_over_the_tree_of_its_leaves(unit):
    Person.objects.create(unit=unit, number="P-1", name="Ada")
    size = seal_everything(limit=3)

    sizes = list(AuditCheckpoint.objects.order_by("id").values_list("size", flat=True))

    assert sizes == sorted(sizes)
    assert sizes[-1] == size
    assert verify(keys().verifiers).checkpoints == len(sizes)


def test_the_service_stays_ready_before_and_after_the_first_seal(client, unit):
    before = client.get("/readyz").json()["checks"]["audit_seal"]
    seal_everything()
    sealed = client.get("/readyz").json()["checks"]["audit_seal"]
    Tag.objects.create(unit=unit, label="red")

    waiting = client.get("/readyz").json()["checks"]["audit_seal"]

    assert [check["ok"] for check in (before, sealed, waiting)] == [True, True, True]
    assert sealed["detail"] == "Everything is sealed."
    assert waiting["detail"].startswith("The oldest entry without a seal is")
