"""Every entry as a sentence: who did what to which record, what it was before and after, and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from string import Formatter
from typing import NamedTuple

import orjson
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.audit import timeline
from apps.audit.leaves import ADDRESS, REASON
from apps.audit.models import AuditEvent, AuditLeaf
from apps.audit.querysets import AuditEventQuerySet
from apps.kernel.trail import Action

BLOCK = 1_000
KINDS = {"who": "who", "field": "field", "old": "value", "new": "value"}


class Piece(NamedTuple):
    """A part of a sentence: `who`, `field`, `value`, or the plain words between them."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Said:
    """`position` is the entry's place in the sealed log, if it has one yet."""

    at: datetime
    position: int | None
    pieces: list[Piece]
    source: str
    request: str
    details: list[str]

    @property
    def place(self) -> list[str]:
        """Where it stands in the log and through which door it came."""
        position = _("not sealed yet") if self.position is None else _("position %s") % self.position
        return [position, self.source, *([_("request %s") % self.request] if self.request else [])]


class Sealed(NamedTuple):
    position: int
    fields: frozenset[str]
    """Those whose values stand in the leaf as digests."""


def sentences(entries: AuditEventQuerySet, most: int) -> Iterator[Said]:
    """The first entries in the order of time, read by blocks with the same few queries each."""
    rows = entries.order_by("timestamp", "id").prefetch_related("actor").iterator(BLOCK)
    remaining = islice(rows, most)
    while block := list(islice(remaining, BLOCK)):
        yield from _told(block)


def _told(events: Sequence[AuditEvent]) -> Iterator[Said]:
    sealed = _sealed(events)
    for sentence in timeline.narrate(events, reader=None):
        event = sentence.told.event
        found = sealed.get(event.pk)
        gone = _gone(sentence, found)
        reason = event.reason or gone.pop(REASON, "")
        yield Said(
            at=event.timestamp,
            position=found.position if found else None,
            pieces=[*_sentence(sentence), *_fields(sentence, gone), *_reason(reason)],
            source=event.source,
            request=event.cid,
            details=_details(event),
        )


def _sentence(sentence: timeline.Sentence) -> Iterator[Piece]:
    for plain, name, _spec, _conversion in Formatter().parse(sentence.form):
        yield Piece(plain)
        if name:
            yield Piece(sentence.words[name], KINDS.get(name, ""))


def _fields(sentence: timeline.Sentence, gone: dict[str, str]) -> Iterator[Piece]:
    """What the sentence leaves unsaid: the fields when there are several, and what is no longer there."""
    event = sentence.told.event
    differences = sentence.told.differences if sentence.lists_fields else []
    parts = [_change(event, said) for said in differences]
    parts += [
        [Piece(timeline.title_of(event, name), "field"), Piece(f" ({said})")]
        for name, said in gone.items()
        if name != ADDRESS
    ]
    is_begun = bool(sentence.told.differences) and not sentence.lists_fields
    for number, part in enumerate(parts):
        yield Piece("; " if number or is_begun else ": ")
        yield from part


def _change(event: AuditEvent, said: timeline.Difference) -> list[Piece]:
    field = Piece(said.field, "field")
    if said.is_secret:
        return [field, Piece(f" ({said.new})")]
    if event.action == Action.CREATE:
        return [field, Piece(" "), Piece(said.new, "value")]
    if event.action == Action.DELETE:
        return [field, Piece(" "), Piece(said.old, "value")]
    return [field, Piece(_(" from ")), Piece(said.old, "value"), Piece(_(" to ")), Piece(said.new, "value")]


def _reason(said: str) -> Iterator[Piece]:
    if said:
        yield Piece(_(" — reason: "))
        yield Piece(said, "value")


def _sealed(events: Iterable[AuditEvent]) -> dict[int, Sealed]:
    leaves = AuditLeaf.objects.filter(event__in=[event.pk for event in events]).exclude(line=b"")
    return {
        event: Sealed(position, frozenset(orjson.loads(bytes(line))["d"]))
        for event, position, line in leaves.values_list("event", "sequence", "line")
    }


def _gone(sentence: timeline.Sentence, sealed: Sealed | None) -> dict[str, str]:
    """The values that were sealed and are no longer there: erased, if a redaction says so."""
    event = sentence.told.event
    if sealed is None:
        return {}
    known = {*event.personal, REASON if event.reason else "", ADDRESS if event.remote_addr else ""}
    moments = {name: sentence.erased.get(timeline.title_of(event, name)) for name in sorted(sealed.fields - known)}
    return {name: _("erased on %s") % date_format(at) if at else _("withheld") for name, at in moments.items()}


def _details(event: AuditEvent) -> list[str]:
    said = {name: value for name, value in event.additional_data.items() if name not in {"erased", "gone"}}
    shown = ", ".join(f"{name}: {_plain(value)}" for name, value in said.items())
    return [timeline.shortened(shown)] if shown else []


def _plain(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
