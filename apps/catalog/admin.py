from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from apps.access.admin.base import ChildInline, ReasonForm, UnitRecordAdmin, VersionedForm, each_row
from apps.access.admin.filters import RecordFilter
from apps.access.admin.grants import GrantAdmin
from apps.catalog import services
from apps.catalog.models import Category, Price, Product, ProductGrant, Reservation, Stock, StockMovement, Supplier
from apps.catalog.querysets import ProductQuerySet


class ReadOnly:
    """Rows that only a service writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(UnitRecordAdmin):
    icon = "category"
    list_display = ("number", "name", "description", "unit", "updated_at")
    list_filter = ("unit",)
    search_fields = ("number__istartswith", "name__istartswith")
    search_help_text = _("Beginning of the number or the name")
    sortable_by = ("number", "name")

    def caption(self, row: Category) -> str:
        return f"{row.number} · {row.name}"


@admin.register(Supplier)
class SupplierAdmin(UnitRecordAdmin):
    icon = "factory"
    list_display = ("number", "company", "city", "country", "unit")
    list_filter = ("country", "unit")
    search_fields = ("number__istartswith", "company__istartswith")
    search_help_text = _("Beginning of the number or the company")
    fieldsets = (
        (None, {"fields": ("unit", "number", "company", "homepage")}),
        (_("Contact person"), {"fields": ("contact_name", "contact_title", "email", "phone", "fax")}),
        (_("Address"), {"fields": ("street", "postal_code", "city", "region", "country")}),
    )

    def caption(self, row: Supplier) -> str:
        return f"{row.number} · {row.company}"


class ProductForm(VersionedForm):
    """Keeps a product within one unit."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        unit = self.cleaned_data.get("unit") or getattr(self.instance, "unit", None)
        category = self.cleaned_data.get("category")
        if unit is not None and category is not None:
            services.check_shelf(unit, category=category, supplier=self.cleaned_data.get("supplier"))
        return cleaned


class QuantityForm(forms.Form):
    quantity = forms.IntegerField(
        label=_("Pieces"), min_value=1, max_value=1_000_000, widget=UnfoldAdminIntegerFieldWidget
    )


class CountForm(ReasonForm):
    counted = forms.IntegerField(
        label=_("Counted pieces"), min_value=0, max_value=1_000_000_000, widget=UnfoldAdminIntegerFieldWidget
    )


class PriceInline(ChildInline):
    """A price is never changed: a new one begins."""

    model = Price
    ordering = ("currency", "-valid_from")
    fields = ("currency", "amount", "valid_from")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StockInline(ReadOnly, ChildInline):
    model = Stock
    fields = ("on_hand", "reserved", "on_order")


class NeedsReorder(SimpleListFilter):
    title = _("stock")
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("low", _("to reorder"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return cast("ProductQuerySet", queryset).to_reorder() if self.value() == "low" else queryset


def is_sold(product: Product) -> bool:
    return not product.is_discontinued


@admin.register(Product)
class ProductAdmin(UnitRecordAdmin):
    icon = "inventory_2"
    form = ProductForm
    list_display = ("number", "name", "category", "sold", "pieces")
    figures = ("pieces",)
    list_filter = ("is_discontinued", NeedsReorder, ("category", RecordFilter), ("supplier", RecordFilter), "unit")
    list_select_related = ("category", "stock")
    search_fields = ("number__istartswith", "name__istartswith")
    autocomplete_fields = ("category", "supplier")
    readonly_fields = ("is_discontinued",)
    inlines = (StockInline, PriceInline)
    actions = ("receive", "reorder", "correct", "discontinue")

    def caption(self, row: Product) -> str:
        return f"{row.number} · {row.name}"

    @display(description=_("sold"), label={"on sale": "success", "discontinued": "danger"})
    def sold(self, product: Product) -> tuple[str, Any]:
        return ("discontinued", _("discontinued")) if product.is_discontinued else ("on sale", _("on sale"))

    @display(description=_("free pieces"))
    def pieces(self, product: Product) -> int | None:
        return product.stock.available if hasattr(product, "stock") else None

    @each_row(verb="receive", title=_("Receive pieces"), form=QuantityForm)
    def receive(self, request: HttpRequest, product: Product, *, quantity: int) -> Stock:
        return services.receive_stock(product, quantity=quantity)

    @each_row(verb="reorder", title=_("Reorder pieces"), form=QuantityForm)
    def reorder(self, request: HttpRequest, product: Product, *, quantity: int) -> Stock:
        return services.reorder(product, quantity=quantity)

    @each_row(verb="correct", title=_("Correct the stock"), form=CountForm)
    def correct(self, request: HttpRequest, product: Product, *, reason: str, counted: int) -> Stock:
        return services.correct_stock(product, counted=counted, reason=reason)

    @each_row(verb="discontinue", title=_("Discontinue"), reason=True, when=is_sold)
    def discontinue(self, request: HttpRequest, product: Product, *, reason: str) -> Product:
        return services.discontinue(product)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        for price in formset.save(commit=False):
            services.set_price(price.product, currency=price.currency, amount=price.amount, valid_from=price.valid_from)


@admin.register(Stock)
class StockAdmin(ReadOnly, UnitRecordAdmin):
    icon = "warehouse"
    list_display = ("product", "on_hand", "reserved", "on_order", "unit")
    list_filter = (("product", RecordFilter), "unit")
    list_select_related = ("product",)
    search_fields = ("product__number__istartswith",)
    search_help_text = _("Beginning of the product's number")


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly, UnitRecordAdmin):
    icon = "swap_vert"
    list_display = ("product", "kind", "quantity", "created_at", "unit")
    list_filter = ("kind", ("product", RecordFilter), "unit")
    list_select_related = ("product",)
    search_fields = ("product__number__istartswith",)
    search_help_text = _("Beginning of the product's number")


@admin.register(Reservation)
class ReservationAdmin(ReadOnly, UnitRecordAdmin):
    icon = "bookmark"
    list_display = ("product", "quantity", "status", "created_at", "unit")
    list_filter = ("status", ("product", RecordFilter), "unit")
    list_select_related = ("product",)
    search_fields = ("product__number__istartswith",)
    search_help_text = _("Beginning of the product's number")


@admin.register(Price)
class PriceAdmin(ReadOnly, UnitRecordAdmin):
    icon = "sell"
    list_display = ("product", "amount", "currency", "valid_from", "unit")
    list_filter = ("currency", ("product", RecordFilter), "unit")
    list_select_related = ("product",)
    search_fields = ("product__number__istartswith",)
    search_help_text = _("Beginning of the product's number")


@admin.register(ProductGrant)
class ProductGrantAdmin(GrantAdmin):
    """Grants on products."""
