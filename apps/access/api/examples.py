"""Believable examples for the document, made from the schemas: by a property's name, or else by its form."""

import re
from typing import Any

BY_NAME: dict[str, Any] = {
    "number": "C-1042",
    "name": "Ada Lovelace Ltd",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "title": "Head of purchasing",
    "phone": "+44 20 7946 0018",
    "reason": "Asked for by the customer.",
    "note": "By phone.",
    "city": "London",
    "street": "12 St James's Square",
    "lines": "12 St James's Square",
    "postal_code": "SW1Y 4JH",
    "country": "United Kingdom",
    "currency": "EUR",
    "credit_currency": "EUR",
    "credit_limit": "2500.00",
    "amount": "18.50",
    "unit_price": "18.50",
    "freight": "4.90",
    "net": "222.00",
    "tax": "42.18",
    "total": "269.08",
    "quantity": 12,
    "model": "customers.customer",
    "permission": "view_customer",
    "profile": "northwind",
    "resource": "customers",
    "role": "customer-viewer",
    "slug": "north",
    "path": "/company/north/",
}
BY_FORM: dict[str, Any] = {
    "uuid": "018f3c1e-8a55-7c3e-9d0a-3f2b1c4d5e6f",
    "date": "2026-03-31",
    "date-time": "2026-03-31T09:30:00Z",
    "email": "ada@example.org",
    "uri": "https://steward.example/api/v1/",
    "decimal": "0.19",
    "binary": "(the file)",
}
BY_TYPE: dict[str, Any] = {"string": "Text", "integer": 1, "number": 1.5, "boolean": False, "null": None}


def example(schema: dict[str, Any], components: dict[str, Any], name: str = "") -> Any:
    """A value of this schema."""
    while "$ref" in schema or "oneOf" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema["oneOf"][0]
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        return {key: example(part, components, key) for key, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema["items"], components)]
    return schema["enum"][0] if "enum" in schema else _plain(schema, kind, name)


def _plain(schema: dict[str, Any], kind: str, name: str) -> Any:
    known, form = BY_NAME.get(name), schema.get("format")
    if form in BY_FORM and (form != "decimal" or known is None):
        return BY_FORM[form]
    if type(known) is type(BY_TYPE[kind]) and re.search(schema.get("pattern", ""), str(known)):
        return known
    return schema.get("default", "north" if "pattern" in schema else BY_TYPE[kind])


def add_examples(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """drf-spectacular calls this with the finished document: each body gets an example."""
    components = result["components"]["schemas"]
    for operation in (operation for methods in result["paths"].values() for operation in methods.values()):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in (media for body in bodies for media in body.get("content", {}).values()):
            if "schema" in media:
                media.setdefault("example", example(media["schema"], components))
    return result
