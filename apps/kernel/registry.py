"""What each app says about itself once, in its `domain.py`, and what lower floors ask of upper ones."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.utils.functional import Promise

from apps.kernel.errors import BusinessError

if TYPE_CHECKING:
    from celery.schedules import crontab


@dataclass(frozen=True, kw_only=True)
class Role:
    """A named set of permissions. A codename without a dot belongs to the app that declares the role."""

    slug: str
    title: str | Promise
    permissions: tuple[str, ...]
    platform: bool = False
    """A platform role is held over the whole organisation and demands a second factor."""


@dataclass(frozen=True, kw_only=True)
class Domain:
    """One app's manifest."""

    label: str
    api: str | None = None
    """Dotted path of the URL module mounted under `/api/v1/`."""
    web: str | None = None
    """Dotted path of the URL module mounted at the site's root."""
    events: tuple[type, ...] = ()
    roles: tuple[Role, ...] = ()
    schedule: Mapping[str, "crontab | timedelta"] = field(default_factory=dict)
    """Name of a registered job → its Celery `crontab`, in UTC, or how long it is from one time to the next."""
    demo: str | None = None
    """Dotted path of `load(unit, faker, size)`, which writes believable rows; units and lower floors come first."""


class Domains:
    """Every manifest, in the order of `INSTALLED_APPS`."""

    def __init__(self) -> None:
        self._domains: dict[str, Domain] = {}

    def register(self, domain: Domain) -> None:
        self._domains[domain.label] = domain

    def __iter__(self) -> Iterator[Domain]:
        return iter(self._domains.values())

    def __getitem__(self, label: str) -> Domain:
        return self._domains[label]

    def roles(self) -> Iterator[tuple[str, Role]]:
        """Each shipped role with the label of the app that declares it."""
        for domain in self:
            for role in domain.roles:
                yield domain.label, role


domains = Domains()


class Objections:
    """A question that a lower floor asks and upper floors answer, as in `Objections("customers.close")`.

    An answer is a callable that takes the row and returns the refusal, or `None` when it does not mind.
    """

    _known: dict[str, Self] = {}
    _answers: list[Callable[..., BusinessError | None]]

    def __new__(cls, question: str) -> Self:
        if question not in cls._known:
            objections = super().__new__(cls)
            objections._answers = []
            cls._known[question] = objections
        return cls._known[question]

    def register(self, answer: Callable[..., BusinessError | None]) -> Callable[..., BusinessError | None]:
        if answer not in self._answers:
            self._answers.append(answer)
        return answer

    def to(self, row: object) -> list[BusinessError]:
        """Every refusal that stands against acting on this row."""
        return [refusal for answer in self._answers if (refusal := answer(row)) is not None]

    def check(self, row: object) -> None:
        """Raise the first refusal, if there is one."""
        for refusal in self.to(row):
            raise refusal
