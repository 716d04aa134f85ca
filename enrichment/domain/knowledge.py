"""What is known of a company: replies, their facts, answers of models, what people say. Each is a row of a table.

Purchase -> Reply -> Fact;   Purchase -> ModelReply -> Analysis -> Fact.   Times are datetimes in UTC, with zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from enrichment.domain.json_values import Json
from enrichment.domain.values import Value


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
