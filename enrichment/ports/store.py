"""What the business keeps: one port for each use, so that a package names the few methods it may call.

Store: companies | identity_reviews | knowledge | verdicts | requests | profiles | ledger | provider_health | batches

Every method is one short transaction and blocks its thread (in async code: asyncio.to_thread). All may raise
StoreError. An id of a company that was merged into another one means that other company. Times are UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from enrichment.domain.companies import Alias, Cause, Company, CompanyRelation, IdentityReview
from enrichment.domain.decisions import PolicyDecision
from enrichment.domain.knowledge import Analysis, Fact, Known, ModelReply, Reply, Verdict
from enrichment.domain.profiles import Change, Profile, ProfileHead
from enrichment.domain.purchases import Outage, Suspension
from enrichment.domain.requests import CacheRead, Event, Request
from enrichment.domain.values import Value
from enrichment.ports.batches import Batches
from enrichment.ports.ledger import Ledger


class Companies(Protocol):
    """Companies and their keys: one company per key; a former key still leads to its company."""

    def by_key(self, key: str) -> Company | None:
        """The company with this key, else by an alias that leads to no other company."""
        ...

    def by_id(self, company_id: str) -> Company | None: ...

    def by_alias(self, alias: str) -> list[Company]:
        """All companies that this alias leads to, by key; an alias may be one of several companies."""
        ...

    def aliases(self, company_id: str) -> list[Alias]:
        """Aliases of this company, in the order of their text."""
        ...

    def add_aliases(self, aliases: Sequence[Alias]) -> None:
        """Adds those that are new; of one that its company has, the first source and date stay."""
        ...

    def set_country(self, company_id: str, country: str) -> None:
        """ISO 3166, two letters; a country that is known already stays."""
        ...

    def relations(self, company_id: str) -> list[CompanyRelation]:
        """The company's parents, then its subsidiaries, as sources name them."""
        ...

    def add_relations(self, relations: Sequence[CompanyRelation]) -> None:
        """Adds those that are new; of a known one, the first source and date stay."""
        ...

    def named(self, name: str) -> list[Company]:
        """Companies with this name; legal form and spelling do not count."""
        ...

    def named_longer(self, name: str, *, most: int) -> list[Company]:
        """Companies whose name begins with all words of this one and goes on, by key: 'Ford' of Ford Motor."""
        ...

    def beginning(self, letters: str, *, most: int) -> list[Company]:
        """Companies whose name begins with these letters, or whose website is called so, by key."""
        ...

    def all(self) -> list[Company]:
        """All companies, in the order of their keys."""
        ...

    def add(self, companies: Sequence[Company]) -> list[Company]:
        """Adds those with a new key, and the names beside their own: Acme (formerly Beta).

        Returns the stored companies, in the order given.
        """
        ...

    def rekey(
        self, company_id: str, *, key: str, name: str | None, domain: str | None, cause: Cause | None = None
    ) -> Company:
        """Gives a company its new key; the old key stays as an alias.

        If another company already has the key, the two are merged, which can be undone: that company is returned, with
        all that was known of this one. cause: what found the key, and when.
        """
        ...


class IdentityReviews(Protocol):
    """What waits because it is not sure which company is meant; each question is asked once."""

    def open(self, reviews: Sequence[IdentityReview]) -> None:
        """Keeps those whose question was not asked before."""
        ...

    def answered(self, questions: Sequence[str]) -> Mapping[str, IdentityReview]:
        """Question -> its review, open or decided, for those that were asked."""
        ...

    def waiting(self) -> list[IdentityReview]:
        """The oldest first."""
        ...

    def by_id(self, review_id: str) -> IdentityReview | None: ...

    def decide(self, review_id: str, *, same: bool, same_as: str | None, by: str, at: datetime) -> None:
        """Decides a review, once only. same_as: the id of the company that was meant.

        Raises StoreError: it does not wait any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class SourceDatasetPair:
    """A source and a dataset it may answer.

    least_completeness: between 0 and 1; a fact is good if its quality is at least this times its reliability.
    fresh_since: a reply that was collected later is fresh for it.
    """

    source: str
    dataset: str
    least_completeness: float
    fresh_since: datetime


class Knowledge(Protocol):
    """Replies, the facts read from them, and analyses."""

    def known(self, company_id: str, source: str | None = None, topic: str = "") -> Known:
        """The newest reply of each source and topic, and its facts, whatever their age.

        source: of this source only, on this topic.
        """
        ...

    def known_many(self, company_ids: Sequence[str]) -> dict[str, Known]:
        """company_id -> what is known of it, for every id given."""
        ...

    def reply_states(self, pairs: Sequence[SourceDatasetPair]) -> dict[str, str]:
        """company_id -> the newest reply of each source about it, how fresh and how good, without values; ';' between.

        Of a reply: the numbers of the pairs for which it is fresh, ':', and one mark per fact of the pairs' datasets,
        spaces between. 'n+': of pair number n and good; 'n-': of pair n and not good; '?': the fact itself has to be
        read to see it; '!': it does not know the company. One read for all companies; what says nothing is left out.
        """
        ...

    def newest_values(self, datasets: Sequence[str]) -> dict[str, dict[str, Value]]:
        """company_id -> dataset -> its newest value, fresh or not. One read for all companies."""
        ...

    def companies_of_contact(self, full_name: str, *, most: int) -> list[str]:
        """The ids of companies that have a contact of exactly this name."""
        ...

    def reply(self, reply_id: str) -> Reply | None:
        """The reply with its payload."""
        ...

    def read_by_older(self, versions: Mapping[str, int], *, after: str, limit: int) -> list[Reply]:
        """Newest replies that know their company and were read by an older version than versions[source], or by none.

        By reply_id, those above `after`.
        """
        ...

    def keep_facts(self, reply_id: str, facts: Sequence[Fact], *, reader_version: int | None = None) -> None:
        """Replaces the facts of a stored reply by what a reader made of it; what analyses read from it stays.

        They are written for the company the reply belongs to by now. reader_version: the reader's; needed where it
        found no fact.
        """
        ...

    def analysis(self, key: str) -> Analysis | None:
        """The newest one of this key: same evidence, prompt, model and answer type."""
        ...

    def model_reply(self, key: str) -> ModelReply | None:
        """The newest raw answer to the question of this key, failures included."""
        ...

    def keep_analysis(self, analysis: Analysis, facts: Sequence[Fact], *, checked_by: int) -> None:
        """What a check made of the stored answer with the same analysis_id; replaces what an earlier check made.

        checked_by: the version of the check.
        """
        ...

    def keep_failure(self, analysis_id: str, failure: str, *, checked_by: int) -> None:
        """Why a stored answer cannot be used, as one sentence; its purchase has then failed too."""
        ...


REQUEST_LEASE = timedelta(seconds=60)  # renewed every few seconds: longer than a busy machine keeps a process from it


class Verdicts(Protocol):
    """What people say of values; `Knowledge.known` brings the valid ones along."""

    def keep(self, verdict: Verdict, profiles: Sequence[Profile]) -> None:
        """Stores a verdict with the company's profiles as they are corrected by it, in one transaction."""
        ...

    def withdraw(self, verdict_id: str, *, by: str, at: datetime, profiles: Sequence[Profile]) -> bool:
        """Withdraws a verdict: from now on it does not count.

        False: it is withdrawn already, and nothing was written.
        """
        ...

    def by_id(self, verdict_id: str) -> Verdict | None: ...

    def of(self, company_id: str) -> list[Verdict]:
        """All verdicts on the company, withdrawn ones too, the oldest first."""
        ...

    def valid_ids(self, company_id: str) -> list[str]: ...

    def judged_companies(self) -> frozenset[str]:
        """Ids of companies with a valid verdict."""
        ...


class Requests(Protocol):
    """Requests and what happened in them."""

    def open(self, request: Request) -> None: ...

    def close(
        self,
        request: Request,
        *,
        profiles: Sequence[Profile],
        reads: Sequence[CacheRead],
        changes: Sequence[Change] = (),
    ) -> None:
        """Writes the finished request, its cache reads, its profiles and what changed in them in one transaction, once.

        A change that is known already, by its mark, is not written again.

        Its cost is that of its purchases as they are then. Raises StoreError if the request is not running.
        """
        ...

    def renew(self, request_ids: Collection[str], *, lease_until: datetime) -> None:
        """Renews the leases of these requests: their process is alive, and renews again before lease_until."""
        ...

    def end_silent(self, at: datetime) -> int:
        """Ends as failed what no process has renewed in time, at the cost of its purchases. Returns how many.

        One whose process was only stopped for long, or that another process goes on with, is closed all the same.
        """
        ...

    def by_id(self, request_id: str) -> Request | None: ...

    def record(self, happened: Sequence[Event | PolicyDecision]) -> None:
        """Records all of it in one transaction."""
        ...

    def decisions(self, request_id: str) -> list[PolicyDecision]:
        """The request's decisions, in the order they were recorded."""
        ...

    def events(self, request_id: str) -> list[Event]:
        """The request's events, in the order they were recorded."""
        ...

    def cache_reads(self, request_id: str) -> list[CacheRead]: ...


class Profiles(Protocol):
    """Finished profiles, as they were written."""

    def latest(self, company_id: str, consumer: str, audience: str | None) -> Profile | None: ...

    def latest_by_company(self, consumer: str) -> dict[str, ProfileHead]:
        """company_id -> its newest profile without an audience, without the document; one read for all."""
        ...

    def by_id(self, profile_id: str) -> Profile | None: ...

    def latest_of(self, company_id: str) -> list[Profile]:
        """The newest one of each consumer and audience."""
        ...

    def by_ids(self, profile_ids: Sequence[str]) -> dict[str, Profile]:
        """profile_id -> profile, of those that are kept; in one read."""
        ...


@dataclass(frozen=True, slots=True)
class Breaker:
    """When an outage of a provider begins and how long it lasts (seconds).

    It begins after `failures` in a row and lasts first_seconds; each next one twice as long, up to longest_seconds.
    exhausted_seconds: how long an outage lasts after the vendor reported that the plan is used up.
    """

    failures: int
    first_seconds: float
    longest_seconds: float
    exhausted_seconds: float


class ProviderHealth(Protocol):
    """Failures in a row, outages and suspensions, shared by all processes."""

    def record_failure(self, provider: str, breaker: Breaker, *, exhausted: bool, because: str, at: datetime) -> None:
        """Counts one more failure in a row; too many of them, or an exhausted plan, begin an outage."""
        ...

    def record_answer(self, provider: str) -> None:
        """Records that the vendor answers again: its failures are forgotten and its outage ends."""
        ...

    def unavailable(self, at: datetime) -> tuple[dict[str, Outage], dict[str, Suspension]]:
        """Provider -> outage that lasts beyond `at` (not those due for a probe); source -> suspension."""
        ...


class Store(Protocol):
    """All ports on the stored state of one installation (sandbox or live)."""

    @property
    def companies(self) -> Companies: ...
    @property
    def identity_reviews(self) -> IdentityReviews: ...
    @property
    def knowledge(self) -> Knowledge: ...
    @property
    def verdicts(self) -> Verdicts: ...
    @property
    def requests(self) -> Requests: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def provider_health(self) -> ProviderHealth: ...
    @property
    def batches(self) -> Batches: ...
