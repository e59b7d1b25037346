"""What stands on the start page: each app says in its `start.py` what its people need to see first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils.formats import number_format
from django.utils.functional import Promise

from apps.accounts.models import User
from apps.kernel import reads

Row = TypeVar("Row", bound=Model)

SHOWN = 6
"""How many lines a panel shows; the list behind it has the rest."""
MANY = 10_000
TALLEST = 60


class Place(IntEnum):
    """Where a panel stands: what waits for the reader comes first."""

    WORK = 1
    FIGURES = 2
    NEWS = 3


class Tone(StrEnum):
    LATE = "danger"
    SOON = "warning"
    FINE = "success"
    PLAIN = "info"


@dataclass(frozen=True, kw_only=True)
class Line:
    text: str | Promise
    link: str = ""
    note: str | Promise = ""
    label: str | Promise = ""
    """What is urgent about it, in words; `tone` only colours it."""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, kw_only=True)
class Bar:
    label: str
    value: int


@dataclass(frozen=True)
class Column:
    """A bar as it is drawn: so high, and that far below the upper edge."""

    bar: Bar
    height: float
    top: float


@dataclass(frozen=True, kw_only=True)
class Content:
    lines: Sequence[Line] = ()
    count: str = ""
    link: str = ""
    """The list that holds everything of which the panel shows the beginning."""
    bars: Sequence[Bar] = ()

    @property
    def is_empty(self) -> bool:
        return not self.lines and not self.highest

    @property
    def highest(self) -> int:
        return max((bar.value for bar in self.bars), default=0)

    @property
    def columns(self) -> list[Column]:
        heights = [round(TALLEST * bar.value / (self.highest or 1), 1) for bar in self.bars]
        return [Column(bar, height, TALLEST - height) for bar, height in zip(self.bars, heights, strict=True)]


@dataclass(frozen=True, kw_only=True)
class Panel:
    name: str
    title: str | Promise
    icon: str
    place: Place
    content: Callable[[User], Content]
    empty: str | Promise
    """What it means that nothing is there, and what to do then."""
    permission: str | None
    later: bool
    """Asked for by the page when it stands: the panel counts over many rows."""

    def is_for(self, user: User) -> bool:
        return self.permission is None or user.has_perm(self.permission)


_panels: dict[str, Panel] = {}


def panel(
    name: str,
    *,
    title: str | Promise,
    icon: str,
    empty: str | Promise,
    permission: str | None,
    place: Place = Place.WORK,
    later: bool = False,
) -> Callable[[Callable[[User], Content]], Callable[[User], Content]]:
    """Put a panel on the start page of whoever holds the permission; `None` is everybody."""

    def register(content: Callable[[User], Content]) -> Callable[[User], Content]:
        _panels[name] = Panel(
            name=name,
            title=title,
            icon=icon,
            place=place,
            content=content,
            empty=empty,
            permission=permission,
            later=later,
        )
        return content

    return register


def panels_for(user: User) -> list[Panel]:
    mine = [panel for panel in _panels.values() if panel.is_for(user)]
    return sorted(mine, key=lambda panel: (panel.place, panel.later))


def panel_for(user: User, name: str) -> Panel | None:
    panel = _panels.get(name)
    return panel if panel is not None and panel.is_for(user) else None


def beginning(rows: QuerySet[Row], line: Callable[[Row], Line], *, link: str) -> Content:
    """The first of these ordered rows, and how many there are without counting past ten thousand."""
    first = list(rows[: SHOWN + 1])
    reads.show(rows.model, [row.pk for row in first[:SHOWN]], door="start")
    count = len(first) if len(first) <= SHOWN else rows.order_by()[: MANY + 1].count()
    told = number_format(min(count, MANY), force_grouping=True)
    return Content(lines=[line(row) for row in first[:SHOWN]], count=f"{told}+" if count > MANY else told, link=link)
