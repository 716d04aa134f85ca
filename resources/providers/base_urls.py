"""Checks that a text is the base URL of a vendor: http or https, a host, nothing behind the path.

Imports no HTTP library, because commands that call no vendor check settings too.
"""

import re
from urllib.parse import urlsplit

_HOST = re.compile(r"[^\s/?#@\\:\[\]<>^`{|}%]+|[0-9a-fA-F:.]+")


def checked_base_url(provider: str, base_url: str) -> str:
    """The base URL. Raises ValueError, with a sentence that names the setting, if it is none."""
    if not is_web_address(base_url) or {"?", "#"} & set(base_url):
        raise ValueError(
            f"{provider} cannot be asked at {base_url!r}, which is no base URL: "
            f"set {setting(provider, 'base_url')} to one like https://api.example.com, or unset it."
        )
    return base_url


def setting(provider: str, name: str) -> str:
    """The environment variable of a provider's credential or base URL."""
    return f"{provider}_{name}".upper()


def is_web_address(text: str) -> bool:
    """Whether it has the scheme http or https and a host."""
    if text.split() != [text] or not text.isprintable():
        return False
    try:
        url = urlsplit(text)
        host, _ = url.hostname or "", url.port
    except ValueError:
        return False
    return url.scheme in ("http", "https") and _HOST.fullmatch(host) is not None
