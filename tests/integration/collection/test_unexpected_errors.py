"""An error of our own in one company costs that company alone: the others beside it are paid and complete."""

import asyncio
from dataclasses import dataclass, field

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.values import Text
from enrichment.parsing import ParsedValue, ReaderEntry, ReaderInput
from enrichment.pipeline.enrich import Ask, Enriched, enrich
from enrichment.ports import BeforeSend, KeepHandle, SourceAnswer, SourceQuery
from resources.store import SqlStore
from tests.support.examples import MATRIX, NOON

SOURCE = "brightdata_company_db"
COMPANIES = ("acme.com", "broken.com", "zenith.com")


@dataclass
class VendorWithABug:
    """Its client raises, for one company, what no port promises; before or after the vendor answered."""

    after_sending: bool
    asked: list[str] = field(default_factory=list)
    name: str = "with a bug"

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:  # noqa: ARG002  the port's
        if self.after_sending:
            await before_send()
        if question.domain == "broken.com":
            raise ZeroDivisionError("a bug in the client")
        if not self.after_sending:
            await before_send()
        self.asked.append(question.domain or "")
        return SourceAnswer(True, {"industry": "Anvils"}, {question.unit: 1})


def read_industry(subject: ReaderInput) -> list[ParsedValue]:
    if subject.domain == "zenith.com":
        raise KeyError("a bug in the reader")
    return [ParsedValue("industry", Text(text=str(subject.payload["industry"])), 1.0, "industry")]


def enriched_side_by_side(store: SqlStore, vendor: VendorWithABug) -> dict[str, Enriched | BaseException]:
    store.companies.add([Company(f"com_{n}", key, key, key, NOON) for n, key in enumerate(COMPANIES)])
    context = RunContext(
        store,
        dict.fromkeys(MATRIX.providers, vendor),
        model=None,
        now=lambda: NOON,
        readers=dict.fromkeys(MATRIX.sources, ReaderEntry(lambda subject: iter(read_industry(subject)))),
    )
    asks = [Ask(key, datasets=("industry",), sources=(SOURCE,)) for key in COMPANIES]

    async def all_of_them() -> list[Enriched | BaseException]:
        asking = (enrich(ask, rules=MATRIX, context=context) for ask in asks)
        return await asyncio.gather(*asking, return_exceptions=True)

    return dict(zip(COMPANIES, asyncio.run(all_of_them()), strict=True))


def test_a_bug_in_a_client_and_one_in_a_reader_cost_one_company_each(store: SqlStore) -> None:
    vendor = VendorWithABug(after_sending=True)
    ended = enriched_side_by_side(store, vendor)
    acme, broken, zenith = (ended[key] for key in COMPANIES)
    assert isinstance(broken, ZeroDivisionError)
    assert isinstance(acme, Enriched)
    assert acme.request.state == "complete"
    assert [purchase.state for purchase in acme.purchases] == ["settled"]
    assert isinstance(zenith, Enriched)  # paid for and stored, though its reader raised
    assert (zenith.request.state, [purchase.state for purchase in zenith.purchases]) == ("incomplete", ["settled"])
    assert [head.unread for head in store.knowledge.known("com_2").replies] == [True]
    assert sorted(vendor.asked) == ["acme.com", "zenith.com"]


def test_what_the_broken_company_had_reserved_is_not_booked_to_the_others(store: SqlStore) -> None:
    ended = enriched_side_by_side(store, VendorWithABug(after_sending=False))
    costs = [one.request.cost_micro_usd for one in ended.values() if isinstance(one, Enriched)]
    price = MATRIX.max_micro_usd(SOURCE)
    assert costs == [price, price]
