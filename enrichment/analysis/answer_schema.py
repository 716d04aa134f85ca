"""The JSON schema of one question's answer, and its fields in words for the prompt.

    answer type + ids of the evidence -> schema: an answer cites one of these ids    fields_in_words(type) -> text

Engines that keep an answer to a grammar do not show the schema to the model, so its descriptions are in the prompt too.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache

from enrichment.analysis.answer_schemas import AnalysisAnswer
from enrichment.domain.json_values import Json

EVIDENCE_ID = "EvidenceId"
BYTES_PER_ID = len('"e0000", ')  # an upper bound of what one more id adds to a schema


def answer_schema(kind: type[AnalysisAnswer], evidence_ids: Sequence[str] = ()) -> dict[str, Json]:
    """evidence_ids: the only ones an answer may cite; without any the schema does not bound them.

    Parts of it are shared by all questions of this kind: not to be changed.
    """
    if not evidence_ids:
        return _plain(kind)
    schema = _citing(kind)
    return {**schema, "$defs": {**schema["$defs"], EVIDENCE_ID: {"type": "string", "enum": [*evidence_ids]}}}


@cache
def fields_in_words(kind: type[AnalysisAnswer]) -> str:
    """A line for each list of an answer, and one for each field of its items."""
    schema, lines = _plain(kind), ["## Fields of the answer", ""]
    for name, part in schema["properties"].items():
        item = schema["$defs"][part["items"]["$ref"].rpartition("/")[2]]
        lines.append(f"- `{name}`, at most {part['maxItems']}: {part['description']}. Each has")
        lines += [
            f"  - `{field}`{_bound(about)}: {about['description']}" for field, about in item["properties"].items()
        ]
    return "\n".join(lines)


def schema_bytes(kind: type[AnalysisAnswer], passages: int) -> int:
    """An upper bound of the bytes of a schema that may cite so many passages."""
    return _bytes_citing_one(kind) + passages * BYTES_PER_ID


@cache
def _bytes_citing_one(kind: type[AnalysisAnswer]) -> int:
    return len(json.dumps(answer_schema(kind, ("e0",))).encode())


@cache
def _plain(kind: type[AnalysisAnswer]) -> dict[str, Json]:
    """Cached, as making it takes 3 ms."""
    return kind.model_json_schema()


@cache
def _citing(kind: type[AnalysisAnswer]) -> dict[str, Json]:
    """The schema of an answer whose items cite one of the ids that are still to be listed."""
    schema = deepcopy(_plain(kind))
    for item in _items(schema):
        item["properties"]["evidence_id"] = {"$ref": f"#/$defs/{EVIDENCE_ID}"}
    return schema


def _items(schema: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    return (part for part in schema["$defs"].values() if "evidence_id" in part.get("properties", {}))


def _bound(field: Mapping[str, Json]) -> str:
    parts = (field, *field.get("anyOf", ()))
    longest = next((part["maxLength"] for part in parts if "maxLength" in part), None)
    choices = next((part["enum"] for part in parts if "enum" in part), None)
    if choices:
        return f" ({', '.join(str(choice) for choice in choices)})"
    return f" (at most {longest} characters)" if longest else ""
