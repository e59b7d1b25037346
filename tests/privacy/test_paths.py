"""Declared ways are held against the data: rows that lead to nobody, and columns that no model knows."""

import json
from io import StringIO
from typing import Any

import pytest
from axes.models import AccessLog
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import isolate_apps
from django.utils import timezone
from uuid_utils.compat import uuid7

from apps.access.models import Unit
from apps.accounts.models import User
from apps.events.models import Work
from apps.privacy.paths import proposal
from tests.sample.models import Deal, Person, Tag

pytestmark = pytest.mark.django_db


def verified() -> tuple[dict[str, Any], int]:
    """What the command says in JSON, and the code with which it ends."""
    out = StringIO()
    try:
        call_command("privacy", "verify-paths", "--json", stdout=out)
    except CommandError as error:
        return json.loads(out.getvalue()), error.returncode
    return json.loads(out.getvalue()), 0


def paths_of(label: str) -> dict[str, Any]:
    return next(paths for paths in verified()[0]["models"] if paths["model"] == label)


def test_every_row_leads_to_one_person(unit: Unit) -> None:
    person = Person.objects.create(unit=unit, number="P-1", name="Anna")
    Deal.objects.create(unit=unit, number="D-1", buyer=person, agent=person)

    assert verified()[1] == 0
    assert paths_of("sample.deal") == {
        "model": "sample.deal", "rows": 1, "one": 1, "several": 0, "orphans": 0, "keys": [], "unlinked": ""
    }  # fmt: skip


def test_a_row_that_leads_to_nobody_is_named_by_its_key_and_the_command_fails() -> None:
    user = User.objects.create_user("anna@example.org")
    Work.objects.create(kind="job", name="sample", due_at=timezone.now(), max_attempts=1, requested_by=user.pk)
    lost = Work.objects.create(kind="job", name="sample", due_at=timezone.now(), max_attempts=1, requested_by=uuid7())

    found, code = verified()

    [work] = [paths for paths in found["models"] if paths["model"] == "events.work"]
    assert (work["rows"], work["one"], work["orphans"], work["keys"]) == (2, 1, 1, [str(lost.pk)])
    assert code == 1


def test_rows_that_may_lead_to_nobody_are_counted_and_bear_their_reason() -> None:
    User.objects.create_user("anna@example.org")
    AccessLog.objects.create(username="Anna@Example.org", ip_address="192.0.2.1")
    AccessLog.objects.create(username="nobody@example.org", ip_address="192.0.2.1")

    found, code = verified()

    [log] = [paths for paths in found["models"] if paths["model"] == "axes.accesslog"]
    assert (log["rows"], log["one"], log["orphans"], code) == (2, 1, 1, 0)
    assert log["unlinked"] == "Somebody tried an address that no account has."
    assert "nobody@example.org" not in json.dumps(found)


def test_a_column_and_a_table_that_no_model_knows_are_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute('ALTER TABLE sample_tag ADD COLUMN "left_over" text; CREATE TABLE forgotten (id int)')

    found, code = verified()

    assert found["unknown_in_database"] == ["forgotten", "sample_tag.left_over"]
    assert code == 1


def test_edges_are_proposed_by_the_form_of_a_relation() -> None:
    with isolate_apps("tests.sample"):

        class Thing(models.Model):  # noqa: DJ008
            who = models.ForeignKey(Person, models.CASCADE, related_name="+")
            deal = models.ForeignKey(Deal, models.CASCADE, related_name="+")
            tag = models.ForeignKey(Tag, models.CASCADE, related_name="+")
            account = models.OneToOneField(User, models.CASCADE, related_name="+")

            class Meta:
                app_label = "sample"

        said = [proposal(Thing._meta.get_field(name)) for name in ("who", "deal", "tag", "account")]

    assert said == ['Owner("who") or Actor("who")', "Part()", "Ref()", "Same()"]


def test_every_relation_of_ours_has_an_edge() -> None:
    out = StringIO()

    call_command("privacy", "infer", "--json", stdout=out)

    assert json.loads(out.getvalue()) == []
