"""Fills a JSON schema with verbatim pieces of the evidence in a prompt. It understands nothing and follows nothing.

<evidence id="e1" source="serp_news"> lines </evidence>  ->  {"evidence_id": "e1", "quote": "a line"}
"""

import math
import re
from dataclasses import dataclass
from typing import Any

from sandbox.seeded_random import choice, draw

LONGEST_QUOTE = 200
_BLOCK = re.compile(r"<evidence\b([^>]*)>\n?(.*?)</evidence>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_LEVEL = re.compile(r"^Seniority: (\w+)$", re.MULTILINE)
_NAMING = ("company_name", "domain")  # which company is meant: cited only where there is nothing else
_PEOPLE = "key_contacts"  # only the first line of a piece names the person
_ID_NAMES = ("evidence_id", "evidence_ids", "evidence")
_FEW_WORDS = 8
_MOST_ITEMS = 3
_DEEPEST = 40


class UnusableSchemaError(ValueError):
    """The schema names something it does not define, or never ends."""


@dataclass(frozen=True)
class Citation:
    """One line of one piece of evidence, what the piece is about, and its whole text."""

    evidence_id: str
    quote: str
    subject: frozenset[str]
    piece: str = ""


NOTHING = Citation("", "", frozenset())


def fill(schema: dict[str, Any], prompt: str, *, seed: int) -> Any:
    """A value that fits `schema`. Raises UnusableSchemaError."""
    return _Filler(schema, citations(prompt), seed).value(schema, (), None)


def citations(prompt: str) -> list[Citation]:
    """The lines of every evidence block, first lines first, so that few items still cite several blocks."""
    numbered: list[tuple[int, int, Citation]] = []
    blocks = [(dict(_ATTRIBUTE.findall(head)), text) for head, text in _BLOCK.findall(prompt)]
    telling = [(about, text) for about, text in blocks if about.get("dataset") not in _NAMING]
    for block, (about, text) in enumerate(telling or blocks):
        subject = frozenset(_words(f"{about.get('source', '')} {about.get('dataset', '')}"))
        lines = [line.strip() for line in text.splitlines() if _says_something(line)]
        for position, line in enumerate(lines[:1] if about.get("dataset") == _PEOPLE else lines):
            quote = line[:LONGEST_QUOTE].rstrip()
            numbered.append((position, block, Citation(about.get("id", ""), quote, subject, text)))
    return [citation for _, _, citation in sorted(numbered, key=lambda entry: entry[:2])]


class _Filler:
    """One answer. `path` is the property names on the way down; evidence about the same words is preferred."""

    def __init__(self, root: dict[str, Any], evidence: list[Citation], seed: int) -> None:
        self.root = root
        self.evidence = evidence
        self.seed = seed

    def value(self, schema: dict[str, Any], path: tuple[str, ...], cited: Citation | None) -> Any:
        schema = {"const": None} if path and _is_unknown(schema, path[-1], cited) else self._resolved(schema)
        if len(path) > _DEEPEST:
            raise UnusableSchemaError("it refers to itself without end")
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._member(schema["enum"], path, cited or self._best(path)[0])
        form = _form(schema)
        if form == "object":
            return self._object(schema, path, cited)
        if form == "array":
            return self._array(schema, path, cited)
        return self._scalar(form, schema, path, cited or self._best(path)[0])

    def _member(self, enum: list[Any], path: tuple[str, ...], cited: Citation) -> Any:
        """What the piece itself states, else one by lot."""
        members = [member for member in enum if member is not None]
        level = _LEVEL.search(cited.piece)
        stated = [cited.evidence_id] if path and path[-1] in _ID_NAMES else [level[1]] if level else []
        found = [member for member in stated if member in members]
        return found[0] if found else choice(members or [None], self.seed, *path, cited.quote)

    def _object(self, schema: dict[str, Any], path: tuple[str, ...], cited: Citation | None) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        if cited is None and any(name in ("evidence_id", "quote") for name in properties):
            cited = self._best(path)[0]
        return {name: self.value(part, (*path, name), cited) for name, part in properties.items()}

    def _array(self, schema: dict[str, Any], path: tuple[str, ...], cited: Citation | None) -> list[Any]:
        offered = self._best(path)
        if cited is not None and path[-1] in _ID_NAMES:
            offered = [cited, *(other for other in offered if other != cited)]
        low = schema.get("minItems", 1 if offered != [NOTHING] else 0)
        high = min(schema.get("maxItems", _MOST_ITEMS), max(low, _MOST_ITEMS))
        number = max(low, min(high, len(offered)) if offered != [NOTHING] else low)
        items = schema.get("items") or {"type": "string"}
        return [self.value(items, path, offered[index % len(offered)]) for index in range(number)]

    def _scalar(self, form: str, schema: dict[str, Any], path: tuple[str, ...], cited: Citation) -> Any:
        if form in ("integer", "number"):
            return _number(form, schema, cited.quote)
        if form == "boolean":
            return draw(self.seed, *path, cited.quote) < 0.5
        return None if form == "null" else _text(schema, path[-1] if path else "", cited)

    def _best(self, path: tuple[str, ...]) -> list[Citation]:
        """The evidence about the words of the path, the closest first; all of it where none is about them."""
        wanted = {word for name in path for word in _words(name)}
        ranked = sorted(self.evidence, key=lambda citation: -len(wanted & citation.subject))
        return [citation for citation in ranked if wanted & citation.subject] or ranked or [NOTHING]

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follows $ref and takes the first alternative that is not null."""
        for _ in range(_DEEPEST):
            if "$ref" in schema:
                schema = self._referred(str(schema["$ref"]))
            elif alternatives := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
                real = [part for part in alternatives if part.get("type") != "null"]
                schema = real[0] if real else {"type": "null"}
            else:
                return schema
        raise UnusableSchemaError("its references go round in a circle")

    def _referred(self, reference: str) -> dict[str, Any]:
        found: Any = self.root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if step:
                found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise UnusableSchemaError(f"there is nothing at {reference}")
        return found


def _says_something(line: str) -> bool:
    """Whether it is more than a date or a number."""
    return any(letter.isalpha() for letter in line)


def _is_unknown(schema: dict[str, Any], name: str, cited: Citation | None) -> bool:
    """Whether null is allowed and the piece cited does not tell: a date, or how senior a person is."""
    parts = schema.get("anyOf") or []
    if cited is None or not any(part.get("type") == "null" for part in parts):
        return False
    if any(part.get("format") == "date" for part in parts):
        return _DATE.search(cited.piece) is None
    return name == "seniority" and _LEVEL.search(cited.piece) is None


def _form(schema: dict[str, Any]) -> str:
    form = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(form, list):
        form = next((one for one in form if one != "null"), "null")
    return str(form)


def _text(schema: dict[str, Any], name: str, cited: Citation) -> str:
    if name in _ID_NAMES:
        return cited.evidence_id
    if name == "quote":
        return cited.quote
    dated = schema.get("format") == "date"
    return _sized(_formatted(schema.get("format"), cited.piece if dated else cited.quote), schema)


def _formatted(form: str | None, quote: str) -> str:
    date = _DATE.search(quote)
    if form == "date":
        return date.group() if date else "2026-01-01"
    if form == "date-time":
        return f"{date.group() if date else '2026-01-01'}T00:00:00Z"
    if form in ("uri", "url"):
        address = _ADDRESS.search(quote)
        return address.group() if address else "https://sandbox.example/"
    if form == "email":
        return "sandbox@sandbox.example"
    return " ".join(quote.split()[:_FEW_WORDS])


def _sized(text: str, schema: dict[str, Any]) -> str:
    return text[: schema.get("maxLength")].rstrip().ljust(schema.get("minLength", 0), ".")


def _number(form: str, schema: dict[str, Any], quote: str) -> float | int:
    """The first number of the quote within the bounds, else one between them."""
    low, high = _bounds(form, schema)
    read = [float(text.replace(",", "")) for text in _NUMBER.findall(quote)]
    fitting = [number for number in read if low <= number <= high and (form == "number" or number.is_integer())]
    found = fitting[0] if fitting else _between(low, high)
    return math.floor(found) if form == "integer" else found


def _between(low: float, high: float) -> float:
    if math.isfinite(low) and math.isfinite(high):
        return (low + high) / 2
    return min(max(1.0, low), high)


def _bounds(form: str, schema: dict[str, Any]) -> tuple[float, float]:
    step = 1.0 if form == "integer" else 1e-6
    low, high = float(schema.get("minimum", "-inf")), float(schema.get("maximum", "inf"))
    if "exclusiveMinimum" in schema:
        low = max(low, schema["exclusiveMinimum"] + step)
    if "exclusiveMaximum" in schema:
        high = min(high, schema["exclusiveMaximum"] - step)
    return low, high


def _words(name: str) -> list[str]:
    """The beginnings of the words, so that technologies meet tech_stack."""
    return [word[:4] for word in re.findall(r"[a-z]+", name.lower())]
