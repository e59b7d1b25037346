"""Who signs in and how: Django's auth, allauth, axes, django-oauth-toolkit, guardian."""

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "apps.access.backends.RoleBackend",
]
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.Application"

ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
