"""What is sold, for how much, from whom it comes, and how many pieces there are."""

from django.contrib.postgres.indexes import OpClass
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from apps.access.models import ObjectGrant, UnitRecord
from apps.catalog.querysets import PriceQuerySet, ProductQuerySet, StockQuerySet
from apps.kernel.classification import (
    Blank,
    Classification,
    Identifier,
    NotPersonal,
    Owner,
    Personal,
    Ref,
    Retention,
    Technical,
)

currency_code = RegexValidator(r"^[A-Z]{3}$", _("Three capital letters, as in EUR."))


class Category(UnitRecord):
    """A shelf of the catalog."""

    number = models.CharField(_("number"), max_length=20)
    name = models.CharField(_("name"), max_length=60)
    description = models.CharField(_("description"), max_length=300, blank=True)

    classification = Classification(
        edges={"unit": Ref()},
        fields={
            "id created_at updated_at unit number": Technical(),
            "name description": NotPersonal("words about goods"),
        },
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="category_number_once_per_unit"),
            models.UniqueConstraint(fields=["unit", "name"], name="category_name_once_per_unit"),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="category_of_unit"),
            models.Index(OpClass(Upper("number"), name="text_pattern_ops"), name="category_number_prefix"),
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="category_name_prefix"),
        ]

    def __str__(self) -> str:
        return self.name


class Supplier(UnitRecord):
    """A company that delivers goods, and the person there who answers."""

    number = models.CharField(_("number"), max_length=20)
    company = models.CharField(_("company"), max_length=100)
    contact_name = models.CharField(_("contact person"), max_length=100, blank=True)
    contact_title = models.CharField(_("position of the contact person"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True, db_index=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    fax = models.CharField(_("fax"), max_length=30, blank=True)
    street = models.CharField(_("street"), max_length=120, blank=True)
    city = models.CharField(_("city"), max_length=60, blank=True)
    region = models.CharField(_("region"), max_length=60, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=60, blank=True)
    homepage = models.CharField(_("homepage"), max_length=200, blank=True)

    classification = Classification(
        activity="catalog.purchasing",
        edges={"unit": Ref()},
        fields={
            "id created_at updated_at unit number": Technical(),
            "company": NotPersonal("name of a company"),
            "street city region postal_code country homepage": NotPersonal("address of a company"),
            "contact_name": Personal("pd:Name", erase=Blank()),
            "contact_title": Personal("pd:Job", erase=Blank()),
            "email": Identifier("pd:EmailAddress", normalise=str.casefold, erase=Blank()),
            "phone fax": Personal("pd:TelephoneNumber", erase=Blank()),
        },
        retention=Retention(anchor="updated_at", keep="P10Y", law="§ 147 AO", then="erase"),
        erase_row="anonymise",
    )

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        constraints = [models.UniqueConstraint(fields=["unit", "number"], name="supplier_number_once_per_unit")]
        indexes = [
            models.Index(fields=["unit", "id"], name="supplier_of_unit"),
            models.Index(fields=["unit", "company", "id"], name="supplier_unit_company"),
            models.Index(OpClass(Upper("number"), name="text_pattern_ops"), name="supplier_number_prefix"),
            models.Index(OpClass(Upper("company"), name="text_pattern_ops"), name="supplier_company_prefix"),
        ]

    def __str__(self) -> str:
        return self.number


class Product(UnitRecord):
    """Something that is sold by the piece. Its row is the lock under which its stock changes."""

    number = models.CharField(_("number"), max_length=30, help_text=_("The SKU: unique in its unit."))
    name = models.CharField(_("name"), max_length=100)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name=_("category"), related_name="products")
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, verbose_name=_("supplier"), null=True, blank=True, related_name="products"
    )
    quantity_per_unit = models.CharField(_("quantity per unit"), max_length=60, blank=True)
    reorder_level = models.PositiveIntegerField(_("reorder level"), default=0)
    tax_rate = models.DecimalField(
        _("tax rate"),
        max_digits=5,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("A share of one: 0.19 is 19 %."),
    )
    is_discontinued = models.BooleanField(_("discontinued"), default=False)

    classification = Classification(
        edges={"unit": Ref(), "category": Ref(), "supplier": Ref()},
        fields={
            "id created_at updated_at unit number category supplier": Technical(),
            "reorder_level tax_rate is_discontinued": Technical(),
            "name quantity_per_unit": NotPersonal("words about goods"),
        },
    )
    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="product_number_once_per_unit"),
            models.CheckConstraint(
                condition=Q(tax_rate__gte=0, tax_rate__lte=1),
                name="product_tax_rate_is_a_share",
                violation_error_message=_("A tax rate is a share from 0 to 1."),
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="product_of_unit"),
            models.Index(fields=["unit", "name", "id"], name="product_unit_name"),
            models.Index(OpClass(Upper("number"), name="text_pattern_ops"), name="product_number_prefix"),
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="product_name_prefix"),
        ]
        permissions = [
            ("discontinue_product", "Can discontinue a product"),
            ("receive_product", "Can receive pieces of a product"),
            ("reorder_product", "Can reorder a product"),
            ("correct_product", "Can correct the stock of a product"),
        ]

    def __str__(self) -> str:
        return self.number


class ProductGrant(ObjectGrant):
    """A permission on one product."""

    content_object = models.ForeignKey(Product, models.CASCADE)

    classification = Classification(
        activity="platform.access",
        edges={"user": Owner("holder of a grant"), "permission": Ref(), "content_object": Ref()},
        fields={"id user permission content_object valid_from valid_until": Technical()},
        erase_row="delete",
    )


class Price(UnitRecord):
    """What a piece costs from a day on, until the next price in the same currency begins.

    There is no end day, so two prices can neither overlap nor leave a gap.
    """

    product = models.ForeignKey(Product, models.CASCADE, verbose_name=_("product"), related_name="prices")
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[currency_code])
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=4, validators=[MinValueValidator(0)])
    valid_from = models.DateField(_("valid from"))

    granted_through = "product"
    classification = Classification(
        edges={"unit": Ref(), "product": Ref()},
        fields={"id created_at updated_at unit product currency amount valid_from": Technical()},
    )
    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.UniqueConstraint(fields=["product", "currency", "valid_from"], name="price_one_per_day"),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="price_not_negative",
                violation_error_message=_("A price is not negative."),
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"),
                name="price_currency_is_a_code",
                violation_error_message=_("A currency is three capital letters, as in EUR."),
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="price_of_unit"),
            models.Index(fields=["unit", "valid_from", "id"], name="price_unit_valid_from"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Stock(UnitRecord):
    """The pieces of one product: in the house, promised to somebody, on their way from the supplier."""

    product = models.OneToOneField(Product, models.CASCADE, verbose_name=_("product"), related_name="stock")
    on_hand = models.IntegerField(_("on hand"), default=0)
    reserved = models.IntegerField(_("reserved"), default=0)
    on_order = models.IntegerField(_("on order"), default=0)

    granted_through = "product"
    classification = Classification(
        edges={"unit": Ref(), "product": Ref()},
        fields={"id created_at updated_at unit product on_hand reserved on_order": Technical()},
    )
    objects = StockQuerySet.as_manager()

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        constraints = [
            models.CheckConstraint(
                condition=Q(on_hand__gte=0),
                name="stock_on_hand_not_negative",
                violation_error_message=_("There cannot be fewer than no pieces."),
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0),
                name="stock_reserved_not_negative",
                violation_error_message=_("There cannot be fewer than no reserved pieces."),
            ),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("on_hand")),
                name="stock_reserved_is_on_hand",
                violation_error_message=_("Only pieces that are there can be reserved."),
            ),
            models.CheckConstraint(
                condition=Q(on_order__gte=0),
                name="stock_on_order_not_negative",
                violation_error_message=_("There cannot be fewer than no ordered pieces."),
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="stock_of_unit"),
            models.Index(fields=["unit", "on_hand", "id"], name="stock_unit_on_hand"),
        ]

    def __str__(self) -> str:
        return str(self.product_id)

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class StockMovement(UnitRecord):
    """One change of the pieces in the house. The reason of a correction stands in the audit trail."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("received")
        CORRECTED = "corrected", _("corrected")
        FULFILLED = "fulfilled", _("fulfilled")
        RETURNED = "returned", _("returned")

    product = models.ForeignKey(Product, models.CASCADE, verbose_name=_("product"), related_name="movements")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    quantity = models.IntegerField(_("quantity"), help_text=_("Less than nothing when pieces left the house."))
    holder = models.UUIDField(_("for"), null=True, blank=True, help_text=_("Key of the order that it was for."))

    granted_through = "product"
    classification = Classification(
        edges={"unit": Ref(), "product": Ref()},
        fields={"id created_at updated_at unit product kind quantity holder": Technical()},
    )

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        constraints = [
            models.CheckConstraint(
                condition=~Q(quantity=0),
                name="stock_movement_moves_something",
                violation_error_message=_("A movement of nothing is none."),
            )
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="stock_movement_of_unit"),
            models.Index(fields=["unit", "created_at", "id"], name="stock_movement_unit_created"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d}"


class Reservation(UnitRecord):
    """Pieces promised to a holder: open until they are released or fulfilled."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        RELEASED = "released", _("released")
        FULFILLED = "fulfilled", _("fulfilled")

    product = models.ForeignKey(Product, models.CASCADE, verbose_name=_("product"), related_name="reservations")
    holder = models.UUIDField(_("for"), help_text=_("Key of the order that holds it."))
    quantity = models.PositiveIntegerField(_("quantity"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)

    granted_through = "product"
    classification = Classification(
        edges={"unit": Ref(), "product": Ref()},
        fields={"id created_at updated_at unit product holder quantity status": Technical()},
    )

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.UniqueConstraint(
                fields=["holder", "product"], condition=Q(status="open"), name="reservation_open_once_per_holder"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0),
                name="reservation_of_something",
                violation_error_message=_("A reservation is of at least one piece."),
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "id"], name="reservation_of_unit"),
            models.Index(fields=["unit", "created_at", "id"], name="reservation_unit_created"),
            models.Index(fields=["holder"], name="reservation_of_holder"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} · {self.status}"
