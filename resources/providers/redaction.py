"""Cut keys out of what vendors send back, in whatever form they repeat them.

secret -> as it is | in JSON | percent-encoded | in HTML | one within the other | base64, as in basic authentication
       -> each of its characters in any of these (\\u003d, %3D, &#61;), as every encoder escapes others
"""

import base64
import html
import html.entities
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus

SHORTEST_SECRET = 8
"""Characters; a shorter key could be a word of the response, so it is not cut out. Of its base64 form likewise."""
_MASK = b"[redacted]"


def without_secrets(content: bytes, secrets: Collection[str]) -> bytes:
    for secret in secrets:
        forms = written_forms(secret)
        for form in forms:
            content = content.replace(form, _MASK)
        if forms and _longest_plain_part(secret) in content:
            content = _escaped_anyhow(secret).sub(_MASK, content)
    return content


@lru_cache(maxsize=256)
def _longest_plain_part(secret: str) -> bytes:
    """The longest run of letters and digits. Encoders do not escape these: without the run no form of it is there."""
    parts: list[bytes] = re.findall(rb"[A-Za-z0-9]*", secret.encode("utf-8", "replace"))
    return max(parts, key=len)


@lru_cache(maxsize=256)
def _escaped_anyhow(secret: str) -> re.Pattern[bytes]:
    """A pattern for the secret, escaped any number of times: '&amp;#61;', '%253D', '\\\\u003d'."""
    return re.compile(b"".join(map(_any_form, secret)))


def _any_form(one: str) -> bytes:
    plain = one.encode("utf-8", "replace")
    units = one.encode("utf-16-be", "replace").hex()
    in_json = "".join(rf"\\+u(?i:{units[place : place + 4]})" for place in range(0, len(units), 4))
    percent = "".join(rf"%(?:25)*(?i:{byte:02x})" for byte in plain)
    names = "".join(rf"|{name.removesuffix(';')};" for name, text in html.entities.html5.items() if text == one)
    in_html = rf"&(?:amp;)*(?:#0*{ord(one)};|#[xX]0*(?i:{ord(one):x});{names})"
    spaces = rb"|\+" if one == " " else b""
    return rb"(?:\\*" + re.escape(plain) + f"|{in_json}|{percent}|{in_html}".encode() + spaces + b")"


def headers_without_secrets(headers: Mapping[str, str], secrets: Collection[str]) -> dict[str, str]:
    """The headers without secrets, their names in lower case."""
    return {name.lower(): _text_without_secrets(value, secrets) for name, value in headers.items()}


def _text_without_secrets(text: str, secrets: Collection[str]) -> str:
    return without_secrets(text.encode("utf-8", "surrogateescape"), secrets).decode("utf-8", "replace")


@lru_cache(maxsize=256)
def written_forms(secret: str) -> tuple[bytes, ...]:
    """The longest first, so that none leaves a part of another; none for what is too short to be told from a word."""
    if len(secret) < SHORTEST_SECRET:
        return ()
    once = {encode(secret) for encode in _ENCODINGS}
    texts = once | {encode(text) for text in once for encode in _ENCODINGS}
    forms = {text.encode("utf-8", "replace") for text in texts} | set(_in_base64(secret.encode("utf-8", "replace")))
    forms.add(secret.encode("utf-8", "replace").hex().encode())
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def _lower_percent(text: str) -> str:
    return "".join(one if one.isascii() and quote(one, safe="") == one else quote(one, safe="").lower() for one in text)


_ENCODINGS: tuple[Callable[[str], str], ...] = (
    str,
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: quote(text, safe=""),
    quote,
    quote_plus,
    _lower_percent,
    html.escape,
)


def _in_base64(secret: bytes) -> Iterator[bytes]:
    """The secret as it appears in Base64, at each of three offsets: only characters that depend on it alone."""
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            form = encode(bytes(before) + secret)[first:last]
            if len(form) >= SHORTEST_SECRET:
                yield form
