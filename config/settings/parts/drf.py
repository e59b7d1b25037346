"""Django REST framework and drf-spectacular."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.access.api.authentication.BearerAuthentication",
        "apps.access.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.access.api.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["apps.kernel.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.kernel.parsing.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "apps.access.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "apps.access.api.filters.StrictFilterBackend",
        "apps.access.api.filters.StrictOrderingFilter",
        "apps.access.api.filters.PrefixSearchFilter",
    ],
    "DEFAULT_SCHEMA_CLASS": "apps.access.api.schema.PolicySchema",
    "EXCEPTION_HANDLER": "apps.kernel.problems.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
    "DEFAULT_METADATA_CLASS": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Steward",
    "DESCRIPTION": "The partner API of a Steward installation.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "docExpansion": "none", "filter": True},
    "COMPONENT_SPLIT_REQUEST": True,
    # Choices stand where they are used: a name made for them would change with the next model that has a kind.
    "POSTPROCESSING_HOOKS": ["apps.access.api.examples.add_examples"],
}
