"""What every admin stands on: rows one may see, verbs one may do, refusals as sentences."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.access.admin.lists import RecordChangeList
from apps.access.lists import CappedPaginator, TooDeep, TooWide, within_budget
from apps.access.models import Unit
from apps.access.querysets import UnitRecordQuerySet
from apps.access.version import RowVersion
from apps.accounts.models import User
from apps.kernel.errors import BusinessError
from apps.kernel.trail import because

HistoryView = Callable[["RecordAdmin", HttpRequest, Model], HttpResponse]
_history: list[HistoryView] = []


def show_history(view: HistoryView) -> HistoryView:
    """Registers the page behind the history tab of every record; called by the app that keeps the history."""
    _history[:] = [view]
    return view


def _permission(options: Any, verb: str) -> str:
    return f"{options.app_label}.{verb}_{options.model_name}"


class VersionedForm(forms.ModelForm):
    """Refuses to save over a change that somebody else made after the page was opened.

    A form of an admin of ours inherits from this one.
    """

    refusal: BusinessError | None = None
    row_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["row_version"] = getattr(self.instance, "row_version", None)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal is not None:
            raise forms.ValidationError(str(self.refusal), code=self.refusal.code)
        seen = self.cleaned_data.get("row_version")
        present = getattr(self.instance, "row_version", None)
        if seen is not None and present is not None and seen != present:
            raise forms.ValidationError(
                _("Somebody else changed this record while you had it open. Reload the page and repeat your change."),
                code="stale_record",
            )
        return cleaned


class RecordAdmin(ModelAdmin):
    """Rows of the platform that belong to no unit."""

    form = VersionedForm
    icon = "table_rows"
    """Name of a Material symbol, for the menu."""
    title: Any = ""
    """What the menu calls the page, where the plural of the model says too little."""
    section = ""
    """Label of the app under whose heading of the menu the page stands; its own when none is named."""
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    sortable_by: Any = ()
    """Columns that an index orders, so that a list of any length can be sorted by them."""
    compressed_fields = True
    warn_unsaved_form = True
    list_filter_submit = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(row_version=RowVersion())

    def caption(self, row: Any) -> str:
        """What people call this row, shown to those who may see it; `__str__` shows nothing personal."""
        return str(row)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordChangeList]:
        return RecordChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method != "GET":
            return super().changelist_view(request, extra_context)
        try:
            with within_budget():
                answer = super().changelist_view(request, extra_context)
                return answer.render() if isinstance(answer, TemplateResponse) else answer
        except (TooWide, TooDeep) as refusal:
            context = {**self.admin_site.each_context(request), "refusal": refusal, "opts": self.opts}
            return TemplateResponse(request, "admin/refused.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)

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

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = db_field.related_model._default_manager.all()
        if "queryset" not in kwargs and isinstance(related, UnitRecordQuerySet):
            kwargs["queryset"] = related.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = db_field.related_model._default_manager.all()
        if "queryset" not in kwargs and isinstance(related, UnitRecordQuerySet):
            kwargs["queryset"] = related.visible_to(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A rule that refuses a save is an error of the form, and nothing that was typed is lost."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except BusinessError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

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
        granted = self.model._default_manager.all().granted_to(request.user, verb)
        return obj is None and granted is not None and self.model._default_manager.filter(granted).exists()

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fixed = ["unit"] if obj is not None else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "unit":
            kwargs["queryset"] = Unit.objects.permitted(request.user, _permission(self.opts, "add"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ChildMixin:
    """Child rows on the page of their parent: they copy its unit, and their own permissions hold."""

    extra = 0
    exclude = ("unit",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[misc]

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]

        class InUnitOfParent(formset):  # type: ignore[valid-type, misc]
            def save_new(self, form: Any, commit: bool = True) -> Any:  # noqa: FBT001, FBT002
                form.instance.unit_id = self.instance.unit_id
                return super().save_new(form, commit=commit)

        return InUnitOfParent

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


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


RowAction = Callable[..., object]


def each_row(
    *, verb: str, title: Any, reason: bool = False, form: type[forms.Form] | None = None
) -> Callable[[RowAction], Any]:
    """An admin action that calls one service per chosen row and shows each refusal by the row's business key.

    The method gets `(self, request, row)`. With a `form` a page asks first and the method gets each answer by its name;
    `reason=True` is the form that asks for a reason alone. Rows on which the user may not do `<verb>_<model>` are
    refused.
    """
    asked = ReasonForm if reason else form

    def decorate(method: RowAction) -> Any:
        @wraps(method)
        def run(self: RecordAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            answers: dict[str, Any] = {}
            if asked is not None:
                filled = asked(request.POST if asked.base_fields.keys() & request.POST.keys() else None)
                if not filled.is_valid():
                    return _ask(self, request, queryset, filled, run, title)
                answers = filled.cleaned_data
            done = 0
            for row in queryset.order_by("pk"):
                done += _one(self, request, row, verb, method, answers)
            if done:
                said = ngettext("%(count)s record done.", "%(count)s records done.", done) % {"count": done}
                self.message_user(request, said, messages.SUCCESS)
            return None

        run.short_description = title  # type: ignore[attr-defined]
        run.verb = verb  # type: ignore[attr-defined]
        return run

    return decorate


def _one(
    model_admin: RecordAdmin, request: HttpRequest, row: Model, verb: str, method: RowAction, answers: dict[str, Any]
) -> bool:
    if not model_admin.may(request, verb, row):
        refusal = _("%(row)s: you may not do this here.") % {"row": row}
        model_admin.message_user(request, refusal, messages.ERROR)
        return False
    try:
        with transaction.atomic(), because(answers.get("reason", "")):
            method(model_admin, request, row, **answers)
    except BusinessError as refusal:
        model_admin.message_user(request, f"{row}: {refusal}", messages.ERROR)
        return False
    return True


def _ask(
    model_admin: RecordAdmin, request: HttpRequest, queryset: QuerySet[Any], form: forms.Form, run: Any, title: Any
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "rows": queryset.order_by("pk"),
        "form": form,
        "action": run.__name__,
        "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/ask.html", context)
