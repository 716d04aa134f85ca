"""What a browser shows instead of a key, once it has signed in with one. Pure; nothing of it is stored.

key -> cookie: key id, until when, random, MAC over them    -> valid for as long as the key is, and no longer
cookie -> form token: what a form has to send beside the cookie, which another site cannot read

The MAC needs the key's stored hash, which leaves the store nowhere: a revoked key ends its sessions at once.
"""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from enrichment.domain.access import ApiKey

NAME = "enrich_session"
VALID = timedelta(days=7)
_PARTS = 4
FORM_TOKEN_BYTES = 32


def signed_in(key: ApiKey, now: datetime, random: str) -> str:
    """random: of 128 bits or more, in letters, digits, - and _."""
    said = f"{key.key_id}.{int((now + VALID).timestamp())}.{random}"
    return f"{said}.{_mac(key.secret_hash, said)}"


def signed_out(random: str) -> str:
    """The cookie of a browser without a key: it only ties forms to this browser."""
    return random


def key_id_of(cookie: str) -> str | None:
    """The key id in the cookie; None: it has none."""
    parts = cookie.split(".")
    return parts[0] if len(parts) == _PARTS else None


def is_valid(cookie: str, key: ApiKey, now: datetime) -> bool:
    said, _, mac = cookie.rpartition(".")
    until = cookie.split(".")[1]
    fits = hmac.compare_digest(mac.encode(), _mac(key.secret_hash, said).encode())
    return fits and key.revoked_at is None and until.isascii() and until.isdecimal() and now.timestamp() < int(until)


def form_token(cookie: str, mask: bytes) -> str:
    """mask: random, FORM_TOKEN_BYTES: the token never looks the same, so the size of a compressed page says nothing."""
    return (mask + _masked(cookie, mask)).hex()


def is_form_token(given: str, cookie: str) -> bool:
    try:
        mask, masked = bytes.fromhex(given[: 2 * FORM_TOKEN_BYTES]), bytes.fromhex(given[2 * FORM_TOKEN_BYTES :])
    except ValueError:
        return False
    return len(mask) == FORM_TOKEN_BYTES and hmac.compare_digest(masked, _masked(cookie, mask))


def _masked(cookie: str, mask: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(bytes.fromhex(_mac(cookie, "form")), mask, strict=True))


def _mac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()
