"""What stands before the entries of a report: whose it is, what it covers, what proves it, and how much there is."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, Q
from django.db.models.functions import TruncDay
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.audit.coverage import Covered, coverage
from apps.audit.keys import KeyUnusable, published
from apps.audit.models import ACTIONS, AuditCheckpoint, AuditEvent
from apps.audit.notes import Checkpoint
from apps.audit.querysets import AuditEventQuerySet

RENDERING = gettext_lazy(
    "These pages tell what the trail holds in the words of today: names are looked up when they are made. They are a"
    " rendering and prove nothing by themselves. The evidence is the sealed entries, entries.jsonl and"
    " disclosures.jsonl of a bundle, which anybody checks with Python and nothing else. Compare the verifier key with"
    " one that you have from a place that you trust; only a checkpoint that you kept shows that the log before it is"
    " the same."
)
UNSEALED = gettext_lazy("Nothing of this trail is sealed, so nothing in this report can be proved.")
NOTHING = gettext_lazy(
    "Nothing happened in this period and scope that the trail recorded. Widen the period or take a filter away."
)
ORDER = gettext_lazy(
    "In the order of time, from the first to the last. The position is that of the entry in the sealed log."
)
ON_PAPER = 10_000
"""So many entries are nearly six hundred pages: eight seconds of a processor and 20 MiB."""
ACTORS = 50
"""So many of the most active are named, the others are counted together."""
DAYS = 100
"""A longer time is counted by month."""


@dataclass(frozen=True, kw_only=True)
class Aside:
    """A table that stands before the entries and is not one of the log."""

    caption: str
    basis: str
    headings: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, kw_only=True)
class About:
    """What was asked for. `scope` is pairs of a word and its value, as they were asked."""

    title: str
    since: datetime | None
    until: datetime | None
    scope: tuple[tuple[str, str], ...]
    asked_by: str
    made_at: datetime
    aside: Aside | None = None

    @property
    def period(self) -> str:
        if self.since is None and self.until is None:
            return _("from the first entry to the last")
        first = _("from %s") % moment(self.since) if self.since else _("from the first entry")
        return f"{first} {_('until before %s') % moment(self.until) if self.until else _('to the last')}"


@dataclass(frozen=True)
class Counted:
    name: str
    number: int


class Counts(NamedTuple):
    """A table of numbers."""

    caption: str
    heading: str
    rows: list[Counted]


@dataclass(frozen=True)
class Seal:
    """A checkpoint, and what came after it: written, and not sealed yet."""

    checkpoint: Checkpoint
    verifier: str
    unsealed: int
    oldest: datetime | None

    @property
    def root(self) -> str:
        return base64.b64encode(self.checkpoint.root).decode()


@dataclass(frozen=True)
class Content:
    about: About
    entries: int
    seal: Seal | None
    tables: list[Covered]
    by_model: list[Counted]
    by_action: list[Counted]
    by_actor: list[Counted]
    by_time: list[Counted]
    is_by_month: bool

    @property
    def head(self) -> list[tuple[str, str]]:
        about = self.about
        return [
            (_("Period"), about.period),
            (_("Entries"), intcomma(self.entries)),
            *(about.scope or ((_("Scope"), _("no filter beyond the title and the period")),)),
            (_("Asked for by"), about.asked_by),
            (_("Made"), moment(about.made_at)),
        ]

    @property
    def proof(self) -> list[tuple[str, str]]:
        if self.seal is None:
            return []
        said, verifier = self.seal.checkpoint, self.seal.verifier
        nobody = _("No key that is known here signed this checkpoint. Ask the operators which key did.")
        size = _("%(origin)s, %(size)s sealed entries") % {"origin": said.origin, "size": intcomma(said.size)}
        return [
            (_("Checkpoint"), size),
            (_("Root"), self.seal.root),
            (_("Signed"), moment(said.signed_at)),
            (_("Verifier key"), verifier or nobody),
            (_("How to verify"), f"python3 verify.py BUNDLE --vkey {verifier or 'KEY'} --prev CHECKPOINT"),
            (_("Not sealed yet"), self._tail(self.seal)),
        ]

    def _tail(self, seal: Seal) -> str:
        """The honest exposure."""
        if seal.oldest is None:
            return _("Nothing: the checkpoint is over every entry of the trail.")
        return _(
            "Entries of the whole trail: %(number)s, the oldest written at %(at)s, %(age)s before this report. Until"
            " they are sealed an owner of the database could change them without a trace."
        ) % {
            "number": intcomma(seal.unsealed),
            "at": moment(seal.oldest),
            "age": timesince(seal.oldest, self.about.made_at),
        }

    @property
    def counts(self) -> list[Counts]:
        return [
            Counts(_("By month") if self.is_by_month else _("By day"), _("When"), self.by_time),
            Counts(_("By kind of record"), _("Kind"), self.by_model),
            Counts(_("By action"), _("Action"), self.by_action),
            Counts(_("By actor"), _("Actor"), self.by_actor),
        ]

    @property
    def highest(self) -> int:
        return max((each.number for each in self.by_time), default=0)

    @property
    def covered(self) -> str:
        tracked = sum(not (table.exempt or table.fault) for table in self.tables)
        exempt = sum(bool(table.exempt) for table in self.tables)
        return _(
            "%(tracked)d tables are tracked by triggers that were compared with their models when this report was made,"
            " and %(exempt)d are exempt, each for a reason."
        ) % {"tracked": tracked, "exempt": exempt}

    @property
    def faults(self) -> str:
        number = sum(bool(table.fault) for table in self.tables)
        return _("Tables that are not tracked as they should be: %d.") % number if number else ""


def state_of(table: Covered) -> str:
    if table.fault:
        return table.fault
    return _("exempt: %s") % table.exempt if table.exempt else _("tracked")


def cell(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)
    return intcomma(value) if isinstance(value, int) else str(value or "–")


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def gather(entries: AuditEventQuerySet, about: About, checkpoint: AuditCheckpoint | None) -> Content:
    days = _days(entries)
    is_by_month = bool(days) and (days[-1][0] - days[0][0]).days >= DAYS
    return Content(
        about=about,
        entries=sum(number for _day, number in days),
        seal=_seal(checkpoint),
        tables=coverage(),
        by_model=_by_model(entries),
        by_action=_by_action(entries),
        by_actor=_by_actor(entries),
        by_time=_by_month(days) if is_by_month else _by_day(days),
        is_by_month=is_by_month,
    )


def _seal(checkpoint: AuditCheckpoint | None) -> Seal | None:
    if checkpoint is None:
        return None
    try:
        verifiers = published()
    except KeyUnusable:
        verifiers = ()
    said, signer = Checkpoint.opened(checkpoint.note, *verifiers)
    after = Q(txid__gt=checkpoint.txid) | Q(txid=checkpoint.txid, pk__gt=checkpoint.event)
    waiting = AuditEvent.objects.filter(after)
    oldest = waiting.order_by("txid", "id").values_list("timestamp", flat=True).first()
    return Seal(said, str(signer or ""), waiting.count(), oldest)


def _counted(entries: AuditEventQuerySet, name: str) -> list[tuple[Any, int]]:
    return list(entries.order_by().values_list(name).annotate(number=Count("pk")).order_by("-number", name))


def _by_model(entries: AuditEventQuerySet) -> list[Counted]:
    return [
        Counted(f"{kind.name} ({kind.app_label}.{kind.model})", number)
        for key, number in _counted(entries, "content_type")
        if (kind := ContentType.objects.get_for_id(key))
    ]


def _by_action(entries: AuditEventQuerySet) -> list[Counted]:
    said = dict(ACTIONS)
    return [Counted(str(said.get(key, key)), number) for key, number in _counted(entries, "action")]


def _by_actor(entries: AuditEventQuerySet) -> list[Counted]:
    found = _counted(entries, "actor")
    users = User.objects.in_bulk([key for key, _number in found[:ACTORS] if key])
    counted = [Counted(_called(key, users), number) for key, number in found[:ACTORS]]
    if others := found[ACTORS:]:
        counted.append(Counted(_("%d others") % len(others), sum(number for _key, number in others)))
    return counted


def _called(key: UUID | None, users: dict[UUID, User]) -> str:
    if key is None:
        return _("nobody was named: jobs, commands, the database")
    return (users[key].name or users[key].email) if key in users else str(key)


def _days(entries: AuditEventQuerySet) -> list[tuple[date, int]]:
    day = TruncDay("timestamp", tzinfo=UTC)
    found = entries.order_by().values_list(day).annotate(number=Count("pk")).order_by(day)
    return [(at.date(), number) for at, number in found]


def _by_day(days: list[tuple[date, int]]) -> list[Counted]:
    """Also the days on which nothing happened."""
    known = dict(days)
    length = (days[-1][0] - days[0][0]).days + 1 if days else 0
    every = (days[0][0] + timedelta(days=n) for n in range(length))
    return [Counted(date_format(day), known.get(day, 0)) for day in every]


def _by_month(days: Iterable[tuple[date, int]]) -> list[Counted]:
    return [
        Counted(date_format(month, "F Y"), sum(number for _day, number in found))
        for month, found in groupby(days, key=lambda day: day[0].replace(day=1))
    ]
