"""What customers order, line by line, and how far each order has come."""

from django.contrib.postgres.indexes import OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round, Upper
from django.utils.translation import gettext_lazy as _

from apps.access.models import ObjectGrant, Unit, UnitRecord
from apps.catalog.models import Product, currency_code
from apps.customers.models import Customer
from apps.kernel.classification import (
    Actor,
    Blank,
    Classification,
    Derived,
    Keep,
    Linked,
    NotPersonal,
    Owner,
    Part,
    Personal,
    Ref,
    Retention,
    Technical,
)
from apps.orders.querysets import OrderQuerySet
from apps.workforce.models import Employee

BOOKS = Retention(anchor="placed_on", fallback="created_at", keep="P10Y", law="§ 147 AO", then="erase")
SHARE = (MinValueValidator(0), MaxValueValidator(1))


class Shipper(UnitRecord):
    """A company that carries parcels."""

    number = models.CharField(_("number"), max_length=20)
    name = models.CharField(_("name"), max_length=100)
    phone = models.CharField(_("phone"), max_length=30, blank=True)

    classification = Classification(
        edges={"unit": Ref()},
        fields={
            "id created_at updated_at unit number": Technical(),
            "name phone": NotPersonal("name and switchboard of a company"),
        },
    )

    class Meta:
        verbose_name = _("shipper")
        verbose_name_plural = _("shippers")
        constraints = [models.UniqueConstraint(fields=["unit", "number"], name="shipper_number_once_per_unit")]
        indexes = [models.Index(fields=["unit", "id"], name="shipper_of_unit")]

    def __str__(self) -> str:
        return self.name


class OrderNumbers(models.Model):
    """The last number given to an order of a unit. Its row is the lock under which the next one is given."""

    unit = models.OneToOneField(Unit, models.CASCADE, primary_key=True, verbose_name=_("unit"), related_name="+")
    last = models.PositiveBigIntegerField(_("last number"), default=0)

    classification = Classification(edges={"unit": Ref()}, fields={"unit last": Technical()})

    class Meta:
        verbose_name = _("order numbers")
        verbose_name_plural = _("order numbers")

    def __str__(self) -> str:
        return str(self.last)


class Order(UnitRecord):
    """One order. `net` and `tax` are the sums of its lines; `total` is what the customer pays."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PLACED = "placed", _("placed")
        PAID = "paid", _("paid")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        CANCELLED = "cancelled", _("cancelled")
        RETURNED = "returned", _("returned")

    MOVES = {
        Status.DRAFT: (Status.PLACED, Status.CANCELLED),
        Status.PLACED: (Status.PAID, Status.CANCELLED),
        Status.PAID: (Status.SHIPPED, Status.CANCELLED),
        Status.SHIPPED: (Status.DELIVERED, Status.RETURNED),
        Status.DELIVERED: (Status.RETURNED,),
        Status.CANCELLED: (),
        Status.RETURNED: (),
    }
    """Every step that an order may take. There is no other way from one state to another."""

    number = models.CharField(_("number"), max_length=30)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    customer = models.ForeignKey(Customer, models.PROTECT, verbose_name=_("customer"), related_name="orders")
    agent = models.ForeignKey(
        Employee, models.SET_NULL, verbose_name=_("sales agent"), null=True, blank=True, related_name="orders"
    )
    shipper = models.ForeignKey(
        Shipper, models.PROTECT, verbose_name=_("shipper"), null=True, blank=True, related_name="orders"
    )
    required_on = models.DateField(_("required on"), null=True, blank=True)
    placed_on = models.DateField(_("placed on"), null=True, blank=True)
    paid_on = models.DateField(_("paid on"), null=True, blank=True)
    shipped_on = models.DateField(_("shipped on"), null=True, blank=True)
    delivered_on = models.DateField(_("delivered on"), null=True, blank=True)
    ended_on = models.DateField(_("cancelled or returned on"), null=True, blank=True)
    ship_name = models.CharField(_("recipient"), max_length=150, blank=True)
    ship_street = models.CharField(_("street"), max_length=120, blank=True)
    ship_city = models.CharField(_("city"), max_length=60, blank=True)
    ship_region = models.CharField(_("region"), max_length=60, blank=True)
    ship_postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    ship_country = models.CharField(_("country"), max_length=60, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[currency_code])
    freight = models.DecimalField(
        _("freight"), max_digits=12, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    discount = models.DecimalField(
        _("rebate"),
        max_digits=12,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("An amount taken off the sum after tax, as a voucher does."),
    )
    net = models.DecimalField(_("net"), max_digits=14, decimal_places=2, default=0, editable=False)
    tax = models.DecimalField(_("tax"), max_digits=14, decimal_places=2, default=0, editable=False)
    total = models.GeneratedField(
        expression=F("net") + F("tax") + F("freight") - F("discount"),
        output_field=models.DecimalField(_("total"), max_digits=14, decimal_places=2),
        db_persist=True,
        verbose_name=_("total"),
    )

    classification = Classification(
        activity="orders.sales",
        edges={"customer": Owner("customer"), "agent": Actor("sales agent"), "unit": Ref(), "shipper": Ref()},
        fields={
            "id created_at updated_at unit status customer agent shipper": Technical(),
            "number": Technical(about="shared"),
            "required_on placed_on paid_on shipped_on delivered_on ended_on": Linked(
                "pd:Transactional", origin="observed", erase=Keep("tax-10y")
            ),
            "ship_name": Personal("pd:Name", erase=Blank(), rectify="self"),
            "ship_street ship_city ship_region ship_postal_code ship_country": Personal(
                "pd:PhysicalAddress", erase=Blank(), rectify="self"
            ),
            "currency freight discount net tax": Linked("pd:Transactional", origin="observed", erase=Keep("tax-10y")),
            "total": Derived(sources=("net", "tax", "freight", "discount"), erase=Keep("tax-10y")),
        },
        retention=BOOKS,
        erase_row="keep",
        trail="tax-10y",
    )
    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        permissions = [
            ("place_order", "Can place an order"),
            ("pay_order", "Can mark an order as paid"),
            ("ship_order", "Can ship an order"),
            ("deliver_order", "Can mark an order as delivered"),
            ("cancel_order", "Can cancel an order"),
            ("return_order", "Can take back an order"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="order_number_once_per_unit"),
            models.CheckConstraint(condition=~Q(number=""), name="order_has_a_number"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "placed", "paid", "shipped", "delivered", "cancelled", "returned"]),
                name="order_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"]) | Q(placed_on__isnull=False),
                name="order_placed_has_a_day",
                violation_error_message=_("An order that was placed has the day on which it was."),
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["shipped", "delivered", "returned"]) | Q(shipped_on__isnull=False),
                name="order_shipped_has_a_day",
                violation_error_message=_("An order that was shipped has the day on which it was."),
            ),
            models.CheckConstraint(
                condition=Q(freight__gte=0, discount__gte=0, net__gte=0, tax__gte=0),
                name="order_amounts_not_negative",
                violation_error_message=_("An amount of an order is not negative."),
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(discount__lte=F("net") + F("tax") + F("freight")),
                name="order_rebate_within_sum",
                violation_error_message=_("A rebate is not higher than the sum that it is taken off."),
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="order_currency_is_a_code",
                violation_error_message=_("A currency is three capital letters, as in EUR."),
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="order_of_unit"),
            models.Index(fields=["unit", "placed_on", "id"], name="order_unit_placed_on"),
            models.Index(fields=["placed_on", "id"], name="order_placed_on"),
            models.Index(fields=["unit", "status", "id"], name="order_unit_status"),
            models.Index(fields=["unit", "total", "id"], name="order_unit_total"),
            models.Index(OpClass(Upper("number"), name="text_pattern_ops"), name="order_number_prefix"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def allowed(self) -> tuple[str, ...]:
        """The states that it may go to from here."""
        return tuple(str(status.value) for status in self.MOVES[self.Status(self.status)])


class OrderGrant(ObjectGrant):
    """A permission on one order."""

    content_object = models.ForeignKey(Order, models.CASCADE)

    classification = Classification(
        activity="platform.access",
        edges={"user": Owner("holder of a grant"), "permission": Ref(), "content_object": Ref()},
        fields={"id user permission content_object valid_from valid_until": Technical()},
        erase_row="delete",
    )


NET = Round(F("quantity") * F("unit_price") * (1 - F("discount")), precision=2)


class OrderLine(UnitRecord):
    """So many pieces of one product. The database computes the amounts, each rounded half up to cents."""

    order = models.ForeignKey(Order, models.CASCADE, verbose_name=_("order"), related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, verbose_name=_("product"), related_name="order_lines")
    quantity = models.PositiveIntegerField(_("quantity"), validators=[MinValueValidator(1)])
    unit_price = models.DecimalField(
        _("unit price"), max_digits=12, decimal_places=4, validators=[MinValueValidator(0)]
    )
    discount = models.DecimalField(
        _("discount"), max_digits=5, decimal_places=4, default=0, validators=SHARE, help_text=_("0.05 is 5 %.")
    )
    tax_rate = models.DecimalField(
        _("tax rate"), max_digits=5, decimal_places=4, default=0, validators=SHARE, help_text=_("0.19 is 19 %.")
    )
    net = models.GeneratedField(
        expression=NET,
        output_field=models.DecimalField(_("net"), max_digits=14, decimal_places=2),
        db_persist=True,
        verbose_name=_("net"),
    )
    tax = models.GeneratedField(
        expression=Round(NET * F("tax_rate"), precision=2),
        output_field=models.DecimalField(_("tax"), max_digits=14, decimal_places=2),
        db_persist=True,
        verbose_name=_("tax"),
    )

    granted_through = "order"
    classification = Classification(
        activity="orders.sales",
        edges={"order": Part(), "product": Ref(), "unit": Ref()},
        fields={
            "id created_at updated_at unit order": Technical(),
            "product quantity unit_price discount tax_rate": Linked(
                "pd:PurchasesAndSpendingHabit", origin="observed", erase=Keep("tax-10y")
            ),
            "net tax": Derived(
                sources=("quantity", "unit_price", "discount", "tax_rate"), origin="observed", erase=Keep("tax-10y")
            ),
        },
        retention=Retention(anchor="created_at", keep="P10Y", law="§ 147 AO", then="erase"),
        erase_row="keep",
        trail="tax-10y",
    )

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint(fields=["order", "product"], name="order_line_once_per_product"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0),
                name="order_line_of_something",
                violation_error_message=_("A line is of at least one piece."),
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0),
                name="order_line_price_not_negative",
                violation_error_message=_("A price is not negative."),
            ),
            models.CheckConstraint(
                condition=Q(discount__gte=0, discount__lte=1, tax_rate__gte=0, tax_rate__lte=1),
                name="order_line_rates_are_shares",
                violation_error_message=_("A discount and a tax rate are shares from 0 to 1."),
            ),
        ]
        indexes = [models.Index(fields=["unit", "id"], name="order_line_of_unit")]

    def __str__(self) -> str:
        return str(self.pk)
