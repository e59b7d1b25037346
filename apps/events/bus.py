"""What happened is told here, in the transaction in which it happened, and heard after its commit."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, ClassVar, Self, TypeVar, get_type_hints
from uuid import UUID

from django.conf import settings
from django.db import connection

from apps.events.bell import ring
from apps.events.models import PublishedEvent, Work
from apps.kernel.registry import domains
from apps.kernel.trail import current

BATCH = 2_000


class OutsideTransaction(RuntimeError):
    """Work is asked for inside the transaction whose effect it follows: open `transaction.atomic()` around both."""


class UnknownSubscriber(LookupError):
    """No function of this name hears events any more."""


class UnknownEvent(LookupError):
    """No manifest lists an event of this name any more."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that has happened. Its fields are keys, states, numbers and days, never a personal value."""

    name: ClassVar[str] = ""

    @property
    def aggregate(self) -> str:
        """What it happened to, by default the first field: a subscriber hears one thing's events in their order."""
        first = fields(self)[:1]
        return str(getattr(self, first[0].name)) if first else ""

    def payload(self) -> dict[str, Any]:
        return {key: value.isoformat() if isinstance(value, date) else value for key, value in asdict(self).items()}

    @classmethod
    def restored(cls, payload: dict[str, Any]) -> Self:
        """The event as it was published. A field that has gone since is left out."""
        days = {key for key, hint in field_types(cls).items() if date in hint}
        known = {field.name for field in fields(cls)}
        return cls(
            **{
                key: date.fromisoformat(value) if key in days and value else value
                for key, value in payload.items()
                if key in known
            }
        )


def field_types(event: type[Event]) -> dict[str, tuple[Any, ...]]:
    """Field → its type, or the alternatives of its type."""
    hints = get_type_hints(event)
    return {field.name: getattr(hints[field.name], "__args__", (hints[field.name],)) for field in fields(event)}


def declared_events() -> Iterator[type[Event]]:
    """Every event that a manifest lists."""
    for domain in domains:
        yield from domain.events


def event_class(name: str) -> type[Event]:
    for event in declared_events():
        if event.name == name:
            return event
    raise UnknownEvent(name)


Subscriber = Callable[[Any], None]
Told = TypeVar("Told", bound=Event)

_subscribers: dict[str, Subscriber] = {}
_listening: dict[type[Event], list[str]] = {}


def on(event: type[Told]) -> Callable[[Callable[[Told], None]], Callable[[Told], None]]:
    """Let a function of `subscribers.py` hear an event; `on(Event)` hears all of them."""

    def listen(subscriber: Callable[[Told], None]) -> Callable[[Told], None]:
        name = f"{subscriber.__module__}.{subscriber.__qualname__}".removeprefix("apps.")
        _subscribers[name] = subscriber
        heard = _listening.setdefault(event, [])
        if name not in heard:
            heard.append(name)
        return subscriber

    return listen


def subscriber(name: str) -> Subscriber:
    try:
        return _subscribers[name]
    except KeyError as error:
        raise UnknownSubscriber(name) from error


def subscribers_of(event: type[Event]) -> list[str]:
    """Names of those who hear this event, by itself or as one of all."""
    return [name for kind in inspect.getmro(event) for name in _listening.get(kind, [])]


def require_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransaction(inspect.cleandoc(OutsideTransaction.__doc__ or ""))


def publish(event: Event, *, unit: UUID | None = None) -> None:
    """Tell it: heard by every subscriber once this transaction is committed, by nobody when it is rolled back."""
    publish_all([event], unit=unit)


def publish_all(events: Sequence[Event], *, unit: UUID | None = None) -> None:
    """Tell many in a few statements, in this order."""
    require_transaction()
    context = current()
    carried = context.payload() if context else {}
    told = [
        PublishedEvent(name=event.name, aggregate=event.aggregate, payload=event.payload(), unit=unit)
        for event in events
    ]
    PublishedEvent.objects.bulk_create(told, batch_size=BATCH)
    Work.objects.bulk_create(
        [
            Work(
                kind=Work.Kind.DELIVERY,
                name=name,
                event=row,
                aggregate=row.aggregate,
                max_attempts=settings.WORK_ATTEMPTS,
                context=carried,
                requested_by=carried.get("actor"),
                unit=unit,
            )
            for event, row in zip(events, told, strict=True)
            for name in subscribers_of(type(event))
        ],
        batch_size=BATCH,
    )
    ring()
