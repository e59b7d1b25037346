"""Writes the lines of an export set by set: keys and references are looked up in bulk, only differences are written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DataError, IntegrityError, connection, models, transaction
from django.utils import timezone
from psycopg import sql

from apps.access.models import Unit
from apps.integrations.imports.conversion import Convert, Unconvertible, converter
from apps.integrations.imports.profile import FileRule, ModelRule, Rule, has_unit
from apps.integrations.imports.report import BadRow, Report, value_class
from apps.integrations.imports.source import Line
from apps.kernel.classification import classification_of

CHUNK = 1_000
Key = tuple[Any, ...]


@dataclass
class Written:
    """The rows of one model that one file created or changed."""

    model: type[models.Model]
    created: list[models.Model] = field(default_factory=list)
    changed: list[tuple[models.Model, dict[str, Any]]] = field(default_factory=list)
    """Each changed row with its values before."""


@dataclass
class _Draft:
    """A line on its way to a row."""

    line: Line
    values: dict[str, Any] = field(default_factory=dict)
    lookups: dict[str, Key | None] = field(default_factory=dict)
    row: models.Model | None = None
    created: bool = False
    before: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Attempt:
    """One go at a file. It is repeated without the lines that it refused."""

    file: FileRule
    bad: list[BadRow] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)
    """The numbers of the refused lines."""
    made: dict[str, dict[int, Any]] = field(default_factory=dict)
    """Alias of a model → number of the line → key of its row."""
    drafts: list[tuple[ModelRule, list[_Draft]]] = field(default_factory=list)

    def refuse(self, line: Line, model: str, reason: str, rule: Rule | None = None) -> None:
        texts = [line.cells[column] for column in rule.columns] if rule else []
        text = next((found for found in texts if found is not None), None)
        shown = rule is not None and text is not None and not is_personal(rule)
        self.lines.add(line.number)
        self.bad.append(
            BadRow(
                file=self.file.name,
                line=line.number,
                column=", ".join(rule.columns) if rule else "",
                model=model,
                field=rule.target.name if rule else "",
                value_class=value_class(text) if rule and rule.columns else "",
                value=str(text)[:80] if shown else "",
                reason=reason,
            )
        )


def is_personal(rule: Rule) -> bool:
    """Whether the text from which this value comes may tell something about a person."""
    if rule.by:
        return any(is_personal(part) for part in rule.by.values())
    declared = classification_of(rule.target.model)
    kind = declared.kinds().get(rule.target.name) if declared else None
    return kind is None or kind.is_personal


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


class Writer:
    """Holds what one import knows while it goes from file to file."""

    def __init__(self, unit: Unit, report: Report) -> None:
        self.unit = unit
        self.report = report
        self.written: list[Written] = []
        self.unread: set[type[models.Model]] = set()
        """Models of files that could not be used: references to them are not judged."""
        self.refused: dict[type[models.Model], list[dict[str, Any]]] = {}

    def write(self, file: FileRule, lines: list[Line]) -> None:
        """Write all good lines of a file. A line is written with all its models or not at all."""
        while True:
            attempt = _Attempt(file)
            point = transaction.savepoint()
            outcome = self._attempt(attempt, lines)
            self.report.bad_rows += attempt.bad
            if not attempt.lines:
                transaction.savepoint_commit(point)
                break
            transaction.savepoint_rollback(point)
            lines = [line for line in lines if line.number not in attempt.lines]
        for rule, drafts in attempt.drafts:
            self._count(rule, drafts)
        self.written += [written for written in outcome if written.created or written.changed]

    def _count(self, rule: ModelRule, drafts: list[_Draft]) -> None:
        counts = self.report.models[rule.label]
        created = sum(draft.created for draft in drafts)
        changed = sum(bool(draft.before) for draft in drafts)
        counts.created += created
        counts.changed += changed
        counts.unchanged += len(drafts) - created - changed

    def _attempt(self, attempt: _Attempt, lines: list[Line]) -> list[Written]:
        for rule in attempt.file.models:
            drafts = self._plan(attempt, rule, [line for line in lines if line.number not in attempt.lines])
            attempt.drafts.append((rule, drafts))
        outcome = []
        for rule, drafts in attempt.drafts:
            good = [draft for draft in drafts if draft.line.number not in attempt.lines]
            outcome.append(self._save(attempt, rule, good))
        return outcome

    def _plan(self, attempt: _Attempt, rule: ModelRule, lines: list[Line]) -> list[_Draft]:
        drafts = self._convert(attempt, rule, lines)
        own = {name for name, value in rule.fields.items() if value.reference is rule.model}
        for name in rule.fields:
            if name not in own:
                self._relate(attempt, rule, name, drafts, {})
        drafts = self._find(attempt, rule, [draft for draft in drafts if self._stands(attempt, draft)])
        for name in own:
            by = tuple(rule.fields[name].by)
            here = {tuple(draft.values.get(part) for part in by): draft.row.pk for draft in drafts if draft.row}
            self._relate(attempt, rule, name, drafts, here)
        for draft in drafts:
            if self._stands(attempt, draft):
                self._fill(attempt, rule, draft)
        return [draft for draft in drafts if self._stands(attempt, draft)]

    @staticmethod
    def _stands(attempt: _Attempt, draft: _Draft) -> bool:
        return draft.line.number not in attempt.lines

    def _convert(self, attempt: _Attempt, rule: ModelRule, lines: list[Line]) -> list[_Draft]:
        """Every cell of every line, so that a line tells all its mistakes at once."""
        plain = {name: converter(value) for name, value in rule.fields.items() if not value.target.is_relation}
        lookups = {
            name: {part: converter(by) for part, by in value.by.items()}
            for name, value in rule.fields.items()
            if value.reference
        }
        drafts = []
        for line in lines:
            if not all(line.cells[column] for column in rule.when):
                continue
            draft = _Draft(line)
            for name, convert in plain.items():
                self._one(attempt, rule, line, rule.fields[name], convert, draft.values, name)
            for name, parts in lookups.items():
                found: dict[str, Any] = {}
                for part, convert in parts.items():
                    self._one(attempt, rule, line, rule.fields[name].by[part], convert, found, part)
                missing = any(value is None or value == "" for value in found.values())
                draft.lookups[name] = None if missing else tuple(found.values())
            if line.number in attempt.lines:
                self.refused.setdefault(rule.model, []).append(draft.values)
            else:
                drafts.append(draft)
        return drafts

    @staticmethod
    def _one(
        attempt: _Attempt, model: ModelRule, line: Line, rule: Rule, convert: Convert, into: dict[str, Any], name: str
    ) -> None:
        try:
            into[name] = convert(line.cells)
        except Unconvertible as error:
            attempt.refuse(line, model.label, str(error), rule)

    def _relate(
        self, attempt: _Attempt, rule: ModelRule, name: str, drafts: list[_Draft], here: dict[Key, Any]
    ) -> None:
        """Turn what a line says about another row into that row's key."""
        value = rule.fields[name]
        if value.row:
            self._relate_within(attempt, rule, value, drafts)
        if value.reference is None:
            return
        wanted = {key for draft in drafts if (key := draft.lookups[name]) and key not in here}
        found = self._keys(value.reference, tuple(value.by), wanted) | here
        refused = {tuple(row.get(part) for part in value.by) for row in self.refused.get(value.reference, [])}
        for draft in drafts:
            key = draft.lookups[name]
            draft.values[value.target.attname] = found.get(key) if key else None
            if key is None and not value.target.null:
                attempt.refuse(draft.line, rule.label, "This must name a row.", value)
            elif key and key not in found and not value.optional:
                self._unknown(attempt, rule, value, draft, refused=key in refused)

    @staticmethod
    def _relate_within(attempt: _Attempt, rule: ModelRule, value: Rule, drafts: list[_Draft]) -> None:
        """The row that an earlier model made of the same line."""
        made = attempt.made[value.row]
        for draft in drafts:
            draft.values[value.target.attname] = made.get(draft.line.number)
            if draft.values[value.target.attname] is None and not value.target.null:
                attempt.refuse(draft.line, rule.label, f"The line describes no {value.row}.", value)

    def _unknown(self, attempt: _Attempt, rule: ModelRule, value: Rule, draft: _Draft, *, refused: bool) -> None:
        if value.reference in self.unread:
            attempt.lines.add(draft.line.number)
            return
        label, by = cast("type[models.Model]", value.reference)._meta.label_lower, ", ".join(value.by)
        said = f"The {label} that it names was refused." if refused else f"There is no {label} with this {by}."
        attempt.refuse(draft.line, rule.label, said, value)
        self.refused.setdefault(rule.model, []).append(draft.values)

    def _scope(self, model: type[models.Model]) -> models.QuerySet[Any]:
        rows = model._base_manager.all()
        return rows.filter(unit=self.unit) if has_unit(model) else rows

    def _keys(self, model: type[models.Model], by: tuple[str, ...], wanted: set[Key]) -> dict[Key, Any]:
        found: dict[Key, Any] = {}
        for chunk in chunks({key[0] for key in wanted}):
            rows = self._scope(model).filter(**{f"{by[0]}__in": chunk}).values_list("pk", *by)
            found |= {tuple(key): pk for pk, *key in rows}
        return found

    def _find(self, attempt: _Attempt, rule: ModelRule, drafts: list[_Draft]) -> list[_Draft]:
        """Give each draft the row that has its key, or a new one."""
        names = tuple(rule.model._meta.get_field(name).attname for name in rule.key)  # type: ignore[union-attr]
        present: dict[Key, models.Model] = {}
        for chunk in chunks({draft.values.get(names[0]) for draft in drafts}):
            rows = self._scope(rule.model).filter(**{f"{names[0]}__in": chunk}).select_for_update(of=("self",))
            present |= {tuple(getattr(row, name) for name in names): row for row in rows.order_by("pk")}
        made = attempt.made.setdefault(rule.alias, {})
        first: dict[Key, _Draft] = {}
        for draft in drafts:
            key = tuple(draft.values.get(name) for name in names)
            if key in first:
                self._again(attempt, rule, draft, first[key], made)
                continue
            first[key] = draft
            row = present.get(key)
            draft.created = row is None
            draft.row = rule.model() if row is None else row
            made[draft.line.number] = draft.row.pk
        return list(first.values())

    @staticmethod
    def _again(attempt: _Attempt, rule: ModelRule, draft: _Draft, first: _Draft, made: dict[int, Any]) -> None:
        if rule.shared and first.row is not None:
            made[draft.line.number] = first.row.pk
            return
        key = [rule.fields[name] for name in rule.key]
        reason = f"Line {first.line.number} has the same {', '.join(rule.key)}."
        attempt.refuse(draft.line, rule.label, reason, next((part for part in key if part.columns), None))

    def _fill(self, attempt: _Attempt, rule: ModelRule, draft: _Draft) -> None:
        """Put the values into the row, remember what they replace and let the model judge them."""
        row = cast("models.Model", draft.row)
        touched = []
        for name, value in rule.fields.items():
            attname = value.target.attname
            new = draft.values[attname]
            if draft.created:
                touched.append(name)
            elif value.initial or getattr(row, attname) == new:
                continue
            else:
                draft.before[attname] = getattr(row, attname)
                touched.append(name)
            setattr(row, attname, new)
        if draft.created and rule.has_unit:
            row.unit_id = self.unit.pk  # type: ignore[attr-defined]
        if touched:
            self._judge(attempt, rule, draft, row, touched)

    def _judge(
        self, attempt: _Attempt, rule: ModelRule, draft: _Draft, row: models.Model, touched: Sequence[str]
    ) -> None:
        judged = {name for name in touched if not rule.fields[name].target.is_relation}
        try:
            row.clean_fields(exclude={found.name for found in row._meta.fields if found.name not in judged})
            if type(row).clean is not models.Model.clean:
                row.clean()
        except ValidationError as error:
            errors = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
            for name, found in errors.items():
                value = rule.fields.get(name)
                for one in found:
                    attempt.refuse(draft.line, rule.label, _sentence(one, value), value)
            self.refused.setdefault(rule.model, []).append(draft.values)

    def _save(self, attempt: _Attempt, rule: ModelRule, drafts: list[_Draft]) -> Written:
        written = Written(rule.model)
        created = [draft for draft in drafts if draft.created]
        changed = [draft for draft in drafts if draft.before]
        within = [value for value in rule.fields.values() if value.reference is rule.model]
        for chunk in chunks(created, max(len(created), 1) if within else CHUNK):
            self._bisect(attempt, rule, chunk, self._insert)
        for chunk in chunks(changed):
            self._bisect(attempt, rule, chunk, self._update)
        for value in within:
            self._refuse_circles(attempt, rule, value, [*created, *changed])
        written.created = [draft.row for draft in created if draft.row]
        written.changed = [(draft.row, draft.before) for draft in changed if draft.row]
        return written

    def _refuse_circles(self, attempt: _Attempt, rule: ModelRule, value: Rule, drafts: list[_Draft]) -> None:
        """Rows that refer to rows of their own kind form a tree."""
        lines = {draft.row.pk: draft for draft in drafts if draft.row}
        for key in above_themselves(rule.model, value.target.attname, list(lines)):
            attempt.refuse(lines[key].line, rule.label, "The row stands above itself, through others.", value)
            self.refused.setdefault(rule.model, []).append(lines[key].values)

    @staticmethod
    def _insert(rule: ModelRule, drafts: list[_Draft]) -> None:
        rule.model._base_manager.bulk_create([draft.row for draft in drafts if draft.row], batch_size=CHUNK)

    @staticmethod
    def _update(rule: ModelRule, drafts: list[_Draft]) -> None:
        names = {attname for draft in drafts for attname in draft.before}
        if any(found.name == "updated_at" for found in rule.model._meta.fields):
            names.add("updated_at")
            now = timezone.now()
            for draft in drafts:
                draft.row.updated_at = now  # type: ignore[union-attr]
        fields = [found.name for found in rule.model._meta.concrete_fields if found.attname in names]
        rule.model._base_manager.bulk_update([draft.row for draft in drafts if draft.row], fields)

    def _bisect(self, attempt: _Attempt, rule: ModelRule, drafts: list[_Draft], save: Any) -> None:
        """Save all, or find the lines to which a constraint of the database objects."""
        try:
            with transaction.atomic():
                save(rule, drafts)
                check_constraints()
        except (IntegrityError, DataError) as error:
            if len(drafts) == 1:
                attempt.refuse(drafts[0].line, rule.label, _objection(rule.model, error))
                self.refused.setdefault(rule.model, []).append(drafts[0].values)
                return
            middle = len(drafts) // 2
            self._bisect(attempt, rule, drafts[:middle], save)
            self._bisect(attempt, rule, drafts[middle:], save)


def above_themselves(model: type[models.Model], column: str, keys: list[Any]) -> list[Any]:
    """Those of the rows to which their own references lead back."""
    chain = sql.SQL(
        "WITH RECURSIVE above(start, id) AS ("
        " SELECT id, {column} FROM {table} WHERE id = ANY(%s)"
        " UNION SELECT above.start, row.{column} FROM above JOIN {table} row ON row.id = above.id"
        ") SELECT DISTINCT start FROM above WHERE start = id"
    ).format(table=sql.Identifier(model._meta.db_table), column=sql.Identifier(column))
    with connection.cursor() as cursor:
        cursor.execute(chain, [keys])
        return [key for (key,) in cursor.fetchall()]


def check_constraints() -> None:
    """Let deferred constraints speak now, and defer them again."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _sentence(error: ValidationError, rule: Rule | None) -> str:
    """Django's message, in which a personal value gives way to its class."""
    if rule is None:
        return str(error.messages[0]) if error.code else "The model refuses this row."
    params = error.params
    if params and is_personal(rule):
        shown = {name: value_class(str(value)) if "value" in name else value for name, value in params.items()}
        return str(error.message) % shown
    return str(error.messages[0])


def _objection(model: type[models.Model], error: Exception) -> str:
    """The sentence of the constraint, or its kind. The server's own message would tell values."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None)
    for constraint in model._meta.constraints:
        if constraint.name == name and isinstance(constraint, models.CheckConstraint):
            return str(constraint.get_violation_error_message())
        if constraint.name == name and isinstance(constraint, models.UniqueConstraint):
            return f"Another row has the same {', '.join(constraint.fields) or name}."
    if column := getattr(diagnosis, "column_name", None):
        return f"{column} must have a value."
    return f"The database refuses this row: {name}." if name else "A value does not fit its column."
