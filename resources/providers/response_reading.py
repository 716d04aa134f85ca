"""What the body of a vendor's response contains: JSON, or the vendor's own words of a failure, cut short.

HttpResponse -> as_json, as_object, as_it_came: for `CallSession.send`; they raise ValueError
"""

import json
import re

from enrichment.domain.json_values import Json
from resources.providers.http_call import HttpResponse

SHOWN_OF_A_REFUSAL = 160


def as_json(response: HttpResponse) -> Json:
    """The body as JSON. Raises ValueError if it is not JSON."""
    if not response.content.strip():
        raise ValueError("an empty body")
    try:
        return json.loads(response.content, parse_constant=_no_number)
    except ValueError:
        # broken JSON may contain a person's data: only a body that was never meant as JSON is quoted
        half = response.content.lstrip()[:1] in (b"{", b"[")
        raise ValueError("broken JSON" if half else f"not JSON: {words_of(response)}") from None


def as_object(response: HttpResponse) -> dict[str, Json]:
    """The body as a JSON object. Raises ValueError if it is not one."""
    body = as_json(response)
    if not isinstance(body, dict):
        raise ValueError(f"a JSON {type(body).__name__} instead of an object")
    return body


def as_it_came(response: HttpResponse) -> HttpResponse:
    return response


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def words_of(response: HttpResponse) -> str:
    """The vendor's own words, cut short."""
    try:
        message = _message(json.loads(response.content))
    except (ValueError, RecursionError):
        message = re.sub(r"<[^>]*>", " ", response.text[:4000])
    return shortened(message) or "no words"


def _message(body: Json) -> str:
    for key in ("error_message", "message", "error_description", "error", "errors", "validation_errors", "title"):
        if isinstance(body, dict) and body.get(key):
            return _message(body[key])
    return body if isinstance(body, str) else json.dumps(body)


def shortened(message: object) -> str:
    """The message on one line of at most SHOWN_OF_A_REFUSAL characters, without a full stop."""
    words = " ".join(str(message).split()).rstrip(".")
    return words if len(words) <= SHOWN_OF_A_REFUSAL else words[:SHOWN_OF_A_REFUSAL] + "…"
