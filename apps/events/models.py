"""What happened (`PublishedEvent`), what is to be done (`Work`), and who hands it out (`Relay`, `Schedule`)."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps.events.fields import Position
from apps.kernel.classification import (
    Blank,
    Classification,
    Generic,
    Json,
    Key,
    Linked,
    NotPersonal,
    Null,
    Part,
    Personal,
    Retention,
    Technical,
)
from apps.kernel.models import Record


class Cancelled(Exception):
    """Somebody asked this job to stop."""


class PublishedEvent(Record):
    """Something that happened, told in the transaction in which it happened. It holds keys, never a personal value."""

    name = models.CharField(_("name"), max_length=100)
    aggregate = models.CharField(_("aggregate"), max_length=100, blank=True)
    """The key of the thing it happened to: one thing's events reach a subscriber in their order."""
    payload = models.JSONField(_("payload"))
    unit = models.UUIDField(_("unit"), null=True, blank=True)

    classification = Classification(
        activity="platform.events",
        edges={"person": Generic(ct="", pk="aggregate")},
        fields={
            "id created_at updated_at name aggregate unit": Technical(),
            "payload": NotPersonal(
                "keys, states and days: a check refuses fields for anything else", reviewer="events.E004"
            ),
        },
        retention=Retention(anchor="created_at", keep="P90D", law="Art. 5(1)(e) GDPR", then="delete"),
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["name", "id"], name="event_by_name"),
            models.Index(fields=["unit", "id"], name="event_by_unit"),
            models.Index(fields=["created_at"], name="event_by_age"),
            models.Index(fields=["aggregate"], name="event_by_aggregate", condition=~Q(aggregate="")),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.aggregate}"


class WorkQuerySet(models.QuerySet["Work"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=(Work.State.READY, Work.State.LEASED))

    def in_turn(self) -> Self:
        """Without those that wait for earlier work on the same thing: a parked or finished one holds nobody."""
        earlier = Work.objects.unfinished().filter(
            name=OuterRef("name"), aggregate=OuterRef("aggregate"), position__lt=OuterRef("position")
        )
        return self.filter(Q(aggregate="") | ~Exists(earlier))

    def due(self) -> Self:
        """What a relay may hand out now."""
        return self.filter(state=Work.State.READY, due_at__lte=Now()).in_turn()

    def expired(self) -> Self:
        """Handed out, and nothing was heard of it for as long as its lease."""
        return self.filter(state=Work.State.LEASED, lease_until__lte=Now())

    def handed_out(self) -> Self:
        return self.filter(state=Work.State.LEASED, lease_until__gt=Now())

    def waiting(self) -> Self:
        """Due and not begun: ready, or handed out to a broker from which no worker has taken it."""
        return self.filter(Q(state=Work.State.READY) | Q(state=Work.State.LEASED, started_at=None), due_at__lte=Now())

    def running(self) -> Self:
        return self.filter(state=Work.State.LEASED, started_at__isnull=False)

    def parked(self) -> Self:
        return self.filter(state=Work.State.PARKED)


class Work(Record):
    """One thing to be done in the background, with its state. The broker only carries the key of this row."""

    class Kind(models.TextChoices):
        DELIVERY = "delivery", _("delivery of an event")
        JOB = "job", _("job")
        SLOT = "slot", _("scheduled job")

    class State(models.TextChoices):
        READY = "ready", _("waiting")
        LEASED = "leased", _("handed out")
        DONE = "done", _("done")
        PARKED = "parked", _("parked after too many failures")
        REFUSED = "refused", _("refused by a rule")
        CANCELLED = "cancelled", _("cancelled")
        MISSED = "missed", _("missed: no relay ran at that time")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("name"), max_length=150)
    """The subscriber of a delivery, otherwise the name of the job."""
    position = Position(_("position"), editable=False)
    event = models.ForeignKey(
        PublishedEvent, models.CASCADE, verbose_name=_("event"), null=True, blank=True, related_name="deliveries"
    )
    aggregate = models.CharField(_("aggregate"), max_length=100, blank=True)
    """Unfinished rows with the same name and aggregate run one after the other; empty: in any order."""
    arguments = models.JSONField(_("arguments"), default=dict, blank=True)
    slot_at = models.DateTimeField(_("slot"), null=True, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.READY)
    due_at = models.DateTimeField(_("due at"), db_default=Now())
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    """Begin of the attempt that runs now, or of the last one."""
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    max_attempts = models.PositiveIntegerField(_("attempts allowed"))
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    cancel_asked = models.BooleanField(_("asked to stop"), default=False)

    done = models.PositiveBigIntegerField(_("done so far"), default=0)
    total = models.PositiveBigIntegerField(_("of"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    result = models.JSONField(_("result"), default=dict, blank=True)

    context = models.JSONField(_("on behalf of"), default=dict, blank=True)
    requested_by = models.UUIDField(_("requested by"), null=True, blank=True)
    unit = models.UUIDField(_("unit"), null=True, blank=True)

    aside = DEFAULT_DB_ALIAS
    """The connection on which this row is written while its transaction is open."""
    lease = timedelta(seconds=settings.WORK_LEASE)
    """How long a worker may be silent before another one is woken for this row."""

    classification = Classification(
        activity="platform.events",
        edges={"event": Part(), "requester": Key("requested_by", matches="accounts.User.id", role="requester")},
        fields={
            "id created_at updated_at kind name position event aggregate slot_at unit": Technical(),
            "state due_at lease_until started_at finished_at attempts max_attempts": Technical(),
            "cancel_asked done total": Technical(),
            "last_error": NotPersonal(
                "the class and the place of an error, or the sentence of a refusal", reviewer="events"
            ),
            "note": NotPersonal("the name of a step", reviewer="events"),
            "arguments result": NotPersonal("keys and counts", reviewer="events"),
            "requested_by": Linked("pd:ServiceConsumptionBehavior", origin="observed", erase=Null()),
            "context": Json(
                {
                    "$.actor": Linked("pd:ServiceConsumptionBehavior", origin="observed", erase=Null()),
                    "$.address": Personal("pd:IPAddress", origin="observed", erase=Null()),
                    "$.source": NotPersonal("the door"),
                    "$.request": NotPersonal("a random key"),
                    "$.reason": Personal("pd:Communication", about="other", erase=Blank()),
                    "$.batch": NotPersonal("a random key"),
                }
            ),
        },
        retention=Retention(
            anchor="finished_at", fallback="created_at", keep="P30D", law="Art. 5(1)(e) GDPR", then="delete"
        ),
        erase_row="keep",
    )
    objects = WorkQuerySet.as_manager()

    class Meta:
        verbose_name = _("background work")
        verbose_name_plural = _("background work")
        permissions = [
            ("retry_work", _("Can run failed work again")),
            ("cancel_work", _("Can cancel work")),
            ("park_work", _("Can set work aside")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["name", "slot_at"], condition=Q(kind="slot"), name="work_one_per_slot"),
            models.UniqueConstraint(
                fields=["event", "name"], condition=Q(kind="delivery"), name="work_one_per_delivery"
            ),
            models.CheckConstraint(
                condition=Q(kind="delivery", event__isnull=False) | (~Q(kind="delivery") & Q(event=None)),
                name="work_delivery_has_event",
            ),
            models.CheckConstraint(
                condition=Q(kind="slot", slot_at__isnull=False) | (~Q(kind="slot") & Q(slot_at=None)),
                name="work_slot_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state="leased", lease_until__isnull=False) | (~Q(state="leased") & Q(lease_until=None)),
                name="work_leased_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("ready", "leased"), finished_at=None)
                | Q(state__in=("done", "parked", "refused", "cancelled", "missed"), finished_at__isnull=False),
                name="work_finished_has_moment",
            ),
            models.CheckConstraint(condition=Q(attempts__lte=F("max_attempts")), name="work_attempts_bounded"),
        ]
        indexes = [
            models.Index(fields=["due_at", "position"], condition=Q(state="ready"), name="work_ready"),
            models.Index(fields=["lease_until"], condition=Q(state="leased"), name="work_leased"),
            models.Index(
                fields=["name", "aggregate", "position"],
                condition=Q(state__in=("ready", "leased")) & ~Q(aggregate=""),
                name="work_in_turn",
            ),
            models.Index(fields=["finished_at"], condition=Q(finished_at__isnull=False), name="work_finished"),
            models.Index(
                fields=["requested_by", "id"], condition=Q(requested_by__isnull=False), name="work_by_requester"
            ),
            models.Index(fields=["state", "id"], name="work_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"

    @property
    def counts(self) -> dict[str, int]:
        """The figures of its result: links and lists are for the person who asked."""
        return {name: said for name, said in self.result.items() if isinstance(said, int)}

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say how far it is, visibly to everybody at once; renews the lease and stops here when that was asked."""
        row = Work.objects.using(self.aside).filter(pk=self.pk, state=Work.State.LEASED, attempts=self.attempts)
        row.update(done=done, total=total, note=note, lease_until=Now() + self.lease)
        if row.filter(cancel_asked=True).exists():
            raise Cancelled


class Schedule(Record):
    """A declared schedule and the moment up to which its slots are written."""

    name = models.CharField(_("name"), max_length=150, unique=True)
    planned_until = models.DateTimeField(_("planned until"))

    classification = Classification(
        activity="platform.events",
        fields={"id created_at updated_at name planned_until": Technical()},
        erase_row="keep",
    )

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")

    def __str__(self) -> str:
        return self.name


class Relay(Record):
    """A process that hands out work, and when it was last heard of."""

    beat_at = models.DateTimeField(_("last heard of"))

    classification = Classification(
        activity="platform.events", fields={"id created_at updated_at beat_at": Technical()}, erase_row="keep"
    )

    class Meta:
        verbose_name = _("relay")
        verbose_name_plural = _("relays")

    def __str__(self) -> str:
        return str(self.pk)
