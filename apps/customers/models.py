"""Whom the organisation sells to, the people it speaks with there, and where they are."""

from django.contrib.postgres.indexes import OpClass
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from apps.access.models import ObjectGrant, UnitRecord
from apps.customers.querysets import CustomerQuerySet
from apps.kernel.classification import (
    Blank,
    Classification,
    Constant,
    Identifier,
    Linked,
    Named,
    NotPersonal,
    Owner,
    Part,
    Personal,
    Ref,
    Retention,
    Same,
    Technical,
)

CURRENCY = RegexValidator(r"^[A-Z]{3}$", _("A currency is three capital letters, such as EUR."))
AFTER_BUSINESS = Retention(anchor="closed_at", fallback="updated_at", keep="P3Y", law="§ 195 BGB")


class Customer(UnitRecord):
    """An organisation or a person that buys."""

    class Kind(models.TextChoices):
        ORGANISATION = "organisation", _("organisation")
        PERSON = "person", _("person")

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        DORMANT = "dormant", _("dormant")
        CLOSED = "closed", _("closed")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.ORGANISATION)
    number = models.CharField(_("number"), max_length=20)
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=_("merged into"),
        null=True,
        blank=True,
        editable=False,
        related_name="merged",
    )
    credit_limit = models.DecimalField(
        _("credit limit"), max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    credit_currency = models.CharField(_("currency of the credit"), max_length=3, blank=True, validators=[CURRENCY])

    classification = Classification(
        activity="customers.care",
        edges={"unit": Ref(), "merged_into": Same()},
        fields={
            "id created_at updated_at unit kind number status closed_at merged_into": Technical(),
            "name": Personal("pd:Name", erase=Constant("erased"), rectify="self"),
            "email": Identifier("pd:EmailAddress", normalise=str.casefold, erase=Blank(), rectify="self"),
            "phone": Personal("pd:TelephoneNumber", erase=Blank(), rectify="self"),
            "credit_limit credit_currency": Linked("pd:CreditCapacity", origin="derived"),
        },
        retention=AFTER_BUSINESS,
        erase_row="anonymise",
    )
    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        permissions = [
            ("close_customer", "Can close a customer"),
            ("reopen_customer", "Can reopen a customer"),
            ("merge_customer", "Can merge two customers"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="customer_number_unique_in_unit"),
            models.CheckConstraint(
                condition=~Q(number="") & ~Q(name=""),
                name="customer_has_number_and_name",
                violation_error_message=_("A customer has a number and a name."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("organisation", "person"), status__in=("active", "dormant", "closed")),
                name="customer_kind_and_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False) | (~Q(status="closed") & Q(closed_at=None)),
                name="customer_closed_exactly_when_dated",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | (Q(status="closed") & ~Q(merged_into=F("id"))),
                name="customer_merged_is_closed_and_elsewhere",
            ),
            models.CheckConstraint(
                condition=Q(credit_limit=None, credit_currency="")
                | (Q(credit_limit__gte=0) & Q(credit_currency__regex=r"^[A-Z]{3}$")),
                name="customer_credit_has_currency",
                violation_error_message=_("A credit limit is not negative and comes with its currency."),
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="customer_of_unit"),
            models.Index(fields=["unit", "name", "id"], name="customer_of_unit_by_name"),
            models.Index(fields=["name", "id"], name="customer_by_name"),
            models.Index(fields=["unit", "status", "id"], name="customer_of_unit_by_status"),
            models.Index(fields=["unit", "created_at", "id"], name="customer_of_unit_in_time"),
            models.Index(fields=["updated_at"], name="customer_active_untouched", condition=Q(status="active")),
            models.Index(OpClass(Upper("number"), name="text_pattern_ops"), name="customer_number_prefix"),
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="customer_name_prefix"),
            models.Index(OpClass(Upper("email"), name="text_pattern_ops"), name="customer_email_prefix"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_closed(self) -> bool:
        return self.status == self.Status.CLOSED


class CustomerGrant(ObjectGrant):
    """A permission of one user on one customer, and through it on the customer's contacts and addresses."""

    content_object = models.ForeignKey(Customer, models.CASCADE, verbose_name=_("customer"))

    classification = Classification(
        activity="platform.access",
        edges={"user": Owner("holder of a grant"), "permission": Ref(), "content_object": Named("granted record")},
        fields={"id user permission content_object valid_from valid_until": Technical()},
        erase_row="delete",
    )

    class Meta(ObjectGrant.Meta):
        verbose_name = _("customer grant")
        verbose_name_plural = _("customer grants")
        indexes = [models.Index(fields=["user", "content_object"], name="customer_grant_of_user")]


class Contact(UnitRecord):
    """A person to speak with at a customer."""

    customer = models.ForeignKey(Customer, models.CASCADE, verbose_name=_("customer"), related_name="contacts")
    name = models.CharField(_("name"), max_length=150)
    title = models.CharField(_("title"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)

    granted_through = "customer"
    classification = Classification(
        activity="customers.care",
        edges={"unit": Ref(), "customer": Named("customer whom the contact speaks for")},
        fields={
            "id created_at updated_at unit customer": Technical(),
            "name": Personal("pd:Name", erase=Constant("erased"), rectify="self"),
            "title": Personal("pd:JobTitle", erase=Blank(), rectify="self"),
            "email": Identifier("pd:EmailAddress", normalise=str.casefold, erase=Blank(), rectify="self"),
            "phone": Personal("pd:TelephoneNumber", erase=Blank(), rectify="self"),
        },
        retention=Retention(anchor="updated_at", keep="P3Y", law="Art. 5(1)(e) GDPR", then="delete"),
        erase_row="delete",
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""), name="contact_has_name", violation_error_message=_("A contact has a name.")
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="contact_of_unit"),
            models.Index(fields=["unit", "name", "id"], name="contact_of_unit_by_name"),
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="contact_name_prefix"),
            models.Index(OpClass(Upper("email"), name="text_pattern_ops"), name="contact_email_prefix"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Address(UnitRecord):
    """Where a customer's invoices or goods go."""

    class Kind(models.TextChoices):
        BILLING = "billing", _("billing")
        SHIPPING = "shipping", _("shipping")

    customer = models.ForeignKey(Customer, models.CASCADE, verbose_name=_("customer"), related_name="addresses")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.BILLING)
    lines = models.CharField(_("street and number"), max_length=250)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=60, blank=True)

    granted_through = "customer"
    classification = Classification(
        activity="customers.care",
        edges={"unit": Ref(), "customer": Part()},
        fields={
            "id created_at updated_at unit customer": Technical(),
            "kind": NotPersonal("what the address is for"),
            "lines city region postal_code country": Personal("pd:PhysicalAddress", erase=Blank(), rectify="self"),
        },
        retention=Retention(anchor="updated_at", keep="P3Y", law="Art. 5(1)(e) GDPR", then="delete"),
        erase_row="delete",
    )

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=("billing", "shipping")), name="address_kind_known"),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="address_of_unit"),
            models.Index(fields=["unit", "city", "id"], name="address_of_unit_by_city"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
