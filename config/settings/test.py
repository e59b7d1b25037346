"""The test suite: the owner creates the database, the bodies run as the run-time role."""

import os

os.environ["DATABASE_ROLE"] = "owner"

from apps.audit.notes import Signer
from config.settings.base import *  # noqa: F403

DEBUG = False
SECRET_KEY = "of the tests only"  # noqa: S105
AUDIT_KEYS = Signer("of the tests only", bytes(32)).line()
AUDIT_RECEIVERS = ()
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each process for itself, so that one does not empty what another has just remembered.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}}}

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sample"]  # noqa: F405
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
