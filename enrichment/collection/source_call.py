"""One call of a source: what is ordered, what the provider is asked, and its answer as a reply, not yet read.

source + request -> PurchaseOrder        SentPurchase -> SourceQuery -> provider -> Delivery with a Reply
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from enrichment.collection.context import CollectionContext
from enrichment.collection.pages import PaidPage, asking_for_pages
from enrichment.context.trace import Trace
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.json_values import fingerprint
from enrichment.domain.knowledge import Reply
from enrichment.domain.purchases import Cap, Purchase
from enrichment.domain.requests import Request
from enrichment.parsing import reader_of
from enrichment.ports import ProviderError, SourceAnswer, SourceQuery
from enrichment.purchasing.caps import caps_of
from enrichment.purchasing.purchase_order import Delivery, PurchaseOrder
from enrichment.purchasing.sent_purchase import SentPurchase
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements


def order_for(
    source: str, company: Company, request: Request, requirements: Requirements, rules: Rules, *, seen: Collection[str]
) -> PurchaseOrder:
    """What is bought when this source is asked about the company. seen: as in PurchaseOrder."""
    entry = rules.sources[source]
    provider = rules.providers[entry.provider]
    topic = requirements.topic if entry.by_topic else ""
    variant = fingerprint([entry.question, topic] if topic else entry.question)

    def caps(at: datetime) -> tuple[Cap, ...]:
        return caps_of(rules, requirements, request.request_id, at, provider=entry.provider, source=source)

    return PurchaseOrder(
        request=request,
        company=company,
        source=source,
        provider=entry.provider,
        rules=provider,
        variant=variant,
        asked=fingerprint([variant, company.name, company.domain]),
        units=rules.max_billed_units(source),
        usd_per_unit=provider.usd_per_unit(),
        caps=caps,
        seen=seen,
        topic=topic,
        waits_for=asking_for_pages(source, rules),
    )


async def deliver(
    sent: SentPurchase,
    company: Company,
    pages: Mapping[str, PaidPage],
    rules: Rules,
    context: CollectionContext,
    trace: Trace,
) -> Delivery:
    """Ask the provider. Raises ProviderError; a lasting refusal that costs nothing is taken as "knows nothing".

    pages: address -> a page that is paid for; one that the question asks for is not fetched again.
    """
    purchase = sent.purchase
    provider = context.providers[purchase.provider]
    query = _query(purchase, company, pages, rules)
    try:
        answer = await provider.ask(query, keep_handle=sent.keep_handle, before_send=sent.before_send)
    except ProviderError as error:
        if not error.lasting or error.billed or error.uncertain:
            raise
        answer = SourceAnswer(found=False, payload={"refused": str(error)}, units={}, notes=(str(error),))
    for remark in answer.notes:
        trace.note("collect", "remark", source=purchase.source, says=remark)
    used = [pages[address] for address in answer.pages_used]
    return Delivery(
        units=answer.units,
        outcome="found" if answer.found else "nothing",
        calls=answer.calls,
        reply=_reply(purchase, answer, used, rules, context),
        uncertain_units=answer.uncertain_units,
        pages_of=Counter(page.purchase_id for page in used),
    )


def _query(purchase: Purchase, company: Company, pages: Mapping[str, PaidPage], rules: Rules) -> SourceQuery:
    ((unit, most),) = purchase.reserved_units.items()  # a resumed purchase keeps what was reserved for it
    return SourceQuery(
        source=purchase.source,
        spec=rules.sources[purchase.source].question,
        unit=unit,
        max_units=most,
        name=company.name,
        domain=company.domain,
        handle=purchase.handle,
        first_sent_at=purchase.sent_at,
        topic=purchase.topic,
        pages={address: page.html for address, page in pages.items()},
    )


def _reply(
    purchase: Purchase, answer: SourceAnswer, used: Sequence[PaidPage], rules: Rules, context: CollectionContext
) -> Reply:
    """The reply to store, as old as its oldest page. It counts as read only if the source knows nothing."""
    collected_at = min([context.now(), *(page.collected_at for page in used)])
    return Reply(
        reply_id=new_id("rep"),
        company_id=purchase.company_id,
        source=purchase.source,
        variant=purchase.variant,
        purchase_id=purchase.purchase_id,
        request_id=purchase.request_id,
        found=answer.found,
        payload=answer.payload,
        collected_at=collected_at,
        expires_at=collected_at + timedelta(seconds=rules.sources[purchase.source].ttl),
        reader_version=0 if answer.found else reader_of(purchase.source, rules, context.readers).version,
        topic=purchase.topic,
    )
