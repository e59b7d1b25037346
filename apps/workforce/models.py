"""Who works here, at what, for whom, where, and when not."""

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from apps.access.models import UnitRecord
from apps.kernel.classification import (
    Actor,
    Blank,
    Classification,
    Constant,
    FreeText,
    Identifier,
    Linked,
    NotPersonal,
    Null,
    Owner,
    Personal,
    Reads,
    Ref,
    Retention,
    Same,
    Special,
    Technical,
)
from apps.workforce.querysets import AbsenceQuerySet, EmployeeQuerySet


class Department(UnitRecord):
    """A group of employees with one task."""

    name = models.CharField(_("name"), max_length=100)

    classification = Classification(
        activity="workforce.employment",
        edges={"unit": Ref()},
        fields={
            "id created_at updated_at unit": Technical(),
            "name": NotPersonal("name of a department"),
        },
    )

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="department_name_unique_in_unit")]
        indexes = [
            models.Index(fields=["unit", "id"], name="department_of_unit"),
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="department_name_prefix"),
        ]

    def __str__(self) -> str:
        return self.name


class Position(UnitRecord):
    """A kind of work that several employees may do."""

    title = models.CharField(_("title"), max_length=100)

    classification = Classification(
        activity="workforce.employment",
        edges={"unit": Ref()},
        fields={
            "id created_at updated_at unit": Technical(),
            "title": NotPersonal("name of a kind of work"),
        },
    )

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        constraints = [models.UniqueConstraint(fields=["unit", "title"], name="position_title_unique_in_unit")]
        indexes = [
            models.Index(fields=["unit", "id"], name="position_of_unit"),
            models.Index(OpClass(Upper("title"), name="text_pattern_ops"), name="position_title_prefix"),
        ]

    def __str__(self) -> str:
        return self.title


class Region(UnitRecord):
    """A part of the market that holds territories."""

    number = models.CharField(_("number"), max_length=20)
    name = models.CharField(_("name"), max_length=100)

    classification = Classification(
        activity="workforce.employment",
        edges={"unit": Ref()},
        fields={
            "id created_at updated_at unit number": Technical(),
            "name": NotPersonal("name of a region"),
        },
    )

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        constraints = [models.UniqueConstraint(fields=["unit", "number"], name="region_number_unique_in_unit")]
        indexes = [
            models.Index(fields=["unit", "id"], name="region_of_unit"),
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="region_name_prefix"),
        ]

    def __str__(self) -> str:
        return self.name


class Territory(UnitRecord):
    """A place that employees look after."""

    number = models.CharField(_("number"), max_length=20)
    name = models.CharField(_("name"), max_length=100)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("region"), related_name="territories")

    classification = Classification(
        activity="workforce.employment",
        edges={"unit": Ref(), "region": Ref()},
        fields={
            "id created_at updated_at unit number region": Technical(),
            "name": NotPersonal("name of a place"),
        },
    )

    class Meta:
        verbose_name = _("territory")
        verbose_name_plural = _("territories")
        constraints = [models.UniqueConstraint(fields=["unit", "number"], name="territory_number_unique_in_unit")]
        indexes = [
            models.Index(fields=["unit", "id"], name="territory_of_unit"),
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="territory_name_prefix"),
        ]

    def __str__(self) -> str:
        return self.name


class Employee(UnitRecord):
    """A person who works, or worked, for the organisation."""

    number = models.CharField(_("number"), max_length=20)
    first_name = models.CharField(_("first name"), max_length=100)
    last_name = models.CharField(_("last name"), max_length=100)
    title = models.CharField(_("job title"), max_length=100, blank=True)
    courtesy_title = models.CharField(_("courtesy title"), max_length=30, blank=True)
    department = models.ForeignKey(
        Department, models.PROTECT, verbose_name=_("department"), null=True, blank=True, related_name="employees"
    )
    position = models.ForeignKey(
        Position, models.PROTECT, verbose_name=_("position"), null=True, blank=True, related_name="employees"
    )
    reports_to = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("reports to"), null=True, blank=True, related_name="reports"
    )
    territories = models.ManyToManyField(
        Territory, through="EmployeeTerritory", verbose_name=_("territories"), blank=True, related_name="employees"
    )
    extension = models.CharField(_("extension at work"), max_length=10, blank=True)
    email = models.EmailField(_("e-mail at work"), blank=True)
    hired_on = models.DateField(_("hired on"))
    left_on = models.DateField(_("left on"), null=True, blank=True, editable=False)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    address = models.CharField(_("street and number at home"), max_length=250, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=60, blank=True)
    home_phone = models.CharField(_("phone at home"), max_length=40, blank=True)
    mobile_phone = models.CharField(_("mobile phone"), max_length=40, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("account"),
        null=True,
        blank=True,
        related_name="employee",
    )

    FOR_EVERYBODY = (
        "id",
        "unit",
        "number",
        "first_name",
        "last_name",
        "title",
        "department",
        "position",
        "territories",
        "extension",
    )
    """What a reader without `view_hr_employee` is shown; every other field is for HR."""

    classification = Classification(
        activity="workforce.employment",
        edges={
            "unit": Ref(),
            "department": Ref(),
            "position": Ref(),
            "territories": Ref(),
            "reports_to": Actor("manager"),
            "user": Same(),
        },
        fields={
            "id created_at updated_at unit number department position territories reports_to user": Technical(),
            "first_name last_name": Personal("pd:Name", erase=Constant("erased")),
            "title": Personal("pd:JobTitle", erase=Blank()),
            "courtesy_title": Personal("pd:Name", erase=Blank(), rectify="self"),
            "extension": Personal("pd:TelephoneNumber", erase=Blank()),
            "email": Identifier("pd:EmailAddress", normalise=str.casefold, erase=Blank()),
            "hired_on left_on": Linked("pd:EmploymentHistory", origin="observed"),
            "birth_date": Personal("pd:BirthDate", erase=Null()),
            "address city region postal_code country": Personal("pd:PhysicalAddress", erase=Blank(), rectify="self"),
            "home_phone mobile_phone": Personal("pd:TelephoneNumber", erase=Blank(), rectify="self"),
            "notes": FreeText(erase=Blank(), export="review"),
        },
        retention=Retention(anchor="left_on", fallback="updated_at", keep="P3Y", law="§ 195 BGB"),
        erase_row="anonymise",
        reads=Reads("values"),
    )
    objects = EmployeeQuerySet.as_manager()

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        permissions = [
            ("view_hr_employee", "Can view what only HR may know of an employee"),
            ("transfer_employee", "Can transfer an employee to another department"),
            ("promote_employee", "Can give an employee another position"),
            ("assign_manager_employee", "Can say whom an employee reports to"),
            ("terminate_employee", "Can end an employment"),
            ("link_account_employee", "Can say which account belongs to an employee"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="employee_number_unique_in_unit"),
            models.CheckConstraint(
                condition=Q(reports_to=None) | ~Q(reports_to=F("id")),
                name="employee_not_own_manager",
                violation_error_message=_("Nobody reports to himself."),
            ),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(left_on__gte=F("hired_on")),
                name="employee_leaves_after_hired",
                violation_error_message=_("Nobody leaves before the day of hiring."),
            ),
            models.CheckConstraint(
                condition=Q(birth_date=None) | Q(birth_date__lt=F("hired_on")),
                name="employee_born_before_hired",
                violation_error_message=_("Nobody is hired before the day of birth."),
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="employee_of_unit"),
            models.Index(fields=["unit", "last_name", "id"], name="employee_of_unit_by_name"),
            models.Index(OpClass(Upper("number"), name="text_pattern_ops"), name="employee_number_prefix"),
            models.Index(OpClass(Upper("last_name"), name="text_pattern_ops"), name="employee_last_name_prefix"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def has_left(self) -> bool:
        return self.left_on is not None


class EmployeeTerritory(UnitRecord):
    """An employee looks after a territory."""

    employee = models.ForeignKey(
        Employee, models.CASCADE, verbose_name=_("employee"), related_name="employee_territories"
    )
    territory = models.ForeignKey(
        Territory, models.PROTECT, verbose_name=_("territory"), related_name="employee_territories"
    )

    granted_through = "employee"
    classification = Classification(
        activity="workforce.employment",
        edges={"unit": Ref(), "employee": Owner("employee"), "territory": Ref()},
        fields={"id created_at updated_at unit employee territory": Technical()},
        erase_row="delete",
    )

    class Meta:
        verbose_name = _("territory of an employee")
        verbose_name_plural = _("territories of employees")
        constraints = [models.UniqueConstraint(fields=["employee", "territory"], name="employee_territory_once")]
        indexes = [models.Index(fields=["unit", "id"], name="employee_territory_of_unit")]

    def __str__(self) -> str:
        return str(self.pk)


class Absence(UnitRecord):
    """Days on which an employee is away. That somebody is ill is health data (Art. 9 GDPR)."""

    class Kind(models.TextChoices):
        VACATION = "vacation", _("vacation")
        SICKNESS = "sickness", _("sickness")
        PARENTAL = "parental", _("parental leave")
        TRAINING = "training", _("training")
        OTHER = "other", _("other")

    class State(models.TextChoices):
        REQUESTED = "requested", _("requested")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")

    employee = models.ForeignKey(Employee, models.CASCADE, verbose_name=_("employee"), related_name="absences")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True, editable=False)

    granted_through = "employee"
    classification = Classification(
        activity="workforce.employment",
        edges={"unit": Ref(), "employee": Owner("employee"), "decided_by": Actor("approver")},
        fields={
            "id created_at updated_at unit employee state decided_by decided_at": Technical(),
            "kind": Special("pd:MedicalHealth", art9="A9-2-b"),
            "starts_on ends_on": Linked("pd:EmploymentHistory", origin="observed"),
        },
        retention=Retention(anchor="ends_on", keep="P3Y", law="§ 195 BGB", then="delete"),
        erase_row="delete",
        reads=Reads("values"),
    )
    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        permissions = [
            ("approve_absence", "Can approve an absence"),
            ("reject_absence", "Can reject an absence"),
            ("withdraw_absence", "Can withdraw an absence"),
            ("shorten_absence", "Can shorten an absence"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="absence_ends_after_it_starts",
                violation_error_message=_("An absence does not end before it starts."),
            ),
            models.CheckConstraint(
                condition=Q(state="requested", decided_at=None)
                | Q(state__in=("approved", "rejected"), decided_at__isnull=False)
                | Q(state="withdrawn"),
                name="absence_decided_exactly_when_dated",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("vacation", "sickness", "parental", "training", "other")),
                name="absence_kind_known",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="absence_of_unit"),
            models.Index(fields=["unit", "starts_on", "id"], name="absence_of_unit_in_time"),
            models.Index(fields=["employee", "starts_on"], name="absence_of_employee_in_time"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
