"""Outgoing mail: `EMAIL_URL`, or files under `var/mail` where it is unset."""

from pathlib import Path

from config.settings.environment import env

if env.str("EMAIL_URL", ""):
    globals().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = Path(__file__).resolve().parents[3] / "var" / "mail"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "steward@localhost")
