"""Second factors made by a command, for a person who has not signed in yet."""

import secrets
import string

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from apps.accounts.models import User

ALPHABET = string.ascii_letters + string.digits


def random_password() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(6)) for _ in range(4))


def give_second_factor(user: User) -> str:
    """Replace the second factors of this user by a new one, and return its secret (base32)."""
    Authenticator.objects.filter(user=user).delete()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret
