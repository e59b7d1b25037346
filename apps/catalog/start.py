from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.access.panels import Content, Line, Tone, beginning, panel
from apps.accounts.models import User
from apps.catalog.models import Product


@panel(
    "products-to-reorder",
    title=_("Products to reorder"),
    icon="inventory_2",
    permission="catalog.view_stock",
    later=True,
    empty=_("Of every product enough is in stock or on its way. One that runs low appears here."),
)
def to_reorder(user: User) -> Content:
    """The scarcest first."""
    rows = Product.objects.visible_to(user).to_reorder().order_by("coming", "number", "pk")
    return beginning(rows, _short, link=reverse("admin:catalog_product_changelist"))


def _short(product: Product) -> Line:
    return Line(
        text=f"{product.number} {product.name}",
        link=reverse("admin:catalog_product_change", args=[product.pk]),
        note=_("reorder at %(level)s") % {"level": product.reorder_level},
        label=_("%(coming)s left or on the way") % {"coming": product.coming},
        tone=Tone.LATE if product.coming <= 0 else Tone.SOON,
    )
