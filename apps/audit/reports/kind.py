"""What a kind of report is, and a report: a kind with its answers and a period."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.audit.querysets import AuditEventQuerySet
from apps.audit.reports.parameters import Parameter
from apps.audit.reports.past import Span
from apps.kernel.errors import BusinessError

Said = Mapping[str, str]


class WrongParameters(BusinessError):
    """This report cannot be made like this."""

    code = "wrong_parameters"

    def __init__(self, **said: str) -> None:
        """`said` maps each parameter to the sentence that stands against it."""
        super().__init__(" ".join(f"{name}: {sentence}" for name, sentence in said.items()))
        self.said = said


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of a report that says more than its entries do."""

    caption: str | Promise
    basis: str | Promise
    """What they are worked out from, and that they prove nothing."""
    names: tuple[str, ...]
    headings: tuple[str | Promise, ...]
    rows: Callable[[Said, Span], Iterable[tuple[Any, ...]]]


@dataclass(frozen=True, kw_only=True)
class Kind:
    slug: str
    title: str | Promise
    answers: str | Promise
    """One sentence: which question it answers."""
    entries: Callable[[Said, Span], AuditEventQuerySet]
    parameters: tuple[Parameter, ...] = ()
    table: Table | None = None

    def parameter(self, name: str) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Report:
    kind: Kind
    said: Said
    """The answers as keys and words that name nobody."""
    since: datetime | None
    until: datetime | None

    @property
    def period(self) -> Span:
        return Span(self.since, self.until)

    @cached_property
    def entries(self) -> AuditEventQuerySet:
        return self.kind.entries(self.said, self.period).between(self.since, self.until)

    @property
    def filters(self) -> dict[str, str]:
        """For the entry that says somebody made it."""
        moments = {"since": self.since, "until": self.until}
        return {**self.said, **{name: moment.isoformat() for name, moment in moments.items() if moment}}

    @property
    def scope(self) -> tuple[tuple[str, str], ...]:
        """The answers as people know them."""
        asked = ((parameter, self.said.get(parameter.name)) for parameter in self.kind.parameters)
        return tuple((str(parameter.title), parameter.type.show(said)) for parameter, said in asked if said)


def ask(
    kind: Kind, words: Mapping[str, str], *, since: datetime | None = None, until: datetime | None = None
) -> Report:
    """Take the wish in, or refuse it with a sentence for each parameter."""
    said: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name, word in words.items():
        parameter = kind.parameter(name)
        if parameter is None:
            known = ", ".join(each.name for each in kind.parameters) or _("none")
            wrong[name] = _("This report does not ask for it. It takes: %s.") % known
            continue
        try:
            said[name] = parameter.type.read(word.strip())
        except ValueError as error:
            wrong[name] = str(error)
    for parameter in kind.parameters:
        if parameter.required and not words.get(parameter.name):
            wrong[parameter.name] = _("This report needs it.")
    if since and until and since >= until:
        wrong["until"] = _("The period ends before it begins.")
    if wrong:
        raise WrongParameters(**wrong)
    return Report(kind=kind, said=said, since=since, until=until)
