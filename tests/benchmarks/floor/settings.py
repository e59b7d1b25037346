"""A plain Django project in a schema of its own, beside ours in the same database."""

import os

import environ

DEBUG = False
SECRET_KEY = "of the benchmark only"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_filters",
    "rest_framework",
    "rest_framework.authtoken",
    "tests.benchmarks.floor",
]
MIDDLEWARE = [
    "tests.benchmarks.floor.statements.counted",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "tests.benchmarks.floor.urls"
_DATABASE = environ.Env.db_url_config(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"])
DATABASES = {
    "default": _DATABASE
    | {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 600,
        "OPTIONS": _DATABASE.get("OPTIONS", {}) | {"options": "-c search_path=floor"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "rest_framework.filters.OrderingFilter",
    ],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
}
# Read by config/gunicorn.py, under which both sides run.
PORT = int(os.environ.get("PORT", "8000"))
LOGGING = {"version": 1, "disable_existing_loggers": False}
