"""The test suite: the owner creates the database, the bodies run as the run-time role."""

import os

os.environ["DATABASE_ROLE"] = "owner"

from config.settings.base import *  # noqa: F403

DEBUG = False
SECRET_KEY = "of the tests only"  # noqa: S105
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sample"]  # noqa: F405
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
