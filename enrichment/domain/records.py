"""The records; each is one row of a table. Times are datetimes in UTC, with zone; money is integer micro-USD.

Request -> Purchase -> Reply -> Fact;   Purchase -> ModelReply -> Analysis -> Fact;   Request -> Profile
CacheRead: a request that used what another purchase had paid for
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from enrichment.domain.values import Value

Json = Any
PurchaseState = Literal["reserved", "sent", "settled", "released", "uncertain"]
RequestState = Literal["running", "complete", "incomplete", "refused", "failed", "stopped"]
Confidence = Literal["High", "Medium", "Low"]


def fingerprint(of: object) -> str:
    """Twelve hexadecimal digits of the SHA-256 of a JSON value; the order of its keys does not count."""
    return hashlib.sha256(json.dumps(of, sort_keys=True, default=str).encode()).hexdigest()[:12]


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


NameKind = Literal["former_name", "brand", "spelling"]
AliasKind = NameKind | Literal["former_key", "redirect", "id"]
RelationKind = Literal["parent", "subsidiary"]


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
    """What had a company merged or split. by: the command or part of the pipeline; None, and at None: not known."""

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


@dataclass(frozen=True, slots=True)
class Request:
    """One request of one consumer for one company. Every cost and every saving belongs to exactly one request."""

    request_id: str
    company_id: str
    consumer: str
    audience: str | None
    strategy: str
    rules_hash: str
    asked_at: datetime
    asked_by: str = "cli"
    state: RequestState = "running"
    finished_at: datetime | None = None
    cost_micro_usd: int = 0
    saved_micro_usd: int = 0
    served_from: str | None = None
    profile_id: str | None = None
    plan: Json = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """One call to a provider. A free call is a purchase of price 0.

    units, reserved_units: vendor unit -> count. handle: the job id of a two-step vendor, to resume by.
    asked: fingerprint of the exact question. topic: as of a Reply. repeatable_until: until then the vendor repeats that
    question for free; None: a repetition may be billed. attempt: raised whenever another process resumes the purchase;
    writes with an earlier attempt are refused (a fencing token).
    """

    purchase_id: str
    request_id: str
    company_id: str
    consumer: str
    strategy: str
    source: str
    provider: str
    variant: str
    rules_hash: str
    reserved_units: Mapping[str, int]
    usd_per_unit: Mapping[str, Decimal]
    reserved_micro_usd: int
    reserved_at: datetime
    lease_until: datetime
    repeatable_until: datetime | None = None
    asked: str = ""
    attempt: int = 1
    state: PurchaseState = "reserved"
    units: Mapping[str, int] = field(default_factory=dict)
    cost_micro_usd: int = 0
    handle: str | None = None
    sent_at: datetime | None = None
    closed_at: datetime | None = None
    latency_seconds: float | None = None
    calls: int = 0
    outcome: str | None = None
    reason: str | None = None
    reported_at: datetime | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One raw answer of a source about a company. payload: step -> the vendor's body; found=False: knows nothing.

    topic: what in particular it was asked, such as 'european expansion'; empty: it is asked about the company as such.
    The answers of one source on two topics are kept beside each other.

    reader_version: which version of its reader made its facts; 0: it is stored, but not read yet.
    """

    reply_id: str
    company_id: str
    source: str
    variant: str
    purchase_id: str
    request_id: str
    found: bool
    payload: Mapping[str, Json]
    collected_at: datetime
    expires_at: datetime
    reader_version: int = 0
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A typed value of a dataset with where it came from. source names a source or an analysis.

    quality = reliability x completeness of its fields. holds_until: valid until then, by source TTL and dataset
    max_age. evidence: the path in the reply, such as 'search.organic_results[0].title'. last_resort: its source is
    less reliable than the dataset's threshold.
    """

    company_id: str
    dataset: str
    value: Value
    quality: float
    reliability: float
    source: str
    reply_id: str
    purchase_id: str
    evidence: str
    collected_at: datetime
    holds_until: datetime
    reader_version: int = 1
    last_resort: bool = False

    def age(self, now: datetime) -> timedelta:
        return now - self.collected_at


@dataclass(frozen=True, slots=True)
class ReplyHead:
    """A reply without its payload: what planning needs to know of it. reader_version, topic: as of a Reply."""

    reply_id: str
    source: str
    purchase_id: str
    request_id: str
    found: bool
    collected_at: datetime
    expires_at: datetime
    cost_micro_usd: int
    reader_version: int = 1
    topic: str = ""

    @property
    def unread(self) -> bool:
        """Whether it has no facts because no reader has read it, and so tells nothing yet."""
        return self.reader_version == 0


VERDICT = "verdict"
"""The source of a value that a person states."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of a value: it is wrong, and what is right. It wins over vendors until it is withdrawn.

    wrong: None: nothing is known. right: None: that is not known, only that the other one is wrong. sources: what had
    given the wrong value. by: the command line, or the key of the service.
    """

    verdict_id: str
    company_id: str
    dataset: str
    wrong: Value | None
    right: Value | None
    because: str
    sources: tuple[str, ...]
    by: str
    at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None

    @property
    def is_valid(self) -> bool:
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one company: the newest reply of each source and topic, and their facts, whatever their age.

    passed_over: ids of further replies, which this request does not use. verdicts: valid ones, the oldest first.
    rejected: facts that verdicts say are wrong; they are not among `facts`.
    """

    replies: tuple[ReplyHead, ...] = ()
    facts: tuple[Fact, ...] = ()
    passed_over: frozenset[str] = frozenset()
    verdicts: tuple[Verdict, ...] = ()
    rejected: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class CacheRead:
    """A request used what another purchase had paid for. saved_micro_usd: the cost of that purchase."""

    request_id: str
    purchase_id: str
    source: str
    layer: Literal["reply", "analysis", "profile"]
    saved_micro_usd: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Analysis:
    """A typed answer of a language model over evidence. key: fingerprint of evidence, prompt, model and answer type."""

    analysis_id: str
    key: str
    company_id: str
    name: str
    audience: str | None
    model: str
    purchase_id: str
    request_id: str
    answer: Mapping[str, Json]
    claims_kept: int
    claims_dropped: int
    evidence: Mapping[str, Json]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ModelReply:
    """The raw answer of a language model to the question of an analysis, failures included.

    key: as of an Analysis; analysis_id: of the analysis that is read from it. answer: content, refusal, finish_reason,
    input_tokens, output_tokens. checked_by: the version of the check that read it; 0: it is stored, not checked yet.
    failure: why it cannot be used; None: it can.
    """

    analysis_id: str
    key: str
    company_id: str
    name: str
    model: str
    purchase_id: str
    request_id: str
    answer: Mapping[str, Json]
    answered_at: datetime
    checked_by: int = 0
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What one consumer gets about one company. document: the whole profile as JSON (profiles/assembly.py)."""

    profile_id: str
    company_id: str
    consumer: str
    audience: str | None
    requirements_hash: str
    rules_hash: str
    request_id: str
    quality: float
    completeness: float
    confidence: Confidence
    document: Mapping[str, Json]
    created_at: datetime
    holds_until: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A dataset of a company states something else than before: what a seller acts on. Another spelling is none.

    kind: of a single value 'changed'; of a list 'added' or 'removed', or 'changed' for a contact with another title.
    before, after: stored values; None where there is none. since: when the reply that shows it was collected.
    mark: equal for the same change in the profiles of several consumers; it is kept once.
    """

    change_id: str
    mark: str
    company_id: str
    consumer: str
    audience: str | None
    dataset: str
    kind: Literal["changed", "added", "removed"]
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None
    source: str
    reply_id: str
    evidence: str
    why: str
    since: datetime
    profile_id: str
    request_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProfileHead:
    """A profile without its document: enough to tell whether it is still fresh."""

    profile_id: str
    company_id: str
    requirements_hash: str
    quality: float
    created_at: datetime
    holds_until: datetime


Stage = Literal["identify", "layer_1", "plan", "collect", "analyse", "assemble", "keep"]
"""The part of a request in which an event happened; stored."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a request, as `enrich trace` shows it."""

    request_id: str
    at: datetime
    stage: Stage
    what: str
    data: Mapping[str, Json] = field(default_factory=dict)


_FORMER_KINDS = {"Barred": "Unavailable"}


def failure_kind(stored: str) -> str:
    """The kind of a failure, as it is called now, of an event that may have been stored when it had another name."""
    return _FORMER_KINDS.get(stored, stored)


@dataclass(frozen=True, slots=True)
class SourceFailure:
    """A source or an analysis that could not answer in a request: why, in one sentence, and the kind of obstacle.

    source of an analysis: as analysis_source. kind: 'OverCap', 'ProviderUnavailable', ...
    """

    source: str
    provider: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A provider that is not asked before `until`, when a probe is due. because: its last error, as one sentence."""

    provider: str
    kind: Literal["down", "exhausted"]
    because: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Suspension:
    """A source that is not asked until a person lifts it: its vendor billed more than its rules allow."""

    source: str
    purchase_id: str
    because: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit on money that a purchase is reserved against. name carries its period: 'day:2026-11-21'.

    limit_micro_usd: None: no limit; the sum is kept all the same, for a limit that is set later in the period.
    """

    name: str
    limit_micro_usd: int | None

    def allows(self, taken: int) -> bool:
        """Whether a sum of so many micro-USD does not exceed it."""
        return self.limit_micro_usd is None or taken <= self.limit_micro_usd


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """What a payer of requests, such as an API key, may spend a day (UTC). name: 'key:acme'.

    limit_micro_usd: as of a Cap.
    """

    name: str
    limit_micro_usd: int | None

    def cap(self, day: str) -> Cap:
        """Of this day, such as 2026-11-21."""
        return Cap(f"{self.name}:{day}", self.limit_micro_usd)
