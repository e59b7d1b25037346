"""Settings of every installation: names and order. Each third party has a part of its own beside this file."""

from pathlib import Path
from zoneinfo import available_timezones

from config.settings.environment import env, refuse
from config.settings.parts.accounts import *  # noqa: F403
from config.settings.parts.admin import *  # noqa: F403
from config.settings.parts.audit import *  # noqa: F403
from config.settings.parts.celery import *  # noqa: F403
from config.settings.parts.database import database_settings
from config.settings.parts.drf import *  # noqa: F403
from config.settings.parts.email import *  # noqa: F403
from config.settings.parts.logging import *  # noqa: F403
from config.settings.parts.security import *  # noqa: F403
from config.settings.parts.storages import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = BASE_DIR / "var"

PLATFORM_APPS = [
    "kernel",
    "events",
    "accounts",
    "access",
    "files",
    "audit",
    "privacy",
    "integrations",
    "notifications",
    "reports",
    "oversight",
]
DOMAIN_APPS = sorted(
    found.parent.name for found in (BASE_DIR / "apps").glob("*/domain.py") if found.parent.name not in PLATFORM_APPS
)

INSTALLED_APPS = [
    *(f"apps.{name}" for name in PLATFORM_APPS),
    *(f"apps.{name}" for name in DOMAIN_APPS),
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "apps.access.site.SiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "auditlog",
    "axes",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "oauth2_provider",
    "rest_framework",
]

MIDDLEWARE = [
    "apps.kernel.middleware.client_address",
    "apps.kernel.middleware.acting_request",
    "apps.kernel.middleware.note_request",
    "django.middleware.security.SecurityMiddleware",
    "apps.kernel.middleware.ContentPolicy",
    "apps.kernel.middleware.admin_policy",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.kernel.middleware.stored_nowhere",
    "apps.kernel.middleware.compressed_for_programs",
    "apps.kernel.middleware.known_hosts_only",
    "apps.kernel.middleware.bounded_body",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.access.middleware.recorded",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "apps.access.middleware.second_factor",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database_settings(VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]  # RoleBackend reads the grants, with their validity

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
FORMAT_MODULE_PATH = "config.formats"
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = env.str("TIME_ZONE", "UTC")
"""What people read and type times in; the database keeps UTC."""
if TIME_ZONE not in available_timezones():
    refuse("TIME_ZONE is no time zone: write one such as Europe/Berlin.")
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
RUNNING_PORT = VAR_DIR / "run" / "port"
PORT = env.int("PORT", int(RUNNING_PORT.read_text()) if RUNNING_PORT.exists() else 8000)
BASE_URL = env.str("BASE_URL", f"http://127.0.0.1:{PORT}")
