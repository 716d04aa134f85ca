"""Companies: what leads to them, what people are asked about them, how two became one. Each is a row of a table.

Times are datetimes in UTC, with zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enrichment.domain.json_values import Json

NameKind = Literal["former_name", "brand", "spelling"]


AliasKind = NameKind | Literal["former_key", "redirect", "id"]


RelationKind = Literal["parent", "subsidiary"]


@dataclass(frozen=True, slots=True)
class Company:
    """company_id never changes. key is the partition: the registrable domain, or name:... while none is known.

    country: ISO 3166, two letters in lower case; None: not known.
    """

    company_id: str
    key: str
    name: str | None
    domain: str | None
    created_at: datetime
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """What also leads to a company. alias: in the form of a key: 'name:facebook', 'facebook.com', 'linkedin:meta'.

    name: as its source writes it. source: what says so; None, and learned_at None: not known.
    """

    alias: str
    company_id: str
    kind: AliasKind
    name: str | None = None
    source: str | None = None
    learned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IdentityReview:
    """A question that a person answers: whether a record is of one of these companies. Asked once, its answer kept.

    question: its fingerprint. company_id: the registered company that the record is of; None: a row that waits to be
    registered. record: name, domain, ids and country as they were stated. candidates: company ids, the likeliest first.
    origin: a source, or a file and its line. same_as: the company that was meant; of a row, also one made for it.
    """

    review_id: str
    question: str
    company_id: str | None
    record: Mapping[str, Json]
    candidates: tuple[str, ...]
    because: str
    origin: str
    opened_at: datetime
    state: Literal["open", "same", "different"] = "open"
    same_as: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class CompanyRelation:
    """Another company that a source names as the parent or a subsidiary of this one: no alias of either.

    other: the key that its domain or name would give it; it need not be registered. name: as the source writes it.
    """

    company_id: str
    kind: RelationKind
    other: str
    name: str | None
    source: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Cause:
    """What caused a merge or a split. by: the command or part of the pipeline; None, and at None: not known."""

    by: str | None
    at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class CompanyEvent:
    """Two companies became one (merge), or a part of one became a company of its own (split): rows went from -> to.

    from_key, to_key: as they were then. moved: table -> how many rows. undone_at: None while it counts.
    """

    event_id: str
    kind: Literal["merge", "split"]
    from_id: str
    from_key: str
    to_id: str
    to_key: str
    cause: Cause
    moved: Mapping[str, int]
    undone_at: datetime | None = None
    undone_by: str | None = None
