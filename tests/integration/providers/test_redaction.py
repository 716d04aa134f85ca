"""A key that a vendor repeats is kept nowhere, in whatever form it comes back."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from resources.providers.redaction import without_secrets

KEY = 'sk-äb/c"d+e=f&g h<1234'
PLAIN = "sk-0123456789abcdef"


def basic(before: str, key: str) -> str:
    return "Basic " + base64.b64encode(f"{before}{key}".encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in JSON": lambda key: json.dumps({"api_key": key}),
    "in JSON, not only ASCII": lambda key: json.dumps({"api_key": key}, ensure_ascii=False),
    "in JSON of PHP, slashes escaped": lambda key: json.dumps({"api_key": key}).replace("/", "\\/"),
    "JSON within JSON": lambda key: json.dumps({"echo": json.dumps({"api_key": key})}),
    "percent-encoded": lambda key: f"https://vendor/search?q=x&api_key={quote(key, safe='')}&page=2",
    "percent-encoded, lower case": lambda key: "".join(
        c if c.isalnum() and c.isascii() else quote(c, safe="").lower() for c in key
    ),
    "a form's encoding": lambda key: f"api_key={quote_plus(key)}",
    "a path's encoding": lambda key: f"/keys/{quote(key)}/usage",
    "an address in JSON": lambda key: json.dumps({"url": f"https://vendor/?api_key={quote(key, safe='')}"}),
    "HTML": lambda key: f"<p>Invalid key: {html.escape(key)}</p>",
    "JSON that may stand in HTML": lambda key: (
        json.dumps(key).replace("<", "\\u003c").replace("&", "\\u0026").replace("=", "\\u003D").replace("'", "\\u0027")
    ),
    "such JSON within JSON": lambda key: json.dumps(json.dumps(key).replace("&", "\\u0026").replace("<", "\\u003c")),
    "HTML in numbers": lambda key: "".join(c if c.isascii() and c.isalnum() else f"&#{ord(c)};" for c in key),
    "HTML in hexadecimal numbers": lambda key: "".join(
        c if c.isascii() and c.isalnum() else f"&#x{ord(c):02X};" for c in key
    ),
    "HTML, escaped twice": lambda key: html.escape(html.escape(html.escape(key))),
    "percent-encoded three times": lambda key: quote(quote(quote(key, safe=""), safe=""), safe=""),
    "percent-encoded in part": lambda key: key.replace("/", "%2f").replace("&", "%26").replace("<", "&lt;"),
    "hexadecimal": lambda key: key.encode().hex(),
    "basic authentication": lambda key: basic("", key),
    "behind a name": lambda key: basic("u:", key),
    "behind a longer name": lambda key: basic("user:", key),
    "before a colon": lambda key: basic("", f"{key}:"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [KEY, PLAIN])
def test_no_form_of_a_key_is_left(form: str, key: str) -> None:
    written = FORMS[form](key)
    left = without_secrets(written.encode(), {key}).decode()
    assert "[redacted]" in left
    for piece in (key, key[:12], key[-12:], base64.b64encode(key.encode()).decode()[4:20]):
        assert piece not in left
    assert quote(key, safe="") not in left


def test_a_part_of_a_key_is_none() -> None:
    content = b"sk-\\u00e4b/c and 1234, %3C1234"
    assert without_secrets(content, {KEY}) == content


def test_what_is_no_key_stays_and_a_short_one_could_be_a_word() -> None:
    content = b'{"name": "sk-0123", "note": "demo"}'
    assert without_secrets(content, {PLAIN, "demo"}) == content
