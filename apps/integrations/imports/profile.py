"""A mapping profile: TOML that says which file and column becomes which model and field. Anyone can write one."""

import codecs
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from apps.access.models import Unit
from apps.integrations.imports.source import Format
from apps.kernel.errors import BusinessError

SHIPPED = Path(__file__).parent.parent / "profiles"
_NOTHING = object()
_OPTIONS: dict[str, type | tuple[type, ...]] = {
    "column": str,
    "template": str,
    "join": list,
    "separator": str,
    "constant": (str, int, float, bool, list, dict),
    "row": str,
    "reference": str,
    "by": dict,
    "optional": bool,
    "formats": list,
    "true": list,
    "false": list,
    "null": list,
    "decimal_mark": str,
    "thousands": str,
    "places": int,
    "case": str,
    "map": dict,
    "otherwise": (str, int, float, bool),
    "split": str,
    "part": int,
    "unescape": bool,
    "default": (str, int, float, bool),
    "present": (str, int, float, bool),
    "absent": (str, int, float, bool),
    "initial": bool,
}
_SOURCES = ("column", "template", "join", "constant", "row", "reference")
_CASES = ("upper", "lower", "title")


class BadProfile(BusinessError):
    """This profile cannot be used."""

    code = "bad_profile"

    def __init__(self, errors: list[str]) -> None:
        super().__init__("This profile cannot be used: " + " ".join(errors), reasons=errors)
        self.errors = errors


class NoSuchProfile(BusinessError):
    """There is no profile of this name, and no file at this path."""

    code = "no_such_profile"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where the value of one field comes from and how it is converted."""

    target: "models.Field[Any, Any]"
    column: str = ""
    template: str = ""
    join: tuple[str, ...] = ()
    separator: str = " "
    constant: object = None
    row: str = ""
    reference: type[models.Model] | None = None
    by: Mapping[str, "Rule"] = field(default_factory=dict)
    optional: bool = False
    formats: tuple[str, ...] = ()
    true: tuple[str, ...] = ("1", "true", "yes", "y", "t")
    false: tuple[str, ...] = ("0", "false", "no", "n", "f")
    null: tuple[str, ...] = ()
    decimal_mark: str = "."
    thousands: str = ""
    places: int | None = None
    case: str = ""
    map: Mapping[str, object] | None = None
    otherwise: object = None
    split: str = ""
    part: int = 1
    unescape: bool = False
    default: object = None
    present: object = None
    absent: object = None
    initial: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that this rule reads."""
        if self.column:
            return (self.column,)
        if self.template:
            return tuple(name for _, name, _, _ in Formatter().parse(self.template) if name)
        return (*self.join, *(column for rule in self.by.values() for column in rule.columns))


@dataclass(frozen=True, kw_only=True)
class ModelRule:
    """The row of one model that a line describes."""

    model: type[models.Model]
    alias: str
    key: tuple[str, ...]
    fields: Mapping[str, Rule]
    when: tuple[str, ...] = ()
    shared: bool = False
    """Several lines may describe the same row; the first one is written."""

    @property
    def label(self) -> str:
        return self.model._meta.label_lower

    @property
    def has_unit(self) -> bool:
        return has_unit(self.model)


@dataclass(frozen=True, kw_only=True)
class FileRule:
    name: str
    models: tuple[ModelRule, ...]
    ignore: frozenset[str] = frozenset()
    optional: bool = False
    form: Format

    @property
    def columns(self) -> set[str]:
        used = {column for rule in self.models for value in rule.fields.values() for column in value.columns}
        return used | {column for rule in self.models for column in rule.when}


@dataclass(frozen=True, kw_only=True)
class UnitRule:
    """The unit that the profile asks for when nobody names another one."""

    slug: str
    name: str
    create: bool = False


@dataclass(frozen=True, kw_only=True)
class Profile:
    name: str
    title: str
    files: tuple[FileRule, ...]
    unit: UnitRule | None = None

    @property
    def targets(self) -> tuple[type[models.Model], ...]:
        """What it writes, each once, in the order of writing."""
        return tuple(dict.fromkeys(rule.model for file in self.files for rule in file.models))

    @property
    def references(self) -> tuple[type[models.Model], ...]:
        found = (value.reference for file in self.files for rule in file.models for value in rule.fields.values())
        return tuple(dict.fromkeys(model for model in found if model is not None))


def has_unit(model: type[models.Model]) -> bool:
    return any(found.name == "unit" and found.related_model is Unit for found in model._meta.concrete_fields)


def shipped_profiles() -> dict[str, Path]:
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def load_profile(name: str) -> Profile:
    """A shipped profile by its name, or any other by the path of its file."""
    path = shipped_profiles().get(name, Path(name))
    if not path.is_file():
        known = ", ".join(shipped_profiles()) or "none"
        raise NoSuchProfile(f"There is no profile {name}, and no file at this path. Shipped: {known}.")
    return parse_profile(path.read_text(encoding="utf-8"), name=path.stem)


def parse_profile(text: str, *, name: str) -> Profile:
    """Read and check the whole profile; every mistake is told with its place."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadProfile([f"It is not TOML: {error}."]) from error
    reader = _Reader()
    profile = reader.profile(said, name)
    if reader.errors:
        raise BadProfile(reader.errors)
    return profile


class _Reader:
    """Goes through the document once and collects every mistake on the way."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def wrong(self, place: str, what: str) -> None:
        self.errors.append(f"{place}: {what}.")

    def known(self, place: str, said: Mapping[str, object], *names: str) -> None:
        for name in sorted(set(said) - set(names)):
            self.wrong(place, f"there is no option `{name}`; there are {', '.join(names)}")

    def get(self, place: str, said: Mapping[str, Any], name: str, kind: Any, default: Any) -> Any:
        value = said.get(name, default)
        if isinstance(value, kind):
            return value
        self.wrong(f"{place}.{name}", f"{type(value).__name__} is not what belongs here")
        return default

    def texts(self, place: str, said: Mapping[str, Any], name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        values = self.get(place, said, name, list, list(default))
        if all(isinstance(value, str) for value in values):
            return tuple(values)
        self.wrong(f"{place}.{name}", "only texts belong here")
        return default

    def profile(self, said: Mapping[str, Any], name: str) -> Profile:
        self.known("profile", said, "title", "unit", "format", "file")
        form = self.format("format", self.get("profile", said, "format", dict, {}), Format())
        files = [self.file(index, file, form) for index, file in enumerate(self.tables("profile", said, "file"), 1)]
        if not files:
            self.wrong("profile", "it names no [[file]]")
        return Profile(
            name=name,
            title=self.get("profile", said, "title", str, name),
            files=tuple(files),
            unit=self.unit(said["unit"]) if isinstance(said.get("unit"), dict) else None,
        )

    def tables(self, place: str, said: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        tables = self.get(place, said, name, list, [])
        if all(isinstance(table, dict) for table in tables):
            return list(tables)
        self.wrong(f"{place}.{name}", "write it as [[tables]]")
        return []

    def unit(self, said: Mapping[str, Any]) -> UnitRule:
        self.known("unit", said, "slug", "name", "create")
        slug = self.get("unit", said, "slug", str, "")
        if not slug:
            self.wrong("unit", "`slug` is missing")
        return UnitRule(
            slug=slug,
            name=self.get("unit", said, "name", str, slug),
            create=self.get("unit", said, "create", bool, default=False),
        )

    def format(self, place: str, said: Mapping[str, Any], base: Format) -> Format:
        self.known(place, said, "encoding", "delimiter", "quote", "null", "strip")
        encoding = self.get(place, said, "encoding", str, base.encoding)
        try:
            plain = "a,b\n".encode(encoding) in {b"a,b\n", codecs.BOM_UTF8 + b"a,b\n"}
        except LookupError:
            plain = False
        if not plain:
            self.wrong(f"{place}.encoding", f"{encoding} is not an encoding that can be read line by line")
        marks = {name: self.get(place, said, name, str, getattr(base, name)) for name in ("delimiter", "quote")}
        for name, mark in marks.items():
            if len(mark) != 1:
                self.wrong(f"{place}.{name}", "it is one character")
        return Format(
            encoding="utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding,
            null=self.texts(place, said, "null", base.null),
            strip=self.get(place, said, "strip", bool, base.strip),
            **marks,
        )

    def file(self, index: int, said: Mapping[str, Any], form: Format) -> FileRule:
        name = self.get(f"file[{index}]", said, "name", str, "")
        place = f'file[{index}] "{name}"'
        self.known(place, said, "name", "ignore", "optional", "format", "model")
        if not name or Path(name).name != name:
            self.wrong(place, "`name` is the name of a file, without a folder")
        rules: list[ModelRule] = []
        for number, model in enumerate(self.tables(place, said, "model"), 1):
            rule = self.model(f"{place} model[{number}]", model, {rule.alias: rule for rule in rules})
            rules += [rule] if rule else []
        if not said.get("model"):
            self.wrong(place, "it names no [[file.model]]")
        return FileRule(
            name=name,
            models=tuple(rules),
            ignore=frozenset(self.texts(place, said, "ignore")),
            optional=self.get(place, said, "optional", bool, default=False),
            form=self.format(f"{place} format", self.get(place, said, "format", dict, {}), form),
        )

    def find_model(self, place: str, label: str) -> type[models.Model] | None:
        try:
            model = apps.get_model(label)
        except (LookupError, ValueError):
            self.wrong(place, f"there is no model `{label}`")
            return None
        parents = [found.related_model for found in model._meta.concrete_fields if found.is_relation]
        if has_unit(model) or any(has_unit(parent) for parent in parents if isinstance(parent, type)):
            return model
        self.wrong(place, f"rows of `{label}` belong to no unit, so they are not imported")
        return None

    def model(self, place: str, said: Mapping[str, Any], earlier: Mapping[str, ModelRule]) -> ModelRule | None:
        self.known(place, said, "model", "as", "key", "when", "shared", "fields")
        label = self.get(place, said, "model", str, "")
        model = self.find_model(place, label)
        if model is None:
            return None
        place = f"{place} {label}"
        fields = self.get(place, said, "fields", dict, {})
        rules = {
            name: rule
            for name, value in fields.items()
            if (rule := self.field(f"{place}.{name}", model, name, value, earlier)) is not None
        }
        key = self.texts(place, said, "key")
        if not key:
            self.wrong(place, "`key` is missing: the fields by which a row is found again")
        for name in key:
            if name not in fields:
                self.wrong(place, f"`{name}` is in the key and not among the fields")
        for name in self.unmapped(model, fields):
            self.wrong(place, f"`{name}` needs a value")
        return ModelRule(
            model=model,
            alias=self.get(place, said, "as", str, model._meta.model_name),
            key=key,
            fields=rules,
            when=self.texts(place, said, "when"),
            shared=self.get(place, said, "shared", bool, default=False),
        )

    def unmapped(self, model: type[models.Model], fields: Mapping[str, object]) -> Iterator[str]:
        """Fields without which a row cannot be written."""
        for found in model._meta.concrete_fields:
            automatic = found.has_default() or found.db_default is not models.NOT_PROVIDED or found.generated
            if found.name in fields or found.name == "unit" or found.primary_key or automatic:
                continue
            if not found.null and not found.blank:
                yield found.name

    def field(
        self, place: str, model: type[models.Model], name: str, said: Any, earlier: Mapping[str, ModelRule]
    ) -> Rule | None:
        try:
            target = model._meta.get_field(name)
        except FieldDoesNotExist:
            self.wrong(place, "the model has no such field")
            return None
        if not isinstance(target, models.Field) or target.many_to_many or target.primary_key or name == "unit":
            self.wrong(place, "this field is not set by an import")
            return None
        options = {"column": said} if isinstance(said, str) else said
        if not isinstance(options, dict):
            self.wrong(place, "write a column's name or a table")
            return None
        return self.rule(place, target, options, earlier)

    def rule(
        self, place: str, target: "models.Field[Any, Any]", said: Mapping[str, Any], earlier: Mapping[str, ModelRule]
    ) -> Rule | None:
        self.known(place, said, *_OPTIONS)
        for name, kind in _OPTIONS.items():
            self.get(place, said, name, kind, said.get(name)) if name in said else None
        sources = [name for name in _SOURCES if name in said]
        if len(sources) != 1:
            self.wrong(place, f"say exactly one of {', '.join(_SOURCES)}")
            return None
        if said.get("case", "upper") not in _CASES:
            self.wrong(f"{place}.case", f"there are {', '.join(_CASES)}")
        if target.is_relation != (sources[0] in {"row", "reference"}):
            self.wrong(place, "a relation takes `row` or `reference`, and nothing else does")
            return None
        if "row" in said and said["row"] not in earlier:
            self.wrong(f"{place}.row", f"no earlier model of this file is called `{said['row']}`")
        options: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
        }
        if "reference" in said:
            options |= self.reference(place, said, earlier)
        return Rule(target=target, **{name: value for name, value in options.items() if name in _OPTIONS})

    def reference(self, place: str, said: Mapping[str, Any], earlier: Mapping[str, ModelRule]) -> dict[str, Any]:
        model = self.find_model(f"{place}.reference", str(said["reference"]))
        by = said.get("by")
        if not isinstance(by, dict) or not by:
            self.wrong(place, '`by` is missing: the fields by which the row is found, as in { number = "order_id" }')
            by = {}
        rules: dict[str, Rule] = {}
        if model is not None:
            for name, value in by.items():
                rule = self.field(f"{place}.by.{name}", model, name, value, earlier)
                rules |= {name: rule} if rule else {}
        return {"reference": model, "by": rules}
