"""The OpenAPI document says what the base classes do: problems, versions, verbs, two ways to authenticate."""

from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from apps.kernel.problems import PROBLEM_JSON, TITLES

PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable: programs decide by it."},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the body."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The `ETag` you read; 412 if it has moved on."
)


class PolicySchema(AutoSchema):
    """drf-spectacular's schema of a view of ours."""

    def get_override_parameters(self) -> list[OpenApiParameter]:
        changes = getattr(self.view, "detail", False) and self.method in {"PUT", "PATCH", "DELETE", "POST"}
        return [IF_MATCH] if changes else []

    def get_response_serializers(self) -> Any:
        verb = getattr(self.view, "verb", None)
        return type(self.view).serializer_class if verb else super().get_response_serializers()

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        component = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem")
        self.registry.register_on_missing(component)
        bodies = super()._get_response_bodies(direction)
        for status in self._problems():
            content = {PROBLEM_JSON: {"schema": component.ref}}
            bodies.setdefault(str(status), {"description": TITLES[status], "content": content})
        return dict(sorted(bodies.items()))

    def _problems(self) -> list[int]:
        always = [400, 401, 403, 405, 406, 429, 503]
        of_rows = [404] if getattr(self.view, "detail", False) else []
        of_changes = [] if self.method == "GET" else [409, 412, 413, 415]
        return always + of_rows + of_changes


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "apps.accounts.authentication.BearerAuthentication"
    name: ClassVar[list[str]] = ["token", "oauth"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "A personal token (`stw_…`)."},
            {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/oauth/token/", "scopes": {}}}},
        ]


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "apps.accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
