import re
from typing import Any

from django import template
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils.text import capfirst

A_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")

register = template.Library()


@register.inclusion_tag("admin/crumbs.html", takes_context=True)
def crumbs(context: template.Context) -> dict[str, Any]:
    """Where the reader is: the list, the record as its page calls it, and what he does there."""
    page: Any = admin.site._registry.get(context["opts"].model) if context.get("opts") else None
    if page is None:
        return {"crumbs": [], "here": context.get("title", "")}
    called = page.title or capfirst(page.opts.verbose_name_plural)
    if context.get("cl"):
        return {"crumbs": [], "here": called}
    above = [(called, reverse(_address(page, "changelist")))]
    row = context.get("original") or context.get("object")
    if not isinstance(row, Model):
        return {"crumbs": above, "here": context.get("title", "")}
    caption = page.caption(row)
    name = capfirst(page.opts.verbose_name) if A_KEY.search(caption) else caption
    if context.get("adminform"):
        return {"crumbs": above, "here": name}
    return {
        "crumbs": [*above, (name, reverse(_address(page, "change"), args=[row.pk]))],
        "here": context.get("title", ""),
    }


def _address(page: Any, name: str) -> str:
    return f"admin:{page.opts.app_label}_{page.opts.model_name}_{name}"
