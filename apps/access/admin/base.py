"""What every admin stands on: rows one may see, verbs one may do, refusals as sentences."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import ForeignKey, Model, ProtectedError, QuerySet, RestrictedError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from apps.access.admin.conflicts import ChildFormSet, VersionedForm, conflicts_of
from apps.access.admin.deletion import Deletion, deletion_of
from apps.access.admin.filters import UnitFilter
from apps.access.admin.lists import Captioned, RecordChangeList
from apps.access.admin.verbs import ReasonForm, buttons, do, each_row
from apps.access.lists import CappedPaginator, TooDeep, TooWide, within_budget
from apps.access.models import Unit, UnitRecord
from apps.access.querysets import UnitRecordQuerySet
from apps.access.roles import roles_of
from apps.access.version import RowVersion
from apps.accounts.models import User
from apps.kernel import reads
from apps.kernel.errors import BusinessError

__all__ = [
    "ChildInline",
    "ReasonForm",
    "RecordAdmin",
    "StackedChildInline",
    "StaffRequest",
    "UnitRecordAdmin",
    "VersionedForm",
    "each_row",
    "show_history",
]

NUMBERS = (models.DecimalField, models.IntegerField)
HistoryView = Callable[["RecordAdmin", HttpRequest, Model], HttpResponse]
_history: list[HistoryView] = []


def show_history(view: HistoryView) -> HistoryView:
    """Registers the page behind the history tab of every record; called by the app that keeps the history."""
    _history[:] = [view]
    return view


def _permission(options: Any, verb: str) -> str:
    return f"{options.app_label}.{verb}_{options.model_name}"


class VisibleChoices:
    """A field that names another row offers, and takes, only rows that the reader may see, by their captions."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = db_field.related_model._default_manager.all()
        if "queryset" not in kwargs and isinstance(related, UnitRecordQuerySet):
            kwargs["queryset"] = related.visible_to(request.user)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        page = self.admin_site._registry.get(db_field.related_model)  # type: ignore[attr-defined]
        if isinstance(page, RecordAdmin):
            field.label_from_instance = page.named
        return field

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = db_field.related_model._default_manager.all()
        if "queryset" not in kwargs and isinstance(related, UnitRecordQuerySet):
            kwargs["queryset"] = related.visible_to(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class RecordAdmin(VisibleChoices, ModelAdmin):
    """Rows of the platform that belong to no unit."""

    form = VersionedForm
    icon = "table_rows"
    """Name of a Material symbol, for the menu."""
    title: Any = ""
    """What the menu calls the page, where the plural of the model says too little."""
    empty: Any = ""
    """What an empty list tells people to do, where they cannot add a row themselves."""
    section = ""
    """Label of the app under whose heading of the menu the page stands; its own when none is named."""
    paginator = CappedPaginator
    show_full_result_count = False
    empty_value_display = "–"
    list_per_page = 50
    list_max_show_all = 200
    sortable_by: Any = ()
    """Columns that an index orders, so that a list of any length can be sorted by them."""
    figures: tuple[str, ...] = ()
    """Columns of amounts that a method writes: they stand right-aligned, as the fields that hold numbers do."""
    compressed_fields = True
    warn_unsaved_form = True
    view_on_site = False
    change_form_before_template = "admin/conflicts.html"
    list_filter_submit = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(row_version=RowVersion())

    def right_aligned(self) -> list[str]:
        numbers = {field.name for field in self.opts.fields if isinstance(field, NUMBERS) and not field.choices}
        return [str(name) for name in self.list_display if name in numbers or name in self.figures]

    telling_nothing: tuple[str, ...] = ()
    """Filters that are no fields and whose values tell nothing about anybody, so that the trail may keep them."""

    def caption(self, row: Any) -> str:
        """What people call this row, shown to those who may see it; `__str__` shows nothing personal."""
        return str(row)

    def named(self, row: Any) -> str:
        """The caption, where another page shows it."""
        if type(self).caption is not RecordAdmin.caption:
            reads.show(type(row), [row.pk], door="name")
        return self.caption(row)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordChangeList]:
        return RecordChangeList

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self._column(name) for name in super().get_list_display(request)]

    def _column(self, name: Any) -> Any:
        """Rows of another kind are shown by their captions, where their page has any."""
        field = next((field for field in self.opts.concrete_fields if field.name == name), None)
        page = self.admin_site._registry.get(field.related_model) if isinstance(field, ForeignKey) else None
        has_captions = isinstance(page, RecordAdmin) and type(page).caption is not RecordAdmin.caption
        return Captioned(field) if has_captions else name

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [("unit", UnitFilter) if each == "unit" else each for each in super().get_list_filter(request)]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the list offers as a filter: any other column may be unindexed, or concealed."""
        named = [each[0] if isinstance(each, tuple) else each for each in (*self.list_filter, self.date_hierarchy)]
        names = [getattr(each, "parameter_name", each) for each in named]
        offered = {name.split("__", maxsplit=1)[0] for name in names if name}
        hidden = {field.name for field in self.opts.get_fields()} - offered
        return lookup.split("__", maxsplit=1)[0] not in hidden and super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method != "GET":
            return self._run_action(request, extra_context)
        try:
            with within_budget():
                answer = super().changelist_view(request, extra_context)
                if isinstance(answer, TemplateResponse):
                    self._note_list(request, answer)
                    answer.render()
                return answer
        except (TooWide, TooDeep) as refusal:
            context = {**self.admin_site.each_context(request), "refusal": refusal, "opts": self.opts}
            return TemplateResponse(request, "admin/refused.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)

    def _note_list(self, request: HttpRequest, answer: TemplateResponse) -> None:
        changelist = (answer.context_data or {}).get("cl")
        if changelist is not None:
            said = reads.filters_said(self.model, request.GET.dict(), self.telling_nothing)
            columns = [str(name) for name in self.list_display]
            reads.show(
                self.model, [row.pk for row in changelist.result_list], door="list", filters=said, fields=columns
            )

    def _run_action(self, request: HttpRequest, extra_context: dict[str, Any] | None) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().changelist_view(request, extra_context)
        except (ProtectedError, RestrictedError):
            self.message_user(request, _("Something still stands in the way. Nothing was deleted."), messages.ERROR)
        except BusinessError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except (ProtectedError, RestrictedError):
            self.message_user(request, _("Something still stands in the way. Nothing was deleted."), messages.ERROR)
        except BusinessError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Without the key, which tells people nothing."""
        reads.refuse_if_there(self.model, unquote(object_id))
        self.message_user(request, _("This record is not there any more, or you may not see it."), messages.WARNING)
        return HttpResponseRedirect(reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deletion:
        rows = list(objs)
        reads.show(self.model, [row.pk for row in rows], door="deletion")
        return deletion_of(self, request, rows)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """One beginning, spaces and all: "Maria A" finds Maria Anders."""
        words = " ".join(search_term.split()).replace("\\", r"\\").replace('"', r"\"")
        return super().get_search_results(request, queryset, f'"{words}"' if words else "")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        """A row about to change is locked for the length of the request's transaction."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and request.method == "POST" and transaction.get_connection().in_atomic_block:
            self.model._base_manager.select_for_update().filter(pk=row.pk).exists()
            row = super().get_object(request, object_id, from_field)
        return row

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = [name for name in super().get_fields(request, obj) if name != "row_version"]
        return [*fields, "row_version"] if self._may_write(request, obj) else fields

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.fieldsets and self._may_write(request, obj):
            return [*fieldsets, (None, {"fields": ["row_version"], "classes": ["hidden"]})]
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        keys = [name for name in ("created_at", "updated_at") if name in {field.name for field in self.opts.fields}]
        return [*super().get_readonly_fields(request, obj), *keys]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may(request, "delete", obj)

    def may(self, request: HttpRequest, verb: str, obj: Model | None = None) -> bool:
        return request.user.has_perm(_permission(self.opts, verb), obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A rule that refuses a save is an error of the form, and nothing that was typed is lost."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except BusinessError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        door = path("<path:object_id>/do/<str:verb>/", self.admin_site.admin_view(self.do_view), name=name)
        return [door, *super().get_urls()]

    def do_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """A verb of one row, reached by a button on its page."""
        row = self.get_object(request, unquote(object_id))
        run = getattr(self, verb, None) if verb in self.actions else None
        if row is None:
            reads.refuse_if_there(self.model, unquote(object_id))
        if row is None or not self.has_view_permission(request, row) or not hasattr(run, "method"):
            raise Http404
        if not self.may(request, run.verb, row):  # type: ignore[union-attr]
            reads.refuse(row, permission=_permission(self.opts, run.verb))  # type: ignore[union-attr]
            raise PermissionDenied
        return do(self, request, row, run)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form, obj = context["adminform"].form, context["original"]
        context["conflicts"] = []
        for conflict, names in conflicts_of(form, context["inline_admin_formsets"]):
            shown = flatten_fieldsets(self.get_fieldsets(request, obj)) if conflict is form.conflict else names
            conflict.explain(cast("User", request.user), set(shown))
            context["conflicts"].append(conflict)
        if obj is not None:
            fields = [name for name in flatten_fieldsets(self.get_fieldsets(request, obj)) if name != "row_version"]
            reads.show(self.model, [obj.pk], door="record", fields=fields)
            for children in context["inline_admin_formsets"]:
                keys = [form.instance.pk for form in children.formset.initial_forms]
                named = [name for name in flatten_fieldsets(children.fieldsets) if name != "row_version"]
                reads.show(children.opts.model, keys, door="children", filters={}, fields=named)
            context["actions_detail"] = [*(context.get("actions_detail") or ()), *buttons(self, request, obj)]
        return super().render_change_form(request, context, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def _filter_actions_by_permissions(self, request: HttpRequest, actions: list[Any]) -> list[Any]:
        allowed = [action for action in actions if self.may(request, getattr(action[0], "verb", "view"))]
        return super()._filter_actions_by_permissions(request, allowed)  # type: ignore[misc]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            reads.refuse_if_there(self.model, unquote(object_id))
        if row is None or not _history:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return _history[0](self, request, row)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:  # type: ignore[override]
        """The audit trail has it already."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:  # type: ignore[override]
        """The audit trail has it already."""

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:  # type: ignore[override]
        """The audit trail has it already."""

    def _may_write(self, request: HttpRequest, obj: Model | None) -> bool:
        return obj is not None and self.has_change_permission(request, obj)


class UnitRecordAdmin(RecordAdmin):
    """Business rows: the ones of the reader's units, and those granted to him."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        visible = cast("UnitRecordQuerySet", super().get_queryset(request)).visible_to(request.user)
        relations = {field.name for field in self.opts.concrete_fields if field.is_relation}
        named = self.list_select_related or ()
        return visible.select_related("unit", *relations.intersection(self.list_display), *named)

    def may(self, request: HttpRequest, verb: str, obj: Model | None = None) -> bool:
        if super().may(request, verb, obj):
            return True
        return obj is None and self.model._default_manager.all().is_granted_to(request.user, verb)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = ["unit", *self._out_of_sight(request, obj)] if isinstance(obj, UnitRecord) else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def _out_of_sight(self, request: HttpRequest, row: UnitRecord) -> Iterator[str]:
        """Relations to rows that the reader may not see: a choice that cannot show them would empty them."""
        roles = roles_of(cast("User", request.user))
        for field in self.opts.concrete_fields:
            model = field.related_model
            named = (
                isinstance(model, type) and issubclass(model, UnitRecord) and getattr(row, field.attname) is not None
            )
            if named and row.unit_id not in roles.units(_permission(model._meta, "view")):  # type: ignore[union-attr]
                yield field.name

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "unit":
            kwargs["queryset"] = Unit.objects.permitted(request.user, _permission(self.opts, "add"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ChildMixin(VisibleChoices):
    """Child rows on the page of their parent: they copy its unit, and their own permissions hold."""

    extra = 0
    exclude = ("unit",)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A table names its fields by the heading of the column, which nobody hears in a cell."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None:
            field.widget.attrs.setdefault("aria-label", capfirst(field.label))
        return field

    form = VersionedForm
    formset = ChildFormSet

    def right_aligned(self) -> list[str]:
        numbers = {field.name for field in self.opts.fields if isinstance(field, NUMBERS) and not field.choices}
        return [str(name) for name in self.list_display if name in numbers or name in self.figures]

    def caption(self, row: Any) -> str:
        """What people call this child; its own page decides where it has one."""
        page = cast("InlineModelAdmin", self).admin_site._registry.get(type(row))
        return page.caption(row) if isinstance(page, RecordAdmin) else str(row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).visible_to(request.user).annotate(row_version=RowVersion())  # type: ignore[misc]
        about_to_change = request.method == "POST" and transaction.get_connection().in_atomic_block
        return rows.select_for_update(of=("self",)) if about_to_change else rows

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fields = [name for name in super().get_fields(request, obj) if name != "row_version"]  # type: ignore[misc]
        return [*fields, "row_version"] if self.has_change_permission(request, obj) else fields

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]
        formset.inline = self
        return formset

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(_permission(cast("InlineModelAdmin", self).opts, "view"), obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(_permission(cast("InlineModelAdmin", self).opts, "add"), obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(_permission(cast("InlineModelAdmin", self).opts, "change"), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(_permission(cast("InlineModelAdmin", self).opts, "delete"), obj)


class ChildInline(ChildMixin, TabularInline):
    """Child rows as a table."""


class StackedChildInline(ChildMixin, StackedInline):
    """Child rows one below the other."""


class StaffRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User
