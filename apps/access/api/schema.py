"""The OpenAPI document says what the base classes do: problems, versions, verbs, two ways to authenticate."""

from typing import Any, ClassVar

from django.apps import apps
from django.core.validators import MinValueValidator
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, get_doc
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from apps.access.api.base import VERBS, AccessView, ReadMixin, StrictSerializer, VerbSerializer
from apps.access.api.bulk import MOST, BulkAnswer
from apps.accounts.scopes import all_scopes
from apps.kernel.problems import PROBLEM_JSON, REFUSALS, TITLES, problem

PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Explains the code."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string", "pattern": "^[a-z_]+$", "description": "Stable: programs decide by it."},
        "instance": {"type": "string", "description": "The path that was asked."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "format": "json-pointer",
                        "description": "Into the body, or the parameter's name behind a slash (RFC 6901).",
                    },
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The `ETag` you have; 304 while it is the same."
)
FIELDS = "Only these fields, and `id`."
SUMMARIES = {
    "list": "List {many}",
    "create": "Add {one}",
    "retrieve": "Read {one}",
    "update": "Replace {one}",
    "partial_update": "Change {one}",
    "destroy": "Delete {one}",
}
HEADERS = {
    "X-Request-ID": ("The name of this request in our logs and in the audit trail: yours if you sent one.", "string"),
    "ETag": ("The version of what is answered.", "string"),
    "Location": ("Where the new resource, or the job that works on it, is.", "string"),
    "Retry-After": ("Seconds to wait before the next attempt.", "integer"),
    "WWW-Authenticate": ("How to authenticate.", "string"),
    "Allow": ("The methods of this address.", "string"),
}
HEADERS_OF_PROBLEMS = {401: "WWW-Authenticate", 405: "Allow", 412: "ETag", 429: "Retry-After", 503: "Retry-After"}


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeio' else 'a'} {noun}"


def _own_doc(kind: type) -> str:
    """What a class says of itself, not what its bases say."""
    return get_doc(kind) if vars(kind).get("__doc__") else ""


def _lowest(field: serializers.DecimalField) -> Any:
    """The least that a validator of the field allows."""
    limits = [validator.limit_value for validator in field.validators if isinstance(validator, MinValueValidator)]
    return max(limits, default=-1)


class PolicySchema(AutoSchema):
    """drf-spectacular's schema of a view of ours."""

    view: Any

    @property
    def action(self) -> str:
        return str(getattr(self.view, "action", "") or "")

    def _is_verb(self) -> bool:
        return bool(self.action) and self.action not in VERBS

    def get_operation_id(self) -> str:
        """`customers_list`, `customers_close`: the address and what is done there."""
        words = [word.strip(".").replace("-", "_") for word in self._tokenize_path()]
        if not self._is_verb():
            words.append(self.action or self.method_mapping[self.method.lower()])
        return "_".join(words)

    def get_summary(self) -> str:
        """The first sentence of the method, or the verb and the noun."""
        method = vars(type(self.view)).get(self.action or self.method.lower())
        if said := get_doc(method):
            return said.partition(". ")[0].removesuffix(".").replace("\n", " ")
        meta = self.view.model._meta
        sentence = SUMMARIES.get(self.action, f"{self.action.capitalize()} {{one}}")
        return sentence.format(one=_with_article(str(meta.verbose_name)), many=meta.verbose_name_plural)

    def get_description(self) -> str:
        """What the view says of itself, and the permission it asks for."""
        said = [_own_doc(type(self.view)), get_doc(vars(type(self.view)).get(self.action))]
        if permission := self._permission():
            said.append(f"Asks for the permission `{permission}`.")
        return "\n\n".join(filter(None, said))

    def get_tags(self) -> list[str]:
        app = apps.get_containing_app_config(type(self.view).__module__)
        return [app.label] if app else []

    def get_auth(self) -> list[dict[str, Any]]:
        """A personal token, or a partner's with this scope, or a browser's session."""
        super().get_auth()
        word = "read" if self.method in SAFE_METHODS else "write"
        labels = getattr(self.view, "scopes", ()) or [self._permission().partition(".")[0]]
        scopes = [[f"{label}:{word}"] if label else [] for label in labels]
        return [{"token": []}, *({"oauth": scope} for scope in scopes), {"session": []}]

    def _permission(self) -> str:
        return self.view.required_permission() if isinstance(self.view, AccessView) else ""

    def _changes_a_row(self) -> bool:
        return bool(getattr(self.view, "detail", False)) and self.method not in SAFE_METHODS

    def get_override_parameters(self) -> list[OpenApiParameter]:
        if self.action in {"list", "retrieve"} and isinstance(self.view, ReadMixin):
            name = {"type": "string", "enum": list(self.view.shape.names)}
            names = {"type": "array", "items": name, "minItems": 1}
            return [IF_NONE_MATCH, OpenApiParameter("fields", names, explode=False, description=FIELDS)]
        if not self._changes_a_row():
            return []
        said = "The `ETag` you read, or `*`; 412 if the row has moved on."
        demanded = not self._is_verb()
        return [OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=demanded, description=said)]

    def get_response_serializers(self) -> Any:
        if self.action == "bulk":
            return {201: BulkAnswer}
        verb = getattr(self.view, "verb", None)
        return type(self.view).serializer_class if verb else super().get_response_serializers()

    def get_request_serializer(self) -> Any:
        """What is fixed at creation is no part of a change."""
        if self.action == "bulk":
            return self._many(type(self.view).serializer_class)
        serializer = super().get_request_serializer()
        if self.action in {"update", "partial_update"}:
            return type(serializer)(self.view.model(), context=serializer.context)
        return serializer

    def _many(self, one: Any) -> Any:
        name = f"{one.__name__.removesuffix('Serializer')}Bulk"
        return inline_serializer(name, {"rows": one(many=True, min_length=1, max_length=MOST)})

    def get_serializer_name(self, serializer: Any, direction: str) -> str:
        """The input of a verb is called after its operation: several domains close something."""
        name: str = super().get_serializer_name(serializer, direction)
        if direction == "response":
            return name
        if isinstance(serializer, VerbSerializer):
            return "".join(word.capitalize() for word in self.get_operation_id().split("_"))
        return name if serializer.instance is None else f"{name.removesuffix('Serializer')}Change"

    def _get_parameters(self) -> list[dict[str, Any]]:
        """A parameter says something, and an ordering is one of those that the view knows."""
        parameters = super()._get_parameters()
        orderings = [f"{sign}{name}" for name in getattr(self.view, "ordering_fields", ()) for sign in ("", "-")]
        for parameter in parameters:
            schema = parameter["schema"]
            if parameter["name"] == "ordering":
                parameter["description"] = "Sort by this column; a minus turns it round."
                schema["enum"] = orderings
            elif parameter["in"] == "query" and schema.get("type") == "string" and "enum" not in schema:
                schema.setdefault("minLength", 1)
        if not isinstance(self.view, AccessView):
            return parameters
        known = self.view.known_parameters()
        return [parameter for parameter in parameters if parameter["in"] != "query" or parameter["name"] in known]

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        """Keys are UUIDs; a choice in the address is an enumeration."""
        parameters = super()._resolve_path_parameters(variables)
        for parameter in parameters:
            pattern = parameter["schema"].get("pattern", "")
            if pattern == f"^{AccessView.lookup_value_regex}$":
                parameter["schema"] = {"type": "string", "format": "uuid"}
            elif "|" in pattern:
                parameter["schema"] = {"type": "string", "enum": pattern.strip("^$").split("|")}
        return parameters

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        """Bodies have no field beside those named. Of a resource, `fields` may leave out any but the key."""
        is_resource = isinstance(serializer, StrictSerializer) and serializer.parent is None
        if is_resource and direction == "response":
            serializer = type(serializer)(serializer.Meta.model(), context=serializer.context)
        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "request":
            schema["additionalProperties"] = False
        elif is_resource:
            schema["required"] = ["id"]
        else:
            schema["required"] = sorted(schema["properties"])
        if not _own_doc(type(serializer)):
            schema.pop("description", None)
        return schema

    def _map_serializer_field(self, field: Any, direction: str, *args: Any) -> Any:
        schema = super()._map_serializer_field(field, direction, *args)
        if isinstance(field, serializers.DecimalField):
            sign = "" if _lowest(field) >= 0 else "-?"
            places = f"(\\.[0-9]{{1,{field.decimal_places}}})?" if field.decimal_places else ""
            schema["pattern"] = f"^{sign}[0-9]{{1,{field.max_whole_digits}}}{places}$"
        if isinstance(field, serializers.ListSerializer):
            schema["minItems"] = field.min_length or int(not field.allow_empty)
            if field.max_length is not None:
                schema["maxItems"] = field.max_length
        return schema

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        super()._insert_field_validators(field, schema)
        if schema.get("minLength") and not {"pattern", "format", "enum"} & schema.keys():
            schema["pattern"] = "\\S"

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        if self.action in {"list", "retrieve"} and isinstance(self.view, ReadMixin):
            bodies["304"] = {"description": "Not modified."}
        for status, body in bodies.items():
            body["description"] = body["description"] or "Done."
            body["headers"] = {name: self._header(name) for name in self._headers(status)} | body.get("headers", {})
        for status in self._problems():
            bodies.setdefault(str(status), self._problem(status))
        return dict(sorted(bodies.items()))

    def _headers(self, status: str) -> list[str]:
        of_a_row = isinstance(self.view, AccessView) and self.method != "DELETE"
        names = ["X-Request-ID"]
        if of_a_row and not (self._is_verb() and self.method == "GET"):
            names.append("ETag")
        if status == "202" or (status == "201" and not self._is_verb()):
            names.append("Location")
        if status == "202":
            names += ["Location", "Retry-After"]
        return names

    def _header(self, name: str) -> dict[str, Any]:
        description, kind = HEADERS[name]
        return self._registered(name, ResolvedComponent.HEADER, {"description": description, "schema": {"type": kind}})

    def _problem(self, status: int) -> dict[str, Any]:
        """One response for each status, said once for the whole document."""
        code, sentence = next((code, sentence) for of_status, code, sentence in REFUSALS if of_status == status)
        example = problem(status, code, sentence, instance="/api/v1/…/")
        if code == "invalid":
            example["errors"] = [{"pointer": "/name", "code": "required", "detail": "This field is required."}]
        schema = self._registered("Problem", ResolvedComponent.SCHEMA, PROBLEM)
        names = ["X-Request-ID", *filter(None, [HEADERS_OF_PROBLEMS.get(status)])]
        response = {
            "description": TITLES[status],
            "headers": {name: self._header(name) for name in names},
            "content": {PROBLEM_JSON: {"schema": schema, "example": example}},
        }
        return self._registered(TITLES[status].title().replace(" ", ""), ResolvedComponent.RESPONSE, response)

    def _registered(self, name: str, kind: str, schema: dict[str, Any]) -> dict[str, Any]:
        component = ResolvedComponent(name=name, type=kind, schema=schema, object=name)
        self.registry.register_on_missing(component)
        return component.ref

    def _problems(self) -> list[int]:
        always = [400, 401, 403, 405, 406, 429, 503]
        of_rows = [404] if "{" in self.path else []
        of_changes = [] if self.method == "GET" else [413, 415]
        of_rules = [409] if of_changes or self._is_verb() else []
        of_versions = [] if not self._changes_a_row() else [412] if self._is_verb() else [412, 428]
        return always + of_rows + of_rules + of_changes + of_versions


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "apps.access.api.authentication.BearerAuthentication"
    name: ClassVar[list[str]] = ["token", "oauth"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        flow = {"tokenUrl": "/oauth/token/", "scopes": all_scopes()}
        return [
            {"type": "http", "scheme": "bearer", "description": "A personal token (`stw_…`)."},
            {"type": "oauth2", "description": "A partner's client.", "flows": {"clientCredentials": flow}},
        ]


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "apps.access.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A signed-in browser; changes need `X-CSRFToken` as well.",
        }
