"""What a receiver has not got yet, in parts of a size that it can take."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from apps.audit.models import AuditCheckpoint, AuditLeaf
from apps.audit.receivers.configuration import CHECKPOINTS, Target
from apps.audit.receivers.forms import forms

MOST_LINES = 1_000
MOST_BYTES = 1 << 19


@dataclass(frozen=True)
class Item:
    """A checkpoint (its key, how long the log is, the note) or an entry (its sequence twice, the line of its form)."""

    key: int
    size: int
    at: datetime
    text: bytes


@dataclass(frozen=True)
class Batch:
    """What goes at once; `position` is where the receiver stands when it has taken it."""

    what: str
    items: tuple[Item, ...]
    position: int


def next_batch(target: Target, position: int, *, failures: int = 0) -> Batch | None:
    """What follows this position. After each failure it is half as much, down to one: less is taken more easily."""
    if target.what == CHECKPOINTS:
        return _checkpoint(target, position)
    return _entries(target, position, max(1, MOST_LINES >> min(failures, 10)))


def _checkpoint(target: Target, position: int) -> Batch | None:
    order = "-id" if target.every else "id"
    found = AuditCheckpoint.objects.filter(id__gt=position).order_by(order).first()
    if found is None:
        return None
    return Batch(target.what, (Item(found.pk, found.size, found.signed_at, found.note.encode()),), found.pk)


def _entries(target: Target, position: int, limit: int) -> Batch | None:
    """Without those whose line was pruned: an entry of the log says which they are."""
    rows = AuditLeaf.objects.filter(sequence__gte=position).exclude(line=b"").order_by("sequence")
    form = forms[target.form]
    items: list[Item] = []
    size = 0
    for sequence, stored in rows.values_list("sequence", "line")[:limit]:
        line = bytes(stored)
        text = form(line)
        size += len(text)
        if items and size > MOST_BYTES:
            break
        items.append(Item(sequence, sequence, datetime.fromisoformat(orjson.loads(line)["t"]), text))
    return Batch(target.what, tuple(items), items[-1].key + 1) if items else None


def first_position(target: Target) -> int:
    """A new receiver of checkpoints begins with the newest, which contains the others; one of entries at the start."""
    if target.what != CHECKPOINTS:
        return 0
    return AuditCheckpoint.objects.order_by("-id").values_list("id", flat=True)[1:2].first() or 0
