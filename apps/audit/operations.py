"""Operations of migrations: lay the trail's table, and put a table under its triggers."""

from typing import Any

from django.db.backends.ddl_references import Table
from django.db.migrations.operations import AddIndex
from django.db.migrations.operations.base import Operation

from apps.audit import pruning, sql
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


class AllowPruning(Statements):
    """Months whose period is over may go, by one function that says so under the seal before it does."""

    forwards = (pruning.PRUNING,)
    backwards = (pruning.WITHOUT_PRUNING,)
    said = "Let sealed audit entries be pruned when their period is over"


class TakeStepsByPosition(Statements):
    """A month of many runs is taken up again as fast as it was announced: by its positions, not by their bounds."""

    forwards = (pruning.STEP,)
    backwards = ()
    said = "Take up a pruned month again without comparing every run with every leaf"


class MakeAllMonths(Statements):
    """The nightly job makes room for months that are over, too, if entries wait for theirs."""

    forwards = (pruning.ALL_MONTHS,)
    backwards = ()
    said = "Leave no month of the trail behind"


_PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(%s) ORDER BY 1"
_ATTACHED = "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(%s))"


class AddIndexByMonth(AddIndex):
    """An index of a partitioned table, built for one month after the other while everybody goes on writing.

    It stands in a migration that is not atomic. Interrupted, it takes up where it was.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        table, name = model._meta.db_table, self.index.name
        whole = str(self.index.create_sql(model, schema_editor))
        schema_editor.execute(
            whole.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS", 1).replace(" ON ", " ON ONLY ", 1), params=None
        )
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(_PARTITIONS, [table])
            partitions = [partition for (partition,) in cursor.fetchall()]
        for partition in partitions:
            own = f"{name}_{partition.removeprefix(f'{table}_')}"
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(_ATTACHED, [own])
                if cursor.fetchone()[0]:
                    continue
            part = self.index.create_sql(model, schema_editor, concurrently=True)
            part.parts["table"] = Table(partition, schema_editor.quote_name)
            part.parts["name"] = Table(own, schema_editor.quote_name)
            # What an interrupted attempt left is not valid.
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {own}", params=None)
            schema_editor.execute(str(part), params=None)
            schema_editor.execute(f"ALTER INDEX {name} ATTACH PARTITION {own}", params=None)


class BoundRefusals(Statements):
    """However often somebody is refused, he adds no more than a few entries a minute."""

    forwards = (sql.BOUNDED,)
    backwards = (sql.UNBOUNDED,)
    said = "Bound the entries of refusals"


class BoundSignIns(Statements):
    """However often signing in fails, it adds no more than a few entries a minute for each account."""

    forwards = (sql.BOUNDED_SIGN_INS,)
    backwards = (sql.UNBOUNDED, sql.BOUNDED)
    said = "Bound the entries of failed sign-ins"


class HoldBackRedaction(Statements):
    """What a legal hold keeps is not erased either."""

    forwards = (pruning.HELD,)
    backwards = (sql.redacting(),)
    said = "Let legal holds keep personal values of audit entries"


class TakeSaltsOut(Statements):
    """Reports tell personal values without their salts, by a function that several processes may run at once."""

    forwards = (sql.WITHOUT_SALTS,)
    backwards = (sql.WITH_SALTS,)
    said = "Take the salts out of personal values"


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
