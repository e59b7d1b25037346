"""Writes `TrackTable` wherever a tracked model, or what it says about its fields, has changed."""

from typing import Any

from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector, OperationDependency
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel

from apps.audit.operations import LayTrail, TrackTable
from apps.audit.tracking import is_ours, tracked_models, tracking_of


def written_trackings() -> dict[str, TrackTable]:
    """The last `TrackTable` of each table in the migrations on disk."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    nodes = [node for leaf in loader.graph.leaf_nodes() for node in loader.graph.forwards_plan(leaf)]
    return {
        operation.label: operation
        for node in dict.fromkeys(nodes)
        for operation in loader.get_migration(*node).operations
        if isinstance(operation, TrackTable)
    }


class TrackingAutodetector(MigrationAutodetector):
    """Tables of ours are tracked in their app's migrations, those of third parties in the migrations of audit."""

    def _sort_migrations(self) -> None:
        super()._sort_migrations()  # type: ignore[misc]
        self._lay_trail()
        self._track_tables()

    def _lay_trail(self) -> None:
        for operation in self.generated_operations.get("audit", []):  # type: ignore[attr-defined]
            if isinstance(operation, CreateModel) and operation.name == "AuditEvent":
                self.add_operation("audit", LayTrail())
                return

    def _track_tables(self) -> None:
        written = written_trackings()
        for model in tracked_models():
            meta = model._meta
            wanted, present = tracking_of(model), written.get(meta.label)
            if present is not None and present.tracking == wanted:
                continue
            self.add_operation(
                meta.app_label if is_ours(model) else "audit",
                TrackTable(meta.label, replaces=present, **wanted.words()),
                dependencies=[self._exists("audit.AuditEvent"), *map(self._exists, self._tables_of(model))],  # type: ignore[list-item]
            )

    @staticmethod
    def _tables_of(model: Any) -> list[str]:
        """The models whose migrations make this table: itself, or the two ends of an automatic through table."""
        if model._meta.auto_created:
            return [model._meta.auto_created._meta.label]
        return [model._meta.label]

    @staticmethod
    def _exists(label: str) -> OperationDependency:
        app_label, name = label.split(".")
        model = apps.get_model(label)
        return OperationDependency(app_label, model.__name__ if model else name, None, OperationDependency.Type.CREATE)
