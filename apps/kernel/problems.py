"""RFC 9457 problem documents: every 4xx and 5xx of the API has one, with a stable `code`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import orjson
from django.apps import apps
from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import IntegrityError, OperationalError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404, HttpRequest, HttpResponse
from psycopg.errors import QueryCanceled, UniqueViolation
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from apps.kernel.errors import BrokenRow, BusinessError, NotPermitted, StaleRecord

Answer = tuple[dict[str, object], dict[str, str]]

PROBLEM_JSON = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    410: "Gone",
    411: "Length required",
    412: "Precondition failed",
    413: "Content too large",
    415: "Unsupported media type",
    428: "Precondition required",
    429: "Too many requests",
    500: "Internal error",
    503: "Service unavailable",
}
CODES = {"parse_error": "malformed"}
"""DRF's words that are not ours."""
TOOK_TOO_LONG = "This took too long and was stopped. Narrow the filter, or leave out the count."
REFUSALS: tuple[tuple[int, str, str], ...] = (
    (400, "invalid", "The request is not valid. See `errors`."),
    (400, "malformed", "The body is not JSON."),
    (400, "bad_request", "The request cannot be understood."),
    (401, "not_authenticated", "Authentication credentials were not provided."),
    (401, "authentication_failed", "A token belongs into the Authorization header, never into the address."),
    (401, "invalid_token", "This token is unknown, has expired or was revoked. Get a new one."),
    (403, "permission_denied", "You do not have permission to perform this action."),
    (404, "not_found", "There is nothing at this address."),
    (405, "method_not_allowed", "There is no such method at this address."),
    (406, "not_acceptable", "Could not satisfy the request Accept header."),
    (409, "already_exists", "Another record has the same key."),
    (409, "constraint_violated", "A rule of the database stands against this."),
    (409, "in_use", "Other records depend on this one. Remove or move them first."),
    (411, "length_required", "Say with `Content-Length` how long the body is."),
    (412, "stale_record", str(StaleRecord())),
    (413, "content_too_large", "The body is larger than this installation accepts."),
    (415, "unsupported_media_type", "Unsupported media type in request."),
    (428, "precondition_required", "Say with `If-Match` which version you mean to change."),
    (429, "throttled", "Request was throttled. Wait as long as `Retry-After` says."),
    (500, "internal_error", "Something broke on our side. It has been recorded."),
    (503, "database_unavailable", "The database does not answer. Try again in a moment."),
    (503, "took_too_long", TOOK_TOO_LONG),
    (503, "cache_unavailable", "The cache does not answer. Try again in a moment."),
)
"""Status, code and sentence of whatever no rule of the business refuses."""


class BadRequest(exceptions.APIException):
    status_code = 400
    default_detail = "The request cannot be understood."
    default_code = "bad_request"


class ContentTooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "The body is larger than this installation accepts."
    default_code = "content_too_large"


def problem(http_status: int, code: str, detail: str, **members: object) -> dict[str, object]:
    """The members of a problem document; `type` resolves to the catalogue of codes that the installation serves."""
    return {
        "type": f"/problems/#{code}",
        "title": TITLES.get(http_status, "Error"),
        "status": http_status,
        "detail": detail,
        "code": code,
        **members,
    }


def problem_page(request: HttpRequest, http_status: int, code: str, detail: str, **members: object) -> HttpResponse:
    """A problem outside DRF: an unknown path, a refused host, a crash."""
    body = orjson.dumps(problem(http_status, code, detail, instance=request.path, **members))
    return HttpResponse(body, status=http_status, content_type=PROBLEM_JSON)


def _pointers(errors: object, pointer: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested error details as a flat list with JSON pointers (RFC 6901)."""
    if isinstance(errors, Mapping):
        for key, value in errors.items():
            here = (
                pointer if key == "non_field_errors" else f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
            )
            yield from _pointers(value, here)
    elif isinstance(errors, Sequence) and not isinstance(errors, str):
        nested = any(isinstance(item, Mapping | list) for item in errors)
        for index, item in enumerate(errors):
            yield from _pointers(item, f"{pointer}/{index}" if nested else pointer)
    else:
        yield {"pointer": pointer, "code": getattr(errors, "code", "invalid"), "detail": str(errors)}


def _too_many(error: SuspiciousOperation) -> str | None:
    match error:
        case TooManyFilesSent():
            return f"A form carries at most {settings.DATA_UPLOAD_MAX_NUMBER_FILES} files. Send one zip."
        case TooManyFieldsSent():
            return f"A form carries at most {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS} fields."
    return None


def _translated(error: Exception) -> Exception:
    """Django's own refusals as DRF's."""
    match error:
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return ContentTooLarge()
        case SuspiciousOperation():
            return BadRequest(_too_many(error))
        case ModelValidationError():
            return exceptions.ValidationError(error.message_dict if hasattr(error, "error_dict") else error.messages)
    return error


def _business(error: BusinessError) -> Answer:
    if isinstance(error, StaleRecord):
        return problem(412, error.code, str(error), **error.details), {"ETag": str(error.details.get("etag", "*"))}
    http_status = 403 if isinstance(error, NotPermitted) else 409
    return problem(http_status, error.code, str(error), **error.details), {}


def _broken_constraint(error: IntegrityError) -> Answer:
    """The sentence that the model gives to the constraint; no value of the row is repeated."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "unnamed"
    declared = (rule for model in apps.get_models() for rule in model._meta.constraints if rule.name == name)
    rule = next(declared, None)
    sentence = (
        str(rule.get_violation_error_message()) if rule else f"A rule of the database stands against this: {name}."
    )
    code = "constraint_violated"
    if isinstance(error.__cause__, UniqueViolation):
        code, sentence = "already_exists", "Another record has the same key."
    members: dict[str, object] = {"constraint": name}
    if isinstance(error, BrokenRow):
        members["errors"] = [{"pointer": error.pointer, "code": code, "detail": sentence}]
    return problem(409, code, sentence, **members), {}


def _framework(error: exceptions.APIException) -> Answer:
    headers = {}
    if scheme := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(scheme)
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(error, exceptions.ValidationError):
        errors = list(_pointers(error.detail))
        return problem(400, "invalid", "The request is not valid. See `errors`.", errors=errors), headers
    code = getattr(error.detail, "code", error.default_code)
    return problem(error.status_code, CODES.get(code, code), str(error.detail)), headers


def _unavailable(error: OperationalError) -> Answer:
    if isinstance(error.__cause__, QueryCanceled):
        return problem(503, "took_too_long", TOOK_TOO_LONG), {}
    sentence = "The database does not answer. Try again in a moment."
    return problem(503, "database_unavailable", sentence), {"Retry-After": "2"}


def _answer(error: Exception) -> Answer | None:
    match error:
        case BusinessError():
            return _business(error)
        case ProtectedError() | RestrictedError():
            return problem(409, "in_use", "Other records depend on this one. Remove or move them first."), {}
        case IntegrityError():
            return _broken_constraint(error)
        case OperationalError():
            return _unavailable(error)
        case exceptions.APIException():
            return _framework(error)
    return None


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What it does not know is a crash: Django's own 500 answers, as a problem too."""
    answer = _answer(_translated(error))
    if answer is None:
        return None
    document, headers = answer
    request: Request = context["request"]
    response = Response({**document, "instance": request.path}, status=cast("int", document["status"]), headers=headers)
    response.content_type = PROBLEM_JSON
    return response
