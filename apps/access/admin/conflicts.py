"""Two people, one row: the second is told, shown the difference, and chooses field by field. Nothing typed is lost.

What a row was when its page was opened travels in the page itself, signed (docs/decisions/0660).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin.options import InlineModelAdmin
from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.formsets import DELETION_FIELD_NAME, INITIAL_FORM_COUNT, TOTAL_FORM_COUNT
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from unfold.forms import PaginationInlineFormSet

from apps.accounts.models import User
from apps.kernel.errors import BusinessError

Posted = dict[str, list[str]]
"""What a browser sends for one field: the values by the suffix of their input's name."""
EMPTY = "–"


@dataclass(frozen=True)
class Change:
    """What somebody did to a row."""

    who: str
    at: datetime
    action: str
    fields: dict[str, tuple[str, str, str]]
    """Label, old and new value by the name of the field."""


Teller = Callable[[User, Model, datetime], list[Change]]
_tellers: list[Teller] = []


def tell_changes(teller: Teller) -> Teller:
    """Registers who can say what happened to a row since a moment; called by the app that keeps the history."""
    _tellers[:] = [teller]
    return teller


@dataclass(frozen=True)
class Clash:
    """One field that somebody else changed, and what there is to choose from."""

    name: str
    label: str
    opened: str
    present: str
    typed: str
    was_typed: bool


@dataclass
class Conflict:
    """One row that somebody else changed."""

    row: Model
    caption: str
    since: datetime
    clashes: list[Clash] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    others: list[tuple[str, str, str]] = field(default_factory=list)

    def explain(self, reader: User, readable: set[str]) -> None:
        """Who did it and what else he did, as far as this page shows it."""
        for teller in _tellers:
            self.changes = teller(reader, self.row, self.since)
        for change in self.changes:
            self.others += [said for name, said in change.fields.items() if name in readable - self.shown]


class OpenedField(forms.CharField):
    """Not a value of the row, so nothing that changes it."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class VersionedForm(forms.ModelForm):
    """Refuses to save over a change that somebody else made after the page was opened, and shows it.

    A form of an admin of ours inherits from this one.
    """

    refusal: BusinessError | None = None
    conflict: Conflict | None = None
    row_version = OpenedField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["row_version"] = None
        if "row_version" not in self.fields or getattr(self.instance, "row_version", None) is None:
            return
        if self.is_bound:
            self._choose()
        else:
            self.initial["row_version"] = self._sealed(typed={})

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal is not None:
            raise forms.ValidationError(str(self.refusal), code=self.refusal.code)
        said = self.data.get(self.add_prefix("row_version"))
        if not said or getattr(self.instance, "row_version", None) is None:
            return cleaned
        opened = self._opened()
        if opened is None:
            raise forms.ValidationError(_("This page was opened too long ago. Reload it and repeat your change."))
        if opened["version"] != self.instance.row_version:
            self._compare(opened)
            raise forms.ValidationError(
                _("Somebody else changed this record while you had it open. Choose what to keep, then save again."),
                code="stale_record",
            )
        return cleaned

    def was_touched(self) -> bool:
        """Whether something was typed since the page was opened, whatever the row is now."""
        opened = self._opened() or {"values": {}}
        return any(self._differs(name, was, self._posted(name)) for name, was in opened["values"].items())

    def _choose(self) -> None:
        """Takes over another's value where that was chosen and nothing else was typed since."""
        opened = self._opened()
        for name, typed in (opened or {}).get("typed", {}).items():
            chosen = self.data.get(self.add_prefix(f"keep-{name}"))
            if chosen == "theirs" and name in self.fields and self._posted(name) == typed:
                self._write(name, self._as_posted(name))

    def _compare(self, opened: dict[str, Any]) -> None:
        self.conflict = Conflict(self.instance, opened["caption"], parse_datetime(opened["at"]) or timezone.now())
        typed: dict[str, Posted] = {}
        for name, was in opened["values"].items():
            if name not in self.fields:
                continue
            mine, theirs = self._posted(name), self._as_posted(name)
            self.conflict.shown.add(name)
            if not self._differs(name, was, theirs) or not self._differs(name, theirs, mine):
                continue
            typed[name] = mine
            self.conflict.clashes.append(
                Clash(
                    name=self.add_prefix(f"keep-{name}"),
                    label=str(self[name].label),
                    opened=self._shown(name, was),
                    present=self._shown(name, theirs),
                    typed=self._shown(name, mine),
                    was_typed=self._differs(name, was, mine),
                )
            )
        self._write("row_version", {"": [self._sealed(typed=typed)]})

    def _salt(self) -> str:
        return f"opened:{self._meta.model._meta.label_lower}:{self.instance.pk}"

    def _sealed(self, *, typed: dict[str, Posted]) -> str:
        values = {
            name: self._as_posted(name)
            for name, each in self.fields.items()
            if name != "row_version" and not each.widget.is_hidden and not each.widget.needs_multipart_form
        }
        said = {
            "version": self.instance.row_version,
            "at": timezone.now().isoformat(),
            "caption": str(getattr(self.instance, "get_inline_title", self.instance)),
            "values": values,
            "typed": typed,
        }
        return signing.dumps(said, salt=self._salt(), compress=True)

    def _opened(self) -> dict[str, Any] | None:
        said = self.data.get(self.add_prefix("row_version"))
        try:
            return signing.loads(said, salt=self._salt()) if said else None
        except signing.BadSignature:
            return None

    def _suffixes(self, name: str) -> list[str]:
        return getattr(self.fields[name].widget, "widgets_names", [""])

    def _posted(self, name: str) -> Posted:
        html_name = self.add_prefix(name)
        sent = {suffix: self.data.getlist(html_name + suffix) for suffix in self._suffixes(name)}
        return {suffix: values for suffix, values in sent.items() if values}

    def _as_posted(self, name: str) -> Posted:
        """What the browser would send if nobody typed anything."""
        each = self.fields[name]
        value, widget = each.prepare_value(self.get_initial_for_field(each, name)), each.widget
        if isinstance(widget, forms.CheckboxInput):
            return {"": ["on"]} if value else {}
        if isinstance(widget, forms.MultiWidget):
            parts = zip(widget.widgets_names, widget.widgets, widget.decompress(value), strict=True)
            return {suffix: _texts(part.format_value(each)) for suffix, part, each in parts}
        return {"": _texts(widget.format_value(value))}

    def _write(self, name: str, posted: Posted) -> None:
        self.data = self.data.copy()
        for suffix in self._suffixes(name):
            self.data.setlist(self.add_prefix(name) + suffix, posted.get(suffix, []))

    def _raw(self, name: str, posted: Posted) -> Any:
        sent = MultiValueDict({f"it{suffix}": values for suffix, values in posted.items()})
        return self.fields[name].widget.value_from_datadict(sent, MultiValueDict(), "it")

    def _differs(self, name: str, one: Posted, other: Posted) -> bool:
        each, meant = self.fields[name], self._raw(name, one)
        if not isinstance(each, forms.ModelChoiceField | forms.MultipleChoiceField | forms.MultiValueField):
            try:
                meant = each.to_python(meant)
            except ValidationError:
                return one != other
        return each.has_changed(meant, self._raw(name, other))

    def _shown(self, name: str, posted: Posted) -> str:
        each, raw = self.fields[name], self._raw(name, posted)
        if isinstance(each, forms.ModelChoiceField) and raw:
            try:
                return each.label_from_instance(each.clean(raw))
            except ValidationError:
                return _("a record that you may not see")
        if isinstance(each, forms.BooleanField):
            return _("yes") if raw else _("no")
        choices = dict(_flat(getattr(each, "choices", ()))) if isinstance(each, forms.ChoiceField) else {}
        said = raw if isinstance(raw, list) else [raw]
        return ", ".join(str(choices.get(part, part)) for part in said if part not in (None, "")) or EMPTY


class ChildFormSet(PaginationInlineFormSet):
    """Children copy the unit of their parent; one that somebody deleted meanwhile is told, and what was typed stays."""

    inline: InlineModelAdmin

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gone: list[str] = []
        if self.is_bound:
            self._part_with_deleted()

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        for row in rows:
            row.get_inline_title = self.inline.caption(row)  # type: ignore[attr-defined]
        return rows

    def save_new(self, form: Any, commit: bool = True) -> Any:  # noqa: FBT001, FBT002
        form.instance.unit_id = self.instance.unit_id
        return super().save_new(form, commit=commit)

    def clean(self) -> None:
        super().clean()
        said = [
            _("%(row)s was deleted by somebody else while you had this page open.") % {"row": row} for row in self.gone
        ]
        said += [
            _("%(row)s was changed by somebody else while you had this page open. Look at it before you delete it.")
            % {"row": form.conflict.caption}
            for form in self.initial_forms
            if self.can_delete and self._should_delete_form(form) and form.conflict
        ]
        if said:
            raise ValidationError(said, code="stale_record")

    def _part_with_deleted(self) -> None:
        """A row that is gone becomes a new one if something was typed into it, and leaves the page otherwise."""
        management = self.management_form.cleaned_data
        first, total = management[INITIAL_FORM_COUNT], management[TOTAL_FORM_COUNT]
        key = self.model._meta.pk.name
        present = {str(row.pk) for row in self.get_queryset()}
        sent = [self.data.get(f"{self.prefix}-{number}-{key}") for number in range(first)]
        gone = {number for number, said in enumerate(sent) if said and said not in present}
        if not gone:
            return
        typed = [number for number in sorted(gone) if self._look_at_deleted(number, str(sent[number]))]
        order = [*(n for n in range(first) if n not in gone), *typed, *range(first, total)]
        parts = [self._part(number) for number in order]
        for number in range(total):
            for name in self._part(number):
                del self.data[f"{self.prefix}-{number}-{name}"]
        for number, part in enumerate(parts):
            new = order[number] in gone
            for name, values in part.items():
                if not new or name not in {key, "row_version", DELETION_FIELD_NAME}:
                    self.data.setlist(f"{self.prefix}-{number}-{name}", values)
        self.data[f"{self.prefix}-{INITIAL_FORM_COUNT}"] = str(first - len(gone))
        self.data[f"{self.prefix}-{TOTAL_FORM_COUNT}"] = str(len(order))
        del self.management_form

    def _part(self, number: int) -> dict[str, list[str]]:
        start = f"{self.prefix}-{number}-"
        return {name.removeprefix(start): self.data.getlist(name) for name in self.data if name.startswith(start)}

    def _look_at_deleted(self, number: int, key: str) -> bool:
        deleted = f"{self.prefix}-{number}-{DELETION_FIELD_NAME}" in self.data
        row = self.model(pk=key)
        form = self.form(data=self.data, prefix=f"{self.prefix}-{number}", instance=row, **self.form_kwargs)
        opened = form._opened()
        if not deleted:
            self.gone.append(opened["caption"] if opened else str(self.model._meta.verbose_name))
        return not deleted and form.was_touched()


def conflicts_of(form: VersionedForm, formsets: list[Any]) -> Iterator[tuple[Conflict, set[str]]]:
    """Every conflict on a page, with the names of the fields that the page shows of the row."""
    if form.conflict:
        yield form.conflict, set(form.fields)
    for formset in formsets:
        for child in formset.formset.initial_forms:
            if child.conflict:
                yield child.conflict, {*child.fields, *formset.readonly_fields}


def _texts(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [str(part) for part in value]
    return ["" if value is None else str(value)]


def _flat(choices: Any) -> Iterator[tuple[str, Any]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _flat(label)
        else:
            yield str(value), label
