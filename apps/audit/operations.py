"""Operations of migrations: lay the trail's table, and put a table under its triggers."""

from typing import Any

from django.db.migrations.operations.base import Operation

from apps.audit import sql
from apps.audit.tracking import Tracking, install, remove


class Statements(Operation):
    """Statements of `apps.audit.sql`. The models stay as they are."""

    reversible = True
    forwards: tuple[str, ...]
    backwards: tuple[str, ...]
    said: str

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models stay as they are."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statements in self.forwards:
            schema_editor.execute(statements, params=None)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for statements in self.backwards:
            schema_editor.execute(statements, params=None)

    def describe(self) -> str:
        return self.said


class LayTrail(Statements):
    """Turn the table that `CreateModel` made into one partitioned by month, with its guard and its functions."""

    forwards = (sql.PARTITION, sql.FUNCTIONS, sql.FIRST_PARTITIONS)
    backwards = (sql.REMOVE,)
    said = "Lay the audit trail"


class GuardSeal(Statements):
    """What was sealed is never changed or deleted."""

    forwards = (sql.GUARD_SEAL,)
    backwards = (sql.UNGUARD_SEAL,)
    said = "Guard the sealed log"


class AllowRedaction(Statements):
    """Personal values of an entry may go, by one function that says so in an entry of its own."""

    forwards = (sql.REDACTION,)
    backwards = (sql.WITHOUT_REDACTION,)
    said = "Let personal values of audit entries be erased"


class TrackTable(Operation):
    """Drop and recreate a table's triggers for the columns it has now.

    Our `makemigrations` writes it after every change of a tracked model or of its classification. `replaces` is the
    tracking that held before and holds again after a reversal.
    """

    reversible = True

    def __init__(
        self,
        label: str,
        *,
        table: str,
        key: str,
        clear: str,
        personal: str = "",
        secret: str = "",
        unit: str = "",
        subject: str = "",
        replaces: "TrackTable | None" = None,
    ) -> None:
        self.label = label
        self.replaces = replaces
        self.tracking = Tracking(
            label=label,
            table=table,
            key=key,
            clear=clear,
            personal=personal,
            secret=secret,
            unit=unit,
            subject=subject,
        )

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        words: dict[str, Any] = self.tracking.words()
        if self.replaces is not None:
            words["replaces"] = TrackTable(self.label, **self.replaces.tracking.words())  # type: ignore[arg-type]
        return self.__class__.__qualname__, [self.label], words

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models stay as they are."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._execute(schema_editor, install(self.tracking))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._execute(schema_editor, remove(self.tracking))
        if self.replaces is not None:
            self._execute(schema_editor, install(self.replaces.tracking))

    def describe(self) -> str:
        return f"Track {self.label} in the audit trail"

    @property
    def migration_name_fragment(self) -> str:
        return f"track_{self.label.split('.')[1].lower()}"

    @staticmethod
    def _execute(schema_editor: Any, statements: list[str]) -> None:
        for statement in statements:
            schema_editor.execute(statement, params=None)
