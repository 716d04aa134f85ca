"""What a policy would spend that knew beforehand what each source knows of each company: no policy can spend less.

every source asked -> per company and dataset: which sources satisfy it together
what the batch satisfied -> the cheapest of all sets of sources that satisfy the same; analyses as the batch paid them
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import combinations
from pathlib import Path

from bench.batch.batch_run import CONSUMERS, ColdBatch, prepared
from bench.money.worker import SharedClock
from enrichment.domain.ids import analysis_of
from enrichment.domain.knowledge import Known
from enrichment.memory.freshness import dataset_status
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, requirements_of
from resources.store import SqlStore, open_store

COMPANIES = 60
_Sets = Mapping[str, Sequence[frozenset[str]]]


def hindsight(folder: Path, *, companies: int | None, seed: int) -> None:
    number = companies or COMPANIES
    with prepared(folder / "everything", companies=number, seed=seed) as cold:
        _work(cold, number, "legacy")
        everything, satisfying, prices = _spent(cold), _satisfying(cold), _prices(cold)
    with prepared(folder / "policy", companies=number, seed=seed) as cold:
        _work(cold, number, None)
        policy, brought = _spent(cold), _satisfied(cold)
    least: Counter[str] = Counter()
    for company, datasets in brought.items():
        its = [found for dataset, found in satisfying[company].items() if dataset in datasets]
        least.update({source: prices[company][source] for source in _cheapest(prices[company], its)})
    for source in sorted(everything | policy):
        print(
            f"{source}: {everything[source] / number / 1e6:.4f} USD a company of calling everything, "
            f"{policy[source] / number / 1e6:.4f} of the policy, {least[source] / number / 1e6:.4f} in hindsight"
        )
    analyses = sum(cost for source, cost in policy.items() if analysis_of(source))
    all_of_it = everything.total()
    print(
        f"hindsight, {number} companies, {'+'.join(CONSUMERS)}: calling everything {all_of_it / number / 1e6:.4f} USD "
        f"a company, the policy {policy.total() / all_of_it:.3f} of it, of which analyses {analyses / all_of_it:.3f}; "
        f"at least {(least.total() + analyses) / all_of_it:.3f} with perfect knowledge",
        flush=True,
    )


def _work(cold: ColdBatch, number: int, strategy: str | None) -> None:
    cold.work(cold.started(CONSUMERS, cold.domains[:number], strategy=strategy))


def _spent(cold: ColdBatch) -> Counter[str]:
    """Micro-USD by source, analyses among them."""
    spent: Counter[str] = Counter()
    with _opened(cold) as store:
        for company in store.companies.all():
            for request in store.requests.latest(company.company_id):
                for purchase in store.ledger.purchases(request.request_id):
                    spent[purchase.source] += purchase.cost_micro_usd
    return spent


def _prices(cold: ColdBatch) -> Mapping[str, Mapping[str, int]]:
    """Company -> source -> micro-USD that its reply cost."""
    return {company: {reply.source: reply.cost_micro_usd for reply in known.replies} for company, known in _known(cold)}


def _satisfied(cold: ColdBatch) -> Mapping[str, frozenset[str]]:
    """Company -> the datasets that its batch has satisfied."""
    rules, now, wanted = _asked(cold)
    return {
        company: frozenset(d for d in wanted.collected if not dataset_status(rules, wanted, known, d, now).open)
        for company, known in _known(cold)
    }


def _satisfying(cold: ColdBatch) -> Mapping[str, _Sets]:
    """Company -> dataset, if anything satisfies it -> the least sets of sources that do so together."""
    rules, now, wanted = _asked(cold)
    return {
        company: {
            dataset: found for dataset in wanted.collected if (found := _sets(known, dataset, wanted, rules, now))
        }
        for company, known in _known(cold)
    }


def _sets(known: Known, dataset: str, wanted: Requirements, rules: Rules, now: datetime) -> list[frozenset[str]]:
    sets: list[frozenset[str]] = []
    for some in _subsets(sorted(reply.source for reply in known.replies if dataset in _datasets(rules, reply.source))):
        larger = any(found <= some for found in sets)
        if not larger and not dataset_status(rules, wanted, _of(known, some), dataset, now).open:
            sets.append(some)
    return sets


def _asked(cold: ColdBatch) -> tuple[Rules, datetime, Requirements]:
    rules = cold.setup.rules()
    return rules, SharedClock(cold.setup.clock).now(), requirements_of(rules, CONSUMERS)


def _known(cold: ColdBatch) -> Iterator[tuple[str, Known]]:
    with _opened(cold) as store:
        for company in store.companies.all():
            yield company.key, store.knowledge.known(company.company_id)


def _datasets(rules: Rules, source: str) -> frozenset[str]:
    return frozenset(rules.sources[source].datasets) if source in rules.sources else frozenset()


def _subsets(sources: list[str]) -> Iterator[frozenset[str]]:
    for size in range(len(sources) + 1):
        yield from map(frozenset, combinations(sources, size))


def _of(known: Known, sources: frozenset[str]) -> Known:
    replies = tuple(reply for reply in known.replies if reply.source in sources)
    return Known(replies, tuple(fact for fact in known.facts if fact.source in sources))


def _cheapest(prices: Mapping[str, int], wanted: Sequence[Sequence[frozenset[str]]]) -> frozenset[str]:
    """The sources that cost least and satisfy all. wanted: for each dataset, the sets that satisfy it."""
    bits = {source: 1 << at for at, source in enumerate(sorted(prices))}
    masks = [[sum(bits[source] for source in one) for one in sets] for sets in wanted]

    def cost_of(asked: int) -> int:
        return sum(price for source, price in prices.items() if bits[source] & asked)

    enough = (asked for asked in range(1 << len(bits)) if all(any(m & asked == m for m in its) for its in masks))
    best = min(enough, key=cost_of)
    return frozenset(source for source, bit in bits.items() if bit & best)


@contextmanager
def _opened(cold: ColdBatch) -> Iterator[SqlStore]:
    store = open_store(cold.setup.store_url, world="sandbox")
    try:
        yield store
    finally:
        store.close()
