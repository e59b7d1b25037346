"""What a domain says, in its `imports.py`, about rows that an import writes past its services.

`announces` names the events that a single write would publish. `settles` names a function that brings whole aggregates
into order once all their rows are there (totals, for instance): it gets the keys of the roots, works set by set and
may refuse with a `BusinessError`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.events.bus import Event

Announce = Callable[[Any], Event]
Settle = Callable[[Sequence[UUID]], None]


@dataclass(frozen=True)
class Announcements:
    created: Announce | None = None
    changed: Announce | None = None


_announcements: dict[str, Announcements] = {}
_settlers: dict[str, Settle] = {}


def announces(model: str, *, created: Announce | None = None, changed: Announce | None = None) -> None:
    """`model` is a label such as `customers.customer`; each function takes the written row."""
    _announcements[model.lower()] = Announcements(created, changed)


def settles(model: str, settle: Settle) -> None:
    """Called with the keys of every root that an import wrote, or of which it wrote or removed a child."""
    _settlers[model.lower()] = settle


def announcements(model: str) -> Announcements:
    return _announcements.get(model, Announcements())


def settlers() -> dict[str, Settle]:
    return dict(_settlers)
