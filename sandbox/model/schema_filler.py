"""Fills a JSON schema with verbatim pieces of the evidence in a prompt. It understands nothing and follows nothing.

schema + prompt -> {"evidence_id": "e1", "quote": "a line"}; sandbox/model/evidence.py finds what a list is about
"""

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from sandbox.companies.catalogue import read_data
from sandbox.model.evidence import NOTHING, Citation, citations, has_word, relevant
from sandbox.seeded_random import choice, draw

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_RIVAL = re.compile(r"(?:rivals?|competitors?|include|vs\.?|competitors are)\s+((?:[A-Z][\w&.-]*\s?)+)")
_ID_NAMES = ("evidence_id", "evidence_ids", "evidence")
_MOST_ITEMS = 3
_DEEPEST = 40


class UnusableSchemaError(ValueError):
    """The schema names something it does not define, or never ends."""


def fill(schema: dict[str, Any], prompt: str, *, seed: int) -> Any:
    """A value that fits `schema`. Raises UnusableSchemaError."""
    return _Filler(schema, prompt, seed).value(schema, (), None)


class _Filler:
    """One answer. `path` is the property names on the way down; `rank` is the place of an item in its list."""

    def __init__(self, root: dict[str, Any], prompt: str, seed: int) -> None:
        self.root = root
        self.prompt = prompt
        self.evidence = citations(prompt)
        self.seed = seed

    def value(self, schema: dict[str, Any], path: tuple[str, ...], cited: Citation | None, rank: int = 0) -> Any:
        nullable, schema = _is_nullable(schema), self._resolved(schema)
        if len(path) > _DEEPEST:
            raise UnusableSchemaError("it refers to itself without end")
        if "const" in schema:
            return schema["const"]
        about = cited or self._best(path)[0]
        if path and path[-1] in _ID_NAMES and _form(schema) == "string":
            return about.evidence_id
        if "enum" in schema:
            return self._member(schema["enum"], path, about, rank, nullable=nullable)
        form = _form(schema)
        if form == "object":
            return self._object(schema, path, cited, rank)
        if form == "array":
            return self._array(schema, path, cited)
        return self._scalar(form, schema, path, about, nullable=nullable)

    def _object(self, schema: dict[str, Any], path: tuple[str, ...], cited: Citation | None, rank: int) -> Any:
        properties = schema.get("properties") or {}
        if cited is None and any(name in ("evidence_id", "quote") for name in properties):
            cited = self._best(path)[0]
        return {name: self.value(part, (*path, name), cited, rank) for name, part in properties.items()}

    def _array(self, schema: dict[str, Any], path: tuple[str, ...], cited: Citation | None) -> list[Any]:
        offered = self._offered(path)
        if cited is not None and path[-1] in _ID_NAMES:
            offered = [cited, *(other for other in offered if other != cited)]
        low, high = schema.get("minItems", 0), schema.get("maxItems", _MOST_ITEMS)
        number = max(low, min(high, _MOST_ITEMS, len(offered)))
        items = schema.get("items") or {"type": "string"}
        fitting = offered or self._best(path)
        return [self.value(items, path, fitting[rank % len(fitting)], rank) for rank in range(number)]

    def _offered(self, path: tuple[str, ...]) -> list[Citation]:
        """What a list may cite: for a list that is known nothing but what is about it."""
        known = relevant(self.prompt, path[-1]) if path else None
        if known is not None:
            return known
        best = self._best(path)
        return [] if best == [NOTHING] else best

    def _member(self, members: list[Any], path: tuple[str, ...], cited: Citation, rank: int, *, nullable: bool) -> Any:
        """The member that the piece names or speaks of; of numbers, the place in the list."""
        real = [member for member in members if member is not None]
        if real and all(isinstance(member, int) for member in real):
            return real[min(rank, len(real) - 1)]
        labelled = [member for member in real if f": {member}" in cited.piece.text]
        words = (
            cited.piece.lines[0]
            if path[-1:] == ("seniority",) and cited.piece.dataset == "hiring_trends"
            else cited.quote
        )
        named = [m for m in real if has_word(words, (str(m).replace("_", " "), *_words_of_members().get(m, ())))]
        if labelled or named:
            return (labelled or named)[0]
        if nullable:
            return None
        return "other" if "other" in real else choice(real or [None], self.seed, *path, cited.quote)

    def _scalar(
        self, form: str, schema: dict[str, Any], path: tuple[str, ...], cited: Citation, *, nullable: bool
    ) -> Any:
        if form in ("integer", "number"):
            return _number(form, schema, cited.quote)
        if form == "boolean":
            return draw(self.seed, *path, cited.quote) < 0.5
        return None if form == "null" else _text(schema, path[-1] if path else "", cited, nullable=nullable)

    def _best(self, path: tuple[str, ...]) -> list[Citation]:
        """The evidence, what is about the words of the path first."""
        wanted = {word for name in path for word in _words(name)}
        ranked = sorted(self.evidence, key=lambda cited: -len(wanted & _subject(cited)))
        return ranked or [NOTHING]

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


def _form(schema: dict[str, Any]) -> str:
    form = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(form, list):
        form = next((one for one in form if one != "null"), "null")
    return str(form)


def _text(schema: dict[str, Any], name: str, cited: Citation, *, nullable: bool) -> str | None:
    if name == "quote":
        return cited.quote
    if name in _PARTS:
        found = _PARTS[name](cited)
        if found is None and nullable:
            return None
        return _sized(" ".join((found or cited.quote).split()), schema)
    return _formatted(schema, cited.quote, nullable=nullable)


def _formatted(schema: dict[str, Any], quote: str, *, nullable: bool) -> str | None:
    form, date = schema.get("format"), _DATE.search(quote)
    if form in ("date", "date-time") and date is None and nullable:
        return None
    if form == "date":
        return date.group() if date else "2026-01-01"
    if form == "date-time":
        return f"{date.group() if date else '2026-01-01'}T00:00:00Z"
    if form in ("uri", "url"):
        address = _ADDRESS.search(quote)
        return address.group() if address else "https://sandbox.example/"
    if form == "email":
        return "sandbox@sandbox.example"
    return _sized(" ".join(quote.split()), schema)


def _line(number: int) -> Callable[[Citation], str | None]:
    """The line of this number of the piece that is cited, from 1."""
    return lambda cited: cited.piece.lines[number - 1] if len(cited.piece.lines) >= number else None


def _name(cited: Citation) -> str | None:
    """A rival that the quote names, else the first line: what a product or a person is called."""
    rival = _RIVAL.search(cited.quote)
    return rival[1].strip().removesuffix(".") if rival else cited.piece.lines[0]


def _department(cited: Citation) -> str | None:
    return next((line for line in cited.piece.lines[2:] if ":" not in line), None)


def _work(cited: Citation) -> str | None:
    """The sentence of the quote that says what these people work on."""
    sentences = [sentence for line in cited.quote.splitlines() for sentence in re.split(r"(?<=[.!?]) ", line)]
    return next((sentence for sentence in sentences if has_word(sentence, ("work",))), None)


_PARTS: dict[str, Callable[[Citation], str | None]] = {
    "full_name": _line(1),
    "name": _name,
    "category": _line(2),
    "department": _department,
    "team": _line(1),
    "focus": _work,
    "purpose": lambda _: None,
    "why": lambda cited: _line(2)(cited) if cited.piece.dataset == "key_contacts" else None,
}
"""Fields of an item that are another part of its piece than the quote; where there is no such part, the quote."""


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


def _is_nullable(schema: dict[str, Any]) -> bool:
    alternatives = schema.get("anyOf") or schema.get("oneOf") or ()
    kinds = schema.get("type")
    return any(part.get("type") == "null" for part in alternatives) or (isinstance(kinds, list) and "null" in kinds)


@cache
def _words_of_members() -> dict[str, tuple[str, ...]]:
    return {row["member"]: tuple(row["words"].split("|")) for row in read_data("enum_words.csv")}


def _subject(cited: Citation) -> set[str]:
    return set(_words(f"{cited.piece.source} {cited.piece.dataset}"))


def _words(name: str) -> list[str]:
    """The beginnings of the words, so that technologies meet tech_stack."""
    return [word[:4] for word in re.findall(r"[a-z]+", name.lower())]
