"""Headers, cookies, content security policy, and which networks are believed."""

import ipaddress

from csp.constants import NONCE, NONE, SELF

from config.settings.environment import env, refuse


def _networks(variable: str, default: list[str]) -> list[str]:
    networks = env.list(variable, default=default)
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            refuse(f"{variable} holds something that is no network: write addresses such as 10.0.0.0/8,192.0.2.1.")
    return networks


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: [] for feature in ("camera", "geolocation", "microphone", "payment", "usb")
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.kernel.pages.permission_denied"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
UPLOAD_MAX_SIZE = env.int("UPLOAD_MAX_SIZE", 268_435_456)
"""Bytes of all files that come to the API in one form."""
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_PERMISSIONS = 0o600

TRUSTED_PROXIES = _networks("TRUSTED_PROXIES", [])
"""Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
OPERATIONS_NETWORKS = _networks("OPERATIONS_NETWORKS", ["127.0.0.0/8", "::1/128"])
"""Who may read `/metrics` and the details of `/readyz` without `OPERATIONS_TOKEN`."""
OPERATIONS_TOKEN = env.str("OPERATIONS_TOKEN", "")
SECURITY_CONTACT = env.str("SECURITY_CONTACT", "mailto:security@localhost")
"""The address in `/.well-known/security.txt`."""
