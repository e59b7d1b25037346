"""Where rows belong (units), and who may do what there (assignments of roles, grants on single rows)."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.indexes import OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from apps.access.querysets import AssignmentQuerySet, UnitQuerySet, UnitRecordQuerySet
from apps.kernel.classification import Actor, Classification, NotPersonal, Owner, Ref, Technical
from apps.kernel.models import Record


class Unit(Record):
    """A part of the organisation. A role held in a unit is held in everything below it."""

    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("parent"), null=True, blank=True, related_name="children"
    )
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=50, unique=True)
    path = models.CharField(
        _("path"), max_length=500, unique=True, editable=False, validators=[RegexValidator(r"^/([a-z0-9_-]+/)+$")]
    )
    """The slugs from the root down to this unit, as in `/company/north/`."""

    classification = Classification(
        activity="platform.access",
        edges={"parent": Ref()},
        fields={
            "id created_at updated_at parent slug path": Technical(),
            "name": NotPersonal("name of a department or company"),
        },
        erase_row="keep",
    )
    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["path"]
        permissions = [("move_unit", "Can move a unit below another")]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "name"], name="unit_name_unique_below_parent", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="unit_not_its_own_parent"),
        ]
        indexes = [models.Index(OpClass("path", name="varchar_pattern_ops"), name="unit_path_prefix")]

    def __str__(self) -> str:
        return self.name


class OrganisationVersion(models.Model):
    """One row, renewed by triggers with every change of units, roles and permissions (`access.organisation`)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.UUIDField(_("version"))

    classification = Classification(
        activity="platform.access", edges={}, fields={"id version": Technical()}, erase_row="keep"
    )

    class Meta:
        verbose_name = _("version of the organisation")
        verbose_name_plural = _("versions of the organisation")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="organisation_has_one_version")]

    def __str__(self) -> str:
        return str(self.version)


class UnitRecord(Record):
    """A business row. It belongs to a unit, and a child row copies the unit of its parent."""

    # Every list is read by unit and key or another order: an index of each row's own Meta begins with the unit.
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("unit"), related_name="+", db_index=False)

    objects = UnitRecordQuerySet.as_manager()

    granted_through: str = ""
    """On a child row: the relation to the aggregate root whose object grants open this row too."""

    class Meta:
        abstract = True


class Assignment(Record):
    """A role, held by a user in a unit's subtree from one moment to another."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user"), related_name="assignments"
    )
    role = models.ForeignKey(Group, models.PROTECT, verbose_name=_("role"), related_name="assignments")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name=_("unit"), related_name="assignments")
    valid_from = models.DateTimeField(_("valid from"), default=timezone.now)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("granted by"), null=True, blank=True, related_name="+"
    )

    classification = Classification(
        activity="platform.access",
        edges={"user": Owner("holder of a role"), "role": Ref(), "unit": Ref(), "granted_by": Actor("administrator")},
        fields={"id created_at updated_at user role unit valid_from valid_until granted_by": Technical()},
        erase_row="delete",
        trail="accountability-3y",
    )
    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        permissions = [
            ("end_assignment", "Can end an assignment"),
            ("delegate_assignment", "Can assign roles that one does not hold"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "unit"], name="assignment_once"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="assignment_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} · {self.unit}"

    @property
    def path(self) -> str:
        """Where the backend asks for permissions on this row."""
        return self.unit.path


class ObjectGrant(UserObjectPermissionBase):
    """A permission on one row (guardian's direct foreign key form), with its own validity.

    A subclass adds `content_object`, and guardian finds it by that relation.
    """

    valid_from = models.DateTimeField(_("valid from"), default=timezone.now)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.permission.codename} · {self.content_object_id}"
