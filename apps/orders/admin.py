from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.access.admin.base import ChildInline, UnitRecordAdmin, VersionedForm, each_row
from apps.access.admin.filters import RecordFilter
from apps.access.admin.grants import GrantAdmin
from apps.orders import services
from apps.orders.models import Order, OrderGrant, OrderLine, Shipper

COLOURS = {
    "draft": "info",
    "placed": "primary",
    "paid": "warning",
    "shipped": "warning",
    "delivered": "success",
    "cancelled": "danger",
    "returned": "danger",
}
WRITTEN_BY_SERVICES = (
    "status",
    "placed_on",
    "paid_on",
    "shipped_on",
    "delivered_on",
    "ended_on",
    "net",
    "tax",
    "total",
)


@admin.register(Shipper)
class ShipperAdmin(UnitRecordAdmin):
    icon = "local_shipping"
    list_display = ("number", "name", "phone", "unit", "updated_at")
    list_filter = ("unit",)
    search_fields = ("number__istartswith", "name__istartswith")
    search_help_text = _("Beginning of the number or the name")


class LineForm(VersionedForm):
    """A price or tax rate left empty comes from the catalog."""

    class Meta:
        model = OrderLine
        fields = ("product", "quantity", "unit_price", "discount", "tax_rate")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"unit_price", "tax_rate"} & set(self.fields):
            self.fields[name].required = False
        if self.instance._state.adding:
            self.initial["tax_rate"] = None

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        for name in ("unit_price", "tax_rate"):
            if self.cleaned_data.get(name) is None:
                setattr(self.instance, name, None)


class LineInline(ChildInline):
    """Lines change in a draft only."""

    model = OrderLine
    form = LineForm
    fields = ("product", "quantity", "unit_price", "discount", "tax_rate", "net", "tax")
    readonly_fields = ("net", "tax")
    autocomplete_fields = ("product",)

    def caption(self, row: OrderLine) -> str:
        return f"{row.product.number} · {row.product.name}"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)


def _is_draft(order: Order | None) -> bool:
    return order is None or order.status == Order.Status.DRAFT


class OrderForm(VersionedForm):
    """Keeps an order within one unit, and gives it the next number where none was typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "number" in self.fields:
            self.fields["number"].required = False
            self.fields["number"].help_text = _("Left empty, the next one is given.")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        unit = self.cleaned_data.get("unit") or getattr(self.instance, "unit", None)
        for name in ("customer", "agent", "shipper"):
            row = self.cleaned_data.get(name)
            if row is not None and unit is not None and row.unit_id != unit.pk:
                self.add_error(name, str(services.OtherUnit()))
        if unit is not None and self.instance._state.adding and not self.errors and not self.cleaned_data.get("number"):
            self.cleaned_data["number"] = services.next_number(unit)
        return cleaned


def may_go(to: Order.Status) -> Callable[[Order], bool]:
    return lambda order: to.value in order.allowed


@admin.register(Order)
class OrderAdmin(UnitRecordAdmin):
    icon = "shopping_cart"
    form = OrderForm
    list_display = ("number", "customer", "state", "placed_on", "amount")
    figures = ("amount",)
    list_filter = ("status", ("customer", RecordFilter), ("agent", RecordFilter), ("shipper", RecordFilter), "unit")
    date_hierarchy = "placed_on"
    list_select_related = ("customer", "unit")
    search_fields = ("number__istartswith",)
    search_help_text = _("Beginning of the number")
    ordering = ("-pk",)
    sortable_by = ("placed_on",)
    autocomplete_fields = ("customer", "agent", "shipper")
    inlines = (LineInline,)
    actions = ("place", "pay", "ship", "deliver", "cancel", "take_back", "take_back_broken")
    fieldsets = (
        (None, {"fields": ("unit", "number", "status", "customer", "agent", "shipper")}),
        (
            _("Days"),
            {"fields": ("required_on", "placed_on", "paid_on", "shipped_on", "delivered_on", "ended_on")},
        ),
        (_("Amounts"), {"fields": ("currency", "freight", "discount", "net", "tax", "total")}),
        (
            _("Delivery"),
            {"fields": ("ship_name", "ship_street", "ship_postal_code", "ship_city", "ship_region", "ship_country")},
        ),
    )

    @display(description=_("state"), label=COLOURS)
    def state(self, order: Order) -> tuple[str, Any]:
        return order.status, order.get_status_display()

    @display(description=_("total"))
    def amount(self, order: Order) -> str:
        return f"{number_format(order.total, decimal_pos=2, use_l10n=True, force_grouping=True)} {order.currency}"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = {*WRITTEN_BY_SERVICES}
        if obj is not None:
            fixed.add("number")
        if not _is_draft(obj):
            fixed |= services.FIXED_ONCE_PLACED - {"lines"}
        return [*super().get_readonly_fields(request, obj), *sorted(fixed)]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        changeable = obj is None or obj.status in services.CHANGEABLE
        return changeable and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Order, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            services.check_changeable(obj, form.changed_data)
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        order = formset.instance
        lines = formset.save(commit=False)
        if lines or formset.deleted_objects:
            services.check_changeable(order, ["lines"])
        for line in formset.deleted_objects:
            line.delete()
        for line in lines:
            services.fill_in(order, line).save()
        services.recalculate(Order.objects.filter(pk=order.pk))

    @each_row(verb="place", title=_("Place"), when=may_go(Order.Status.PLACED))
    def place(self, request: HttpRequest, order: Order) -> Order:
        return services.place_order(order, on=timezone.localdate())

    @each_row(verb="pay", title=_("Mark as paid"), when=may_go(Order.Status.PAID))
    def pay(self, request: HttpRequest, order: Order) -> Order:
        return services.pay_order(order, on=timezone.localdate())

    @each_row(verb="ship", title=_("Ship"), when=may_go(Order.Status.SHIPPED))
    def ship(self, request: HttpRequest, order: Order) -> Order:
        return services.ship_order(order, on=timezone.localdate())

    @each_row(verb="deliver", title=_("Mark as delivered"), when=may_go(Order.Status.DELIVERED))
    def deliver(self, request: HttpRequest, order: Order) -> Order:
        return services.deliver_order(order, on=timezone.localdate())

    @each_row(verb="cancel", title=_("Cancel"), reason=True, when=may_go(Order.Status.CANCELLED))
    def cancel(self, request: HttpRequest, order: Order, *, reason: str) -> Order:
        return services.cancel_order(order, on=timezone.localdate(), reason=reason)

    @each_row(verb="return", title=_("Take back, to be sold again"), reason=True, when=may_go(Order.Status.RETURNED))
    def take_back(self, request: HttpRequest, order: Order, *, reason: str) -> Order:
        return services.return_order(order, on=timezone.localdate(), reason=reason, restock=True)

    @each_row(verb="return", title=_("Take back, not to be sold"), reason=True, when=may_go(Order.Status.RETURNED))
    def take_back_broken(self, request: HttpRequest, order: Order, *, reason: str) -> Order:
        return services.return_order(order, on=timezone.localdate(), reason=reason, restock=False)


@admin.register(OrderGrant)
class OrderGrantAdmin(GrantAdmin):
    """Grants on orders."""
