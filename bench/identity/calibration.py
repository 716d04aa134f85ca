"""Measure the probabilities of enrichment/identity/evidence.py: predicted and observed, by bin.

pairs/company_records.csv -> pairs that share a first word, spelling, website or ticker -> reliability table

Each pair of companies counts once, however many records of them were compared. Weights are fitted anew on one half of
the companies and judged on the other, beside those that ship.
"""

import csv
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path

from enrichment.identity.comparison import compare_names
from enrichment.identity.domains import own_domain
from enrichment.identity.evidence import CompanyComparison, CompanyEvidence, compare_companies
from enrichment.identity.names import name_form, name_words
from enrichment.identity.vendor_ids import vendor_id

RECORDS = Path(__file__).parent / "pairs" / "company_records.csv"
_BINS = (0.0, 0.01, 0.15, 0.5, 0.9, 0.97, 0.99, 0.999, 1.0)
_MOST_OF_A_WORD = 60
"""Records with one first word beyond which their pairs say more of the word than of companies."""
Piece = tuple[str, str]


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """weight: 1 over the number of pairs of records that were compared of these two companies."""

    compared: CompanyComparison
    same: bool
    weight: float

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple((piece.piece, piece.agreement) for piece in self.compared.pieces)


@dataclass(frozen=True, slots=True)
class _Record:
    company: str
    evidence: CompanyEvidence


def show_calibration(rng: random.Random) -> None:
    pairs = list(judged(_records()))
    companies = sorted({key for key, _ in pairs})
    half = set(rng.sample(companies, len(companies) // 2))
    fitted = _fitted([pair for key, pair in pairs if key in half])
    held_out = [pair for key, pair in pairs if key not in half]
    every = [pair for _, pair in pairs]
    print(f"calibration: {len(companies):,} pairs of companies, {len(pairs):,} pairs of records")
    _show("weights that ship, all pairs", [(pair.compared.probability, pair) for pair in every])
    _show("weights fitted on one half, the other half", [(_predicted(pair, fitted), pair) for pair in held_out])
    _show_decisions(every)


def judged(records: Sequence[_Record]) -> Iterator[tuple[tuple[str, str], JudgedPair]]:
    grouped: dict[tuple[str, str], list[CompanyComparison]] = defaultdict(list)
    for one, other in sorted(_blocked(records)):
        a, b = records[one], records[other]
        if not _is_unjudged(a, b):
            companies = (min(a.company, b.company), max(a.company, b.company))
            grouped[companies].append(compare_companies(a.evidence, b.evidence))
    for companies, compared in sorted(grouped.items()):
        for comparison in compared:
            yield companies, JudgedPair(comparison, companies[0] == companies[1], 1 / len(compared))


def _records() -> list[_Record]:
    with RECORDS.open(encoding="utf-8", newline="") as lines:
        return [_record(row) for row in csv.DictReader(lines)]


def _record(row: dict[str, str]) -> _Record:
    ticker = vendor_id("ticker", row["ticker"]) if row["ticker"] else None
    ids = frozenset({ticker} if ticker else ())
    domain = own_domain(row["website"], row["name"]) if row["website"] else None
    return _Record(row["entity"], CompanyEvidence(row["name"], domain, ids, row["country"] or None))


def _blocked(records: Sequence[_Record]) -> set[tuple[int, int]]:
    blocks: dict[Piece, list[int]] = defaultdict(list)
    for at, record in enumerate(records):
        name = record.evidence.name or ""
        keys = {("spelling", spelling) for spelling in name_form(name).spellings}
        keys |= {("first word", word) for word in name_words(name)[:1]}
        keys |= {("domain", record.evidence.domain)} if record.evidence.domain else set()
        keys |= {("ticker", one.rpartition(":")[2]) for one in record.evidence.ids}
        for key in keys:
            blocks[key].append(at)
    kept = (places for places in blocks.values() if len(places) <= _MOST_OF_A_WORD)
    return {pair for places in kept for pair in combinations(places, 2)}


def _is_unjudged(a: _Record, b: _Record) -> bool:
    """A startup and a registrant of one name may be one company: the lists they come from do not tell."""
    lists = {a.company.partition(":")[0], b.company.partition(":")[0]}
    alike = compare_names(a.evidence.name or "", b.evidence.name or "").sameness != "different"
    return len(lists) > 1 and alike


def _fitted(pairs: Sequence[JudgedPair]) -> dict[Piece, float]:
    """Piece -> its weight, half a pair added to each count; the prior is the piece ('prior', '')."""
    counts, seen = defaultdict[tuple[str, str, bool], float](float), defaultdict[tuple[str, bool], float](float)
    for pair in pairs:
        for piece, agreement in (*pair.pieces, ("prior", "")):
            counts[piece, agreement, pair.same] += pair.weight
            seen[piece, pair.same] += pair.weight
    weights = {}
    for piece, agreement in {key[:2] for key in counts}:
        same, other = ((counts[piece, agreement, is_same] + 0.5) for is_same in (True, False))
        weights[piece, agreement] = math.log(same / other)
        if piece != "prior":
            weights[piece, agreement] -= math.log((seen[piece, True] + 1) / (seen[piece, False] + 1))
    return weights


def _predicted(pair: JudgedPair, weights: dict[Piece, float]) -> float:
    return 1 / (1 + math.exp(-sum(weights.get(piece, 0.0) for piece in (*pair.pieces, ("prior", "")))))


def _show(title: str, predicted: Sequence[tuple[float, JudgedPair]]) -> None:
    print(f"  {title}")
    print("    predicted        pairs   predicted   observed")
    total = sum(pair.weight for _, pair in predicted)
    error = 0.0
    for low, high in pairwise(_BINS):
        binned = [(p, pair) for p, pair in predicted if low <= p < high or (high == p == 1.0)]
        weight = sum(pair.weight for _, pair in binned)
        if weight:
            mean = sum(p * pair.weight for p, pair in binned) / weight
            observed = sum(pair.weight for _, pair in binned if pair.same) / weight
            error += abs(mean - observed) * weight / total
            print(f"    {low:.3f} - {high:.3f}  {weight:7.1f}   {mean:9.4f}   {observed:8.4f}")
    brier = sum((p - pair.same) ** 2 * pair.weight for p, pair in predicted) / total
    print(f"    mean difference {error:.4f}, Brier score {brier:.4f}")


def _show_decisions(pairs: Sequence[JudgedPair]) -> None:
    counts = defaultdict[tuple[str, bool], float](float)
    for pair in pairs:
        counts[pair.compared.sameness, pair.same] += pair.weight
    asked = (counts["unsure", True] + counts["unsure", False]) / sum(counts.values())
    print(f"    asked {asked:.1%}")
    for sameness, is_wrong in (("same", False), ("different", True)):
        decided, wrong = counts[sameness, True] + counts[sameness, False], counts[sameness, is_wrong]
        print(f"    called {sameness} {decided:.1f} pairs, of these wrongly {wrong:.1f}")
