import base64
import hashlib
import hmac
import time

PERIOD = 30
ABOUT_TO_CHANGE = 5


def code_of(secret: str) -> str:
    """The code that an authenticator app shows now (RFC 6238). One that is about to change would be typed too late."""
    left = PERIOD - time.time() % PERIOD
    if left < ABOUT_TO_CHANGE:
        time.sleep(left)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, int(time.time() // PERIOD).to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
