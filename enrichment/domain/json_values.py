"""Values of JSON, and what makes two of them one."""

import hashlib
import json
from typing import Any

Json = Any


def fingerprint(of: object) -> str:
    """Twelve hexadecimal digits of the SHA-256 of a JSON value; the order of its keys does not count."""
    return hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()[:12]
