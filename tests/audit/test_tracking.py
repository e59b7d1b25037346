"""What a migration does to a table's triggers, forwards and back."""

import pytest
from django.apps.registry import Apps
from django.db import connection, models
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import OperationWriter

from apps.audit.models import AuditEvent
from apps.audit.operations import TrackTable
from apps.audit.tracking import tracking_of
from apps.kernel.classification import Classification, NotPersonal, Personal, Secret, Technical

pytestmark = pytest.mark.django_db
WORDS = {"table": "shelf", "key": "id"}


@pytest.fixture
def shelf() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shelf (id int PRIMARY KEY, label text, colour text)")


@pytest.fixture
def tracked(shelf: None) -> TrackTable:
    operation = TrackTable("sample.Person", clear="id label colour", **WORDS)
    run(operation, "database_forwards")
    return operation


def run(operation: TrackTable, direction: str) -> None:
    with connection.schema_editor(atomic=False) as editor:
        getattr(operation, direction)("sample", editor, ProjectState(), ProjectState())


def as_owner(*statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        for statement in statements:
            cursor.execute(statement)


def changes() -> list[dict]:
    return list(AuditEvent.objects.order_by("id").values_list("changes", flat=True))


def test_a_dropped_column_leaves_the_trail_with_the_next_tracking(tracked):
    as_owner("INSERT INTO shelf VALUES (1, 'a', 'red')", "ALTER TABLE shelf DROP COLUMN colour")
    run(TrackTable("sample.Person", clear="id label", replaces=tracked, **WORDS), "database_forwards")

    as_owner("UPDATE shelf SET label = 'b'")

    assert changes()[-2:] == [{"id": [None, 1], "label": [None, "a"], "colour": [None, "red"]}, {"label": ["a", "b"]}]


def test_a_reversal_restores_the_earlier_tracking(tracked):
    as_owner("SET ROLE NONE")
    later = TrackTable("sample.Person", clear="id", secret="label colour", replaces=tracked, **WORDS)
    run(later, "database_forwards")
    as_owner("INSERT INTO shelf VALUES (1, 'a', 'red')")
    run(later, "database_backwards")
    as_owner("INSERT INTO shelf VALUES (2, 'b', 'blue')")
    run(tracked, "database_backwards")
    as_owner("INSERT INTO shelf VALUES (3, 'c', 'green')")

    assert changes()[-2:] == [
        {"id": [None, 1], "label": [None, None], "colour": [None, None]},
        {"id": [None, 2], "label": [None, "b"], "colour": [None, "blue"]},
    ]


def test_more_columns_than_a_function_takes_arguments(shelf):
    names = [f"c{number}" for number in range(200)]
    as_owner(
        "DROP TABLE shelf", f"CREATE TABLE shelf (id int PRIMARY KEY, {', '.join(f'{name} int' for name in names)})"
    )
    run(TrackTable("sample.Person", clear=" ".join(["id", *names]), **WORDS), "database_forwards")

    as_owner("INSERT INTO shelf (id, c0, c199) VALUES (1, 2, 3)")

    assert changes()[-1] == {"id": [None, 1], "c0": [None, 2], "c199": [None, 3]}


def test_the_split_follows_the_classification():
    class Box(models.Model):
        name = models.CharField(max_length=5)
        code = models.CharField(max_length=5)
        pin = models.CharField(max_length=5)
        new = models.CharField(max_length=5)
        classification = Classification(
            fields={"id": Technical(), "name": Personal("pd:Name"), "code": NotPersonal("a code"), "pin": Secret()}
        )

        class Meta:
            app_label = "sample"
            apps = Apps()

        def __str__(self) -> str:
            return self.code

    tracking = tracking_of(Box)

    assert (tracking.clear, tracking.personal, tracking.secret) == ("id code", "name", "pin new")


def test_an_operation_is_written_as_it_reads(tracked):
    written, _imports = OperationWriter(TrackTable("sample.Person", clear="id", replaces=tracked, **WORDS)).serialize()

    assert "replaces=apps.audit.operations.TrackTable(" in written
