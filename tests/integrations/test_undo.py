from collections.abc import Callable
from pathlib import Path

import pytest

from apps.audit.models import AuditEvent
from apps.integrations.imports.report import Report
from apps.integrations.imports.undo import CannotUndo, NotImported, undo_import
from apps.integrations.models import ImportBatch, ImportedRow
from tests.integrations.conftest import LINES
from tests.sample.models import Deal, Line, Person, Tag

pytestmark = pytest.mark.django_db
Load = Callable[..., Report]
Export = Callable[..., Path]


def batch_of(report: Report) -> ImportBatch:
    return ImportBatch.objects.get(pk=report.batch)


def test_undo_takes_everything_back(export: Export, load: Load) -> None:
    report = load(export())

    counts = undo_import(batch_of(report))

    assert counts["sample.line"] == {"removed": 3, "restored": 0}
    assert not any(model.objects.exists() for model in (Person, Deal, Line, Tag, Deal.tags.through, ImportedRow))
    assert batch_of(report).state == ImportBatch.State.UNDONE


def test_undo_restores_what_was_changed(export: Export, load: Load) -> None:
    load(export())
    report = load(export(lines=LINES.replace("chair,4", "chair,9")))

    counts = undo_import(batch_of(report))

    assert counts == {"sample.line": {"removed": 0, "restored": 1}}
    assert Line.objects.get(what="chair").quantity == 4


def test_undo_refuses_when_a_row_was_changed_since(export: Export, load: Load) -> None:
    report = load(export())
    Line.objects.filter(what="lamp").update(quantity=8)
    lamp = Line.objects.get(what="lamp")

    with pytest.raises(CannotUndo) as refusal:
        undo_import(batch_of(report))

    assert refusal.value.rows == [f"sample.line {lamp.pk} was changed since."]
    assert (Line.objects.count(), batch_of(report).state) == (3, ImportBatch.State.DONE)


def test_undo_refuses_when_later_rows_need_these(export: Export, load: Load) -> None:
    report = load(export())
    deal = Deal.objects.get(number="D-2")
    later = Line.objects.create(unit=deal.unit, deal=deal, what="later")

    with pytest.raises(CannotUndo) as refusal:
        undo_import(batch_of(report))

    assert refusal.value.rows == [f"sample.deal {deal.pk} is used by sample.line {later.pk}."]
    assert Deal.objects.count() == 2


def test_an_import_is_undone_once(export: Export, load: Load) -> None:
    report = load(export())
    undo_import(batch_of(report))

    with pytest.raises(NotImported):
        undo_import(batch_of(report))


def test_the_trail_tells_the_import_and_its_undoing(export: Export, load: Load) -> None:
    report = load(export())
    undo_import(batch_of(report))

    told = AuditEvent.objects.filter(batch=report.batch, content_type__model="line").order_by("id")

    assert [(event.action, event.reason) for event in told] == [(0, "Import sample")] * 3 + [
        (2, "Undo of import sample")
    ] * 3
