"""Ids of records: unique, and in the order of their making."""

import secrets
import time


def new_id(kind: str) -> str:
    """A fresh id that sorts by time of making: 'req_019...'."""
    return f"{kind}_{time.time_ns() // 1_000_000:011x}{secrets.token_hex(6)}"
