"""What came of each purchase: booked to the request, noted in its trace, added to what is known.

    PurchaseSettled -> its reply is read, its facts are stored -> Known
    PurchaseFailed | not reserved -> SourceFailure             AlreadyBought -> the other request's reply, a cache read

Reading comes after the reply is paid for and stored: a reader that raises, or a killed process, loses no reply.
"""

import asyncio
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from enrichment.collection.context import CollectionContext
from enrichment.collection.pages import UNIT
from enrichment.context.trace import Trace
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, Known, Reply, ReplyHead
from enrichment.domain.money import charge
from enrichment.domain.numbers import in_number
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import CacheRead, Request, SourceFailure
from enrichment.domain.values import Text
from enrichment.memory.freshness import dataset_status
from enrichment.memory.recall import ReaderFailed, ReadReply, read_and_keep, read_reply, read_stored
from enrichment.memory.verdicts import judged
from enrichment.parsing import NamedCompany, reader_of
from enrichment.planning.skip_reasons import because
from enrichment.ports import AskedInVain, Busy, CapReached, Unavailable
from enrichment.purchasing.caps import too_dear
from enrichment.purchasing.purchase import in_vain
from enrichment.purchasing.purchase_order import Delivery
from enrichment.purchasing.settlement import PurchaseFailed, PurchaseSettled
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements


@dataclass(frozen=True, slots=True)
class CollectionResult:
    """What is known after a plan was carried out. reads: replies that other requests paid for meanwhile.

    company: the one that was asked about, with its name if that was learned on the way.
    named: source, and the company as its record states it, of records that are of the company.
    given_up: required datasets that cannot be had, so that nothing more was bought.
    """

    company: Company
    known: Known
    purchases: tuple[Purchase, ...]
    failures: tuple[SourceFailure, ...]
    reads: tuple[CacheRead, ...]
    named: tuple[tuple[str, NamedCompany], ...] = ()
    given_up: tuple[str, ...] = ()


class Bookings:
    """The purchases, replies and facts of one plan while it is carried out."""

    def __init__(
        self,
        known: Known,
        company: Company,
        request: Request,
        requirements: Requirements,
        rules: Rules,
        context: CollectionContext,
        trace: Trace,
    ) -> None:
        self.known, self.company = known, company
        self._request, self._requirements = request, requirements
        self._rules, self._context, self._trace = rules, context, trace
        self._purchases: list[Purchase] = []
        self._failures: list[SourceFailure] = []
        self._reads: list[CacheRead] = []
        self._named: list[tuple[str, NamedCompany]] = []
        self._read_without_name: list[Reply] = []
        self._new_of_others: tuple[ReplyHead, ...] = ()

    def result(self) -> CollectionResult:
        return CollectionResult(
            self.company,
            self.known,
            tuple(self._purchases),
            tuple(self._failures),
            tuple(self._reads),
            tuple(self._named),
        )

    async def settled(self, outcome: PurchaseSettled) -> None:
        purchase, delivery = outcome.purchase, outcome.delivery
        facts = () if delivery.reply is None else await self._read(delivery.reply, purchase)
        self._note_purchase(purchase, facts)
        self._book(purchase, delivery)
        self._book_pages(purchase, delivery.pages_of)

    def failed(self, outcome: PurchaseFailed) -> None:
        self._book(outcome.purchase)
        self.fail(outcome.purchase.source, type(outcome.error).__name__, str(outcome.error))

    def refused(self, source: str, by: CapReached | Busy | Unavailable | AskedInVain) -> None:
        """Book that a source was not asked because its purchase could not be reserved."""
        match by:
            case CapReached(cap=cap, left_micro_usd=left):
                most = self._rules.max_micro_usd(source)
                self.fail(source, "OverCap", too_dear(most, cap, left, self._requirements.raise_cap))
            case Busy(under_way):
                why = f"is busy with {in_number(under_way, 'other purchase')}: ask later, or raise its concurrency"
                provider = self._rules.sources[source].provider
                self.fail(source, "Throttled", f"{provider} {why} in config/providers.yaml.")
            case Unavailable(out):
                self.fail(source, "Unavailable", because(out))
            case AskedInVain():
                self.fail(source, "AskedInVain", in_vain(by))

    def fail(self, source: str, kind: str, reason: str) -> None:
        provider = self._rules.sources[source].provider
        self._failures.append(SourceFailure(source, provider, kind, reason))
        self._trace.note("collect", "failed", source=source, provider=provider, kind=kind, reason=reason)

    async def taken_over(self, source: str) -> None:
        """Use the reply that another process has just stored: paid for by another request, or by this one, resumed.

        That process may not have read it yet, or may be gone: then it is read here.
        """
        topic = self._requirements.topic if self._rules.sources[source].by_topic else ""
        newest = await asyncio.to_thread(self._context.store.knowledge.known, self.company.company_id, source, topic)
        (reply,) = newest.replies
        if reply.unread:
            newest = await read_stored(
                reply,
                newest,
                self.company,
                rules=self._rules,
                context=self._context,
                trace=self._trace,
                stage="collect",
            )
        self._add(newest.replies[0], newest.facts)
        if reply.request_id != self._request.request_id:
            self._book_read(source, reply)
            return
        ours = await asyncio.to_thread(self._context.store.ledger.purchases, self._request.request_id)
        self._purchases.extend(purchase for purchase in ours if purchase.purchase_id == reply.purchase_id)

    async def replies_by_now(self, seen: Container[str]) -> tuple[ReplyHead, ...]:
        """Those known, and those other requests have bought since. seen: ids of those this one was planned with."""
        stored = await asyncio.to_thread(self._context.store.knowledge.known, self.company.company_id)
        known = {reply.reply_id for reply in self.known.replies}
        self._new_of_others = tuple(
            reply for reply in stored.replies if reply.reply_id not in seen and reply.reply_id not in known
        )
        return (*self.known.replies, *self._new_of_others)

    async def read_again_by_name(self) -> None:
        """Read once more, for free, the replies that were read before the company's name was known."""
        if self.company.name is None:
            return
        for reply in self._read_without_name:
            every = (*self.known.facts, *self.known.rejected)
            before = [fact for fact in every if fact.reply_id == reply.reply_id]
            try:
                facts = read_reply(reply, self.company, self._rules, self._context.readers).facts
            except ReaderFailed:
                continue  # the facts that were read without a name stay
            if len(facts) > len(before):
                await asyncio.to_thread(self._context.store.knowledge.keep_facts, reply.reply_id, facts)
                others = (fact for fact in every if fact.reply_id != reply.reply_id)
                self.known = judged(replace(self.known, facts=(*others, *facts), rejected=()))

    async def _read(self, reply: Reply, purchase: Purchase) -> tuple[Fact, ...]:
        """The facts of a reply that is stored and paid for; it then counts as known, even if it could not be read."""
        made: ReadReply | None = ReadReply((), ())
        without_name = self.company.name is None  # another reply may give the name while this one is read
        if reply.found:
            made = await read_and_keep(
                reply, self.company, rules=self._rules, context=self._context, trace=self._trace, stage="collect"
            )
        version = 0 if made is None else reader_of(reply.source, self._rules, self._context.readers).version
        self._add(_head(reply, purchase, version), made.facts if made else ())
        if made is None:
            return ()
        self._named += [(reply.source, one) for one in made.named if one.is_asked]
        if without_name:
            self._read_without_name.append(reply)
        if self.company.name is None:
            self._learn_name()
        return made.facts

    def _add(self, head: ReplyHead, facts: tuple[Fact, ...]) -> None:
        """Adds a reply, which replaces the source's older one and its facts."""
        others = tuple(reply for reply in self.known.replies if reply.source != head.source)
        replaced = {reply.reply_id for reply in self.known.replies if reply.source == head.source}
        kept = (fact for fact in self.known.facts if fact.reply_id not in replaced)
        rejected = (fact for fact in self.known.rejected if fact.reply_id not in replaced)
        self.known = judged(
            replace(self.known, replies=(*others, head), facts=(*kept, *facts), rejected=tuple(rejected))
        )

    def _learn_name(self) -> None:
        """A company asked for by its domain: later questions use the name that the first reply gave it."""
        status = dataset_status(self._rules, self._requirements, self.known, "company_name", self._context.now())
        if not status.open and isinstance(status.facts[0].value, Text):
            self.company = replace(self.company, name=status.facts[0].value.text)
            self._trace.note("collect", "learned the name", name=self.company.name)

    def _book(self, purchase: Purchase, delivery: Delivery | None = None) -> None:
        """Books a purchase to this request; one of another request, resumed here, is booked as a cache read."""
        if purchase.request_id == self._request.request_id:
            self._purchases.append(purchase)
        elif delivery is not None and delivery.reply is not None:
            self._book_read(purchase.source, _head(delivery.reply, purchase, delivery.reply.reader_version))

    def _book_pages(self, purchase: Purchase, pages_of: Mapping[str, int]) -> None:
        """Pages that other requests paid for are read from memory, each for what it would have cost."""
        for reply in (*self.known.replies, *self._new_of_others):
            if (pages := pages_of.get(reply.purchase_id)) and reply.request_id != self._request.request_id:
                price = self._rules.providers[purchase.provider].usd_per_unit()
                self._book_read(reply.source, replace(reply, cost_micro_usd=charge({UNIT: pages}, price)))

    def _book_read(self, source: str, reply: ReplyHead) -> None:
        self._reads.append(
            CacheRead(
                request_id=self._request.request_id,
                purchase_id=reply.purchase_id,
                source=source,
                layer="reply",
                saved_micro_usd=reply.cost_micro_usd,
                at=self._context.now(),
            )
        )
        self._trace.note("collect", "read", source=source, purchase=reply.purchase_id, saved=reply.cost_micro_usd)

    def _note_purchase(self, purchase: Purchase, facts: tuple[Fact, ...]) -> None:
        self._trace.note(
            "collect",
            "bought",
            source=purchase.source,
            provider=purchase.provider,
            purchase=purchase.purchase_id,
            outcome=purchase.outcome,
            facts=len(facts),
            cost_micro_usd=purchase.cost_micro_usd,
            seconds=purchase.latency_seconds,
            warning=purchase.reason,
        )


def _head(reply: Reply, purchase: Purchase, reader_version: int) -> ReplyHead:
    return ReplyHead(
        reply_id=reply.reply_id,
        source=reply.source,
        purchase_id=purchase.purchase_id,
        request_id=reply.request_id,
        found=reply.found,
        collected_at=reply.collected_at,
        expires_at=reply.expires_at,
        cost_micro_usd=purchase.cost_micro_usd,
        reader_version=reader_version,
        topic=reply.topic,
    )
